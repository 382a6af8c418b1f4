"""What a form asks although it is known: counted before anybody is asked again."""

from collections.abc import Collection, Mapping

from hypothesis import given
from hypothesis import strategies as st

from forms.overlap import NothingKnown, bind_fields, find_overlap, suggest_fields
from forms.question_bank import question_bank
from forms.xlsform.model import FormDefinition, Group, Question


class Area:
    """An area of a registry, with how many people's fields are known."""

    def __init__(self, people: int, **known: int) -> None:
        self._people, self._known = people, {f"person.{name}": count for name, count in known.items()}

    def people(self) -> int:
        """Its residents."""
        return self._people

    def known(self, fields: Collection[str]) -> Mapping[str, int]:
        """Of whom a field is known."""
        return {field: count for field, count in self._known.items() if field in fields}


def form(*fields: str) -> FormDefinition:
    """A form that asks for registry fields, inside of a group, and two things that the registry does not have."""
    bound = tuple(Question(name=f"q{n}", needle_field=field) for n, field in enumerate(fields))
    said = Question(name="hello", type="note", needle_field="person.name")
    return FormDefinition("f", "F", children=(said, Group("g", children=bound), Question(name="wish")))


def test_known_questions_are_counted_with_their_share() -> None:
    """The best known first; a field that the registry does not have is no overlap, a note asks nobody."""
    report = find_overlap(form("person.phone", "person.name", "person.shoes"), Area(200, name=182, phone=50))
    assert [(o.question, o.share) for o in report.overlaps] == [("q1", 0.91), ("q0", 0.25)]
    assert (report.asked, report.known_to(0.91), report.known_to(0.2), report.answers_saved) == (4, 1, 2, 232)


def test_without_a_registry_nothing_is_known() -> None:
    """And nothing is saved, whatever the form asks."""
    report = find_overlap(form("person.phone"), NothingKnown())
    assert (report.known_to(0.0), report.answers_saved, report.overlaps[0].share) == (0, 0, 0.0)


@given(st.integers(0, 1000), st.integers(0, 2000))
def test_nobody_is_saved_more_answers_than_there_are_people(people: int, known: int) -> None:
    """Even by a registry that counts people who have moved away."""
    report = find_overlap(form("person.name"), Area(people, name=known))
    assert 0 <= report.answers_saved <= people


def test_questions_that_seem_to_ask_for_a_field_are_suggested_and_bound() -> None:
    """By type and words in any language; not what is bound already, nor what is asked once a person of a repeat."""
    said = Question("a", (("zh", "您的意见"),))
    phone = Question("b", (("中文 (zh)", "手机号："),))
    name = Question("c", (("en", "NAME?"),))
    wrong_type = Question("d", (("zh", "出生日期"),), type="text")
    again = Question("e", (("zh", "姓名"),))
    repeat = Group("family", kind="repeat", children=(Question("f", (("zh", "户籍所在地"),)),))
    form = FormDefinition("f", "F", children=(said, phone, Group("g", children=(name,)), wrong_type, again, repeat))
    found = suggest_fields(form, question_bank())
    assert found == {"b": "person.phone", "c": "person.name"}
    whole = bind_fields(form, found)
    assert {q.name: q.needle_field for q in whole.questions() if q.needle_field} == found
    assert suggest_fields(whole, question_bank()) == {}
    assert find_overlap(whole, Area(10, name=10, phone=5)).answers_saved == 15
