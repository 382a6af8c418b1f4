"""Publishing: typed tables for real forms, real submissions in them, and new versions that drop nothing."""

import csv
import tarfile
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.database import Connection
from data.forms_layout import WIDER, Column, Field, Kind, Sheet, free_name, plan_columns, plan_tables, slug
from data.stores.form_answers import Answers, load_answers
from data.stores.forms import load_layout, load_version, load_versions, publish_form
from forms.xlsform.compiling import compile_form, import_form
from forms.xlsform.model import Choice, ChoiceList, FormDefinition, Group, Node, Question
from forms.xlsform.publishing import keep_submission, publish, to_publication
from forms.xlsform.xform import XForm, local, read_xform, to_sheet
from geo.errors import NeedleError


def accepted(folder: Path) -> Iterator[Path]:
    """The real forms that pyxform accepts."""
    with (folder / "xlsforms" / "INDEX.csv").open(encoding="utf-8") as file:
        yield from (folder / "xlsforms" / row["file"] for row in csv.DictReader(file) if row["pyxform"] == "ok")


@pytest.mark.real_data
def test_every_real_form_publishes_with_a_column_for_each_question(real_data: Path, connection: Connection) -> None:
    """All accepted forms in one database; PostgreSQL says which columns there are."""
    count = "select count(*) from information_schema.columns where table_schema = 'answers' and table_name = %s"
    for path in accepted(real_data):
        form = import_form(path)
        version = publish_form(connection, replace(to_publication(form), form_id=path.name))
        sheet = to_sheet(read_xform(form.xform))
        for table, each in zip(load_layout(connection, version.form).tables, sheet.every(), strict=True):
            assert table.path == each.path
            found = connection.execute(count, (table.name,)).fetchone()
            assert found == (len(each.fields) + 4,), path.name
    assert len(load_versions(connection)) == 70


def submissions(folder: Path) -> dict[str, ET.Element]:
    """The real submissions by their name in the archive, which holds forms and lists of forms as well."""
    out = {}
    with tarfile.open(folder / "xlsforms" / "onadata_submission_instances.tar.gz") as archive:
        for member in archive:
            file = archive.extractfile(member) if member.name.endswith(".xml") else None
            root = ET.fromstring(file.read()) if file is not None else None
            if root is not None and root.get("id") and len(root):
                out[member.name] = root
    return out


def fits(form: XForm, root: ET.Element) -> bool:
    """Whether a submission answers a form: everything in it is asked there."""
    asked = {node.path for node in form.nodes} | {f"{form.root}/{own}" for own in ("meta", "formhub")}
    return all(f"{form.root}/{local(child)}" in asked for child in root)


def renamed(form: XForm, root: ET.Element, name: str) -> str:
    """The submission as one of the form's root and id: both were renamed over the years."""
    root.tag, root.attrib["id"] = form.root[1:], form.form_id
    if not any(local(each) == "instanceID" for each in root.iter()):
        ET.SubElement(ET.SubElement(root, "meta"), "instanceID").text = name
    return ET.tostring(root, encoding="unicode")


@pytest.mark.real_data
def test_real_submissions_are_kept_and_read_back(real_data: Path, connection: Connection) -> None:
    """Each in the first form that it fits; what was said is in the columns, and comes back."""
    waiting, kept = submissions(real_data), 0
    for path in accepted(real_data):
        form = import_form(path)
        own = read_xform(form.xform)
        mine = [name for name, root in waiting.items() if fits(own, root)]
        version = publish_form(connection, replace(to_publication(form), form_id=path.name)) if mine else None
        for name in mine:
            assert version is not None
            said, number = keep_submission(connection, version, renamed(own, waiting.pop(name), name), UTC)
            if number is not None:  # some were recorded twice
                assert same(load_answers(connection, version, [number])[number], said.answers), name
                kept += 1
    assert kept >= 60


def same(back: Answers, said: Answers) -> bool:
    """Equal answers; a number that is none equals itself here."""
    keys = [*back.values.keys(), *said.values.keys()]
    pairs = [(back.values.get(key), said.values.get(key)) for key in keys]
    return all(a == b or str(a) == str(b) == "NaN" for a, b in pairs) and all(
        len(back.repeats[p]) == len(rows) and all(same(*pair) for pair in zip(back.repeats[p], rows, strict=True))
        for p, rows in said.repeats.items()
    )


NEEDS = ChoiceList("needs", tuple(Choice(name, (("", name),)) for name in ("food", "care", "talk")))


def asked(*nodes: Node, version: str = "1", lists: tuple[ChoiceList, ...] = (NEEDS,)) -> FormDefinition:
    """A form of a street."""
    return FormDefinition("visit", "Visit", version, children=nodes, lists=lists)


def ask(name: str, kind: str, list_name: str = "") -> Question:
    """A question."""
    return Question(name=name, labels=(("", name),), type=kind, list_name=list_name)


KID = Group(name="kid", labels=(("", "Kid"),), kind="repeat", children=(ask("name", "text"), ask("age", "integer")))
FIRST = asked(
    ask("age", "integer"), ask("born", "date"), ask("where", "geopoint"), ask("needs", "select_multiple", "needs"), KID
)
ANSWER = """<data id="visit" version="{version}"><age>{age}</age><born>1950-03-01</born>
<where>39.9 116.4 0 5</where><needs>food talk</needs><kid><name>Li</name><age>4</age></kid><kid><name>An</name></kid>
<meta><instanceID>uuid:{number}</instanceID></meta></data>"""


def answer(number: int, age: str = "74", version: str = "1") -> str:
    """What a client sends."""
    return ANSWER.format(number=number, age=age, version=version)


def rows(connection: Connection, statement: str) -> list[tuple[Any, ...]]:
    """Rows of a query."""
    return connection.execute(statement.encode()).fetchall()


def test_answers_are_typed_and_repeats_lie_in_their_own_table(connection: Connection) -> None:
    """By SQL as an analyst would write it."""
    version = publish(connection, compile_form(FIRST))
    keep_submission(connection, version, answer(1), UTC)
    root, kid = (table.name for table in load_layout(connection, version.form).tables)
    found = rows(connection, f'select age + 1, born, st_astext("where"), needs from answers.{root}_v1')
    assert found == [(75, date(1950, 3, 1), "POINT(116.4 39.9)", ["food", "talk"])]
    kids = rows(connection, f"select name, age, parent_row, ordinal from answers.{kid}_all order by ordinal")
    assert kids == [("Li", 4, 1, 1), ("An", None, 1, 2)]


def test_a_submission_is_kept_once_however_often_it_comes(connection: Connection) -> None:
    """Its instance id says that it is the same."""
    version = publish(connection, compile_form(FIRST))
    _, first = keep_submission(connection, version, answer(1), UTC)
    _, again = keep_submission(connection, version, answer(1, age="75"), UTC)
    assert first is not None
    assert again is None
    assert load_answers(connection, version, [first])[first].values["/data/age"] == 74


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        ("<age>old</age>", "type"),
        ("<age>7.5</age>", "type"),
        ("<needs>gold</needs>", "choice"),
        ("<where>99 200</where>", "type"),
        ("<evil>1</evil>", "unknown"),
    ],
)
def test_what_cannot_be_read_is_told_and_the_rest_is_kept(connection: Connection, wrong: str, what: str) -> None:
    """By question; the submission itself is kept as it came."""
    version = publish(connection, compile_form(FIRST))
    text = f'<data id="visit" version="1"><born>1950-03-01</born>{wrong}<meta><instanceID>u</instanceID></meta></data>'
    said, number = keep_submission(connection, version, text, UTC)
    assert [(f.what) for f in said.findings] == [what]
    assert number is not None
    assert load_answers(connection, version, [number])[number].values == {"/data/born": date(1950, 3, 1)}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<data",
        '<!DOCTYPE d [<!ENTITY a "b">]><data id="visit">&a;</data>',
        "<data id='else'/>",
        "<other id='visit'/>",
    ],
)
def test_what_is_no_submission_of_this_form_is_refused(connection: Connection, text: str) -> None:
    """Broken, dangerous, or another form's."""
    version = publish(connection, compile_form(FIRST))
    with pytest.raises(NeedleError, match=r"readable XML|another form"):
        keep_submission(connection, version, text, UTC)


def test_a_new_version_widens_adds_and_retires_and_drops_no_answer(connection: Connection) -> None:
    """Integer to decimal; more choices; a question gone; one of another type beside the old one; the view has them all."""
    first = publish(connection, compile_form(FIRST))
    _, one = keep_submission(connection, first, answer(1), UTC)
    more = ChoiceList("needs", (*NEEDS.choices[1:], Choice("walk", (("", "walk"),))))
    second = publish(
        connection,
        compile_form(
            asked(
                ask("age", "decimal"),
                ask("born", "text"),
                ask("where", "integer"),
                ask("needs", "select_multiple", "needs"),
                ask("note", "text"),
                version="2",
                lists=(more,),
            )
        ),
    )
    text = (
        "<data id='visit' version='2'><age>7.5</age><born>spring</born><where>3</where><needs>walk</needs>"
        "<meta><instanceID>uuid:2</instanceID></meta></data>"
    )
    _, two = keep_submission(connection, second, text, UTC)
    assert one is not None
    assert two is not None
    back = load_answers(connection, second, [one, two])
    assert back[one].values["/data/age"] == Decimal(74)
    assert [kid.values["/data/kid/name"] for kid in back[one].repeats["/data/kid"]] == ["Li", "An"]
    assert back[two].values == {
        "/data/age": Decimal("7.5"),
        "/data/born": "spring",
        "/data/where": 3,
        "/data/needs": ["walk"],
    }
    root = load_layout(connection, second.form).tables[0].name
    found = rows(
        connection,
        f'select version, age, born, born_2, st_x("where"), where_2 from answers.{root}_all order by version',
    )
    assert found == [
        (1, Decimal(74), date(1950, 3, 1), None, 116.4, None),
        (2, Decimal("7.5"), None, "spring", None, 3),
    ]
    _, late = keep_submission(connection, first, answer(3), UTC)
    assert late is not None
    assert load_answers(connection, second, [late])[late].values["/data/where"].wkt == "POINT (116.4 39.9)"
    assert rows(connection, f"select instance_id from answers.{root}_v1") == [("uuid:1",), ("uuid:3",)]


def test_the_same_content_is_the_same_version_and_other_content_needs_another(connection: Connection) -> None:
    """A version that was published means one thing for ever."""
    form = compile_form(FIRST)
    assert publish(connection, form) == publish(connection, form)
    with pytest.raises(NeedleError) as taken:
        publish(connection, compile_form(asked(ask("else", "text"))))
    with pytest.raises(NeedleError) as unknown:
        load_version(connection, "visit", "9")
    assert (taken.value.code, unknown.value.code) == ("form.version_taken", "form.unknown")


def test_a_streets_staff_read_only_their_own_forms_answers(connection: Connection) -> None:
    """By row-level security: of a form that the whole city asked, a street sees nothing; the city sees all."""
    version = publish(connection, compile_form(FIRST))
    keep_submission(connection, version, answer(1), UTC)
    connection.execute("insert into layer values ('subdistrict', 'area', '街道', 'Subdistrict', 2)")
    add = "insert into account (username, name, role, area_layer, area_codes) values (%s, '', 'supervisor', %s, %s) returning id"
    street = connection.execute(add, ("street", "subdistrict", ["110117001000"])).fetchone()
    city = connection.execute(add, ("city", None, [])).fetchone()
    root = load_layout(connection, version.form).tables[0].name
    sees = {}
    for account in (street, city):
        assert account is not None
        connection.execute("select set_config('needle.account', %s, true)", (str(account[0]),))
        connection.execute("set local role needle_staff")
        found = (
            f"select count(*) from answers.{root}",
            f"select count(*) from answers.{root}_all",
            "select count(*) from form_submission",
        )
        sees[account[0]] = [rows(connection, each)[0][0] for each in found]
        connection.execute("reset role")
    assert list(sees.values()) == [[0, 0, 0], [1, 1, 1]]
    connection.execute("update form set area_layer = 'subdistrict', area_codes = '{110117001000}'")
    assert street is not None
    connection.execute("select set_config('needle.account', %s, true)", (str(street[0]),))
    connection.execute("set local role needle_staff")
    assert rows(connection, f"select count(*) from answers.{root}") == [(1,)]


KINDS = st.sampled_from(list(Kind))
NAMES = st.text(st.characters(categories=("L", "N"), include_characters="_-."), min_size=1, max_size=80)
SHEETS = st.lists(st.tuples(NAMES, KINDS), max_size=8, unique_by=lambda pair: pair[0]).map(
    lambda pairs: Sheet("/data", tuple(Field(f"/data/{name}", kind) for name, kind in pairs))
)


@given(st.lists(SHEETS, min_size=1, max_size=5))
def test_no_plan_drops_a_column_and_none_has_two_columns_of_one_name(versions: list[Sheet]) -> None:
    """Whatever versions follow each other."""
    columns: tuple[Column, ...] = ()
    for number, sheet in enumerate(versions, 1):
        before, columns = columns, plan_columns(sheet, columns, number)
        assert [(c.path, c.name) for c in columns[: len(before)]] == [(c.path, c.name) for c in before]
        assert all(
            now.kind == was.kind or (was.kind, now.kind) in {(a, w) for (a, _), w in WIDER.items()}
            for was, now in zip(before, columns, strict=False)
        )
        assert len({c.name for c in columns}) == len(columns)
        assert all(len(c.name.encode()) <= 50 for c in columns)
        assert {c.path for c in columns if c.retired is None} == {f.path for f in sheet.fields}


@given(NAMES)
def test_a_name_fits_and_is_stable(name: str) -> None:
    """As an identifier of PostgreSQL, with room for a number behind it."""
    assert slug(slug(name)) == slug(name)
    assert len(slug(name).encode()) <= 40


@pytest.mark.parametrize(
    ("wishes", "taken", "name"),
    [(("age",), set(), "age"), (("age", "kid_age"), {"age"}, "kid_age"), (("age",), {"age", "age_2"}, "age_3")],
)
def test_names_never_clash(wishes: tuple[str, ...], taken: set[str], name: str) -> None:
    """The shortest that is free."""
    assert free_name(*wishes, taken=taken) == name


def test_tables_of_two_forms_differ() -> None:
    """Every form has the root ``data``."""
    mine, theirs = (plan_tables(form, Sheet("/data"), ())[0].name for form in (1, 2))
    assert (mine, theirs) == ("f1_data", "f2_data")


def test_moments_have_zones(connection: Connection) -> None:
    """One without is the city's."""
    version = publish(connection, compile_form(asked(ask("at", "dateTime"))))
    text = "<data id='visit'><at>2024-03-01T08:00:00.000</at><meta><instanceID>m</instanceID></meta></data>"
    said, _ = keep_submission(connection, version, text, UTC)
    assert said.answers.values == {"/data/at": datetime(2024, 3, 1, 8, tzinfo=UTC)}
