"""What keeps a form from being published, told while it is composed: each problem with the place that it is about. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from forms.xlsform.as_json import positions
from forms.xlsform.compiling import CompiledForm, compile_form
from forms.xlsform.model import FormDefinition, Node, Question, walk
from forms.xlsform.xform import read_xform
from forms.xpath.engine import is_volatile
from geo.errors import NeedleError

#: Types that show nothing to whoever answers.
UNSEEN = frozenset(
    {"calculate", "hidden", "start", "end", "today", "deviceid", "username", "phonenumber", "email", "audit"}
    | {"start-geopoint", "background-audio"}
)
#: Expressions by their names in the compiled form, and those of the model's fields.
EXPRESSIONS = {
    "relevant": "relevant",
    "constraint": "constraint",
    "required": "required",
    "calculate": "calculation",
    "itemset": "choice_filter",
}
SELECTS = frozenset({"select_one", "select_multiple", "rank"})


@dataclass(frozen=True)
class Problem:
    """One thing to put right.

    Attributes
    ----------
    error : NeedleError
        What is wrong and what to write instead.
    place : tuple of int
        The node in the tree, e.g. ``(2, 0)``; empty: the form as a whole.
    field : str
        The field of the node, as the model calls it; empty: none in particular.
    """

    error: NeedleError
    place: tuple[int, ...] = ()
    field: str = ""


@dataclass(frozen=True)
class Checked:
    """A form with its problems; ``compiled`` where it can be published."""

    form: FormDefinition
    problems: tuple[Problem, ...]
    compiled: CompiledForm | None


def check_form(form: FormDefinition) -> Checked:
    """Everything that is wrong with a form, as far as it can be told at once."""
    found = [*own_problems(form)]
    compiled = None
    if not found:
        try:
            compiled = compile_form(form)
            found += expression_problems(compiled)
        except NeedleError as error:
            found.append(placed(error, form))
    return Checked(form, tuple(found), None if found else compiled)


def own_problems(form: FormDefinition) -> Iterator[Problem]:
    """What pyxform says one at a time, or not at all, said of every question."""
    if not form.title.strip():
        yield Problem(NeedleError("form.no_title"), field="title")
    if not form.children:
        yield Problem(NeedleError("form.no_questions"))
    for row, place, node in positions(form):
        yield from (Problem(error, place, field) for field, error in node_problems(form, node, row))


def node_problems(form: FormDefinition, node: Node, row: int) -> Iterator[tuple[str, NeedleError]]:
    """What is wrong with one node by itself."""
    if not node.name:
        yield "name", NeedleError("form.no_name", row=row)
    if not isinstance(node, Question):
        return
    if not any(text.strip() for _, text in node.labels) and node.type not in UNSEEN and not node.more:
        yield "labels", NeedleError("form.no_label", row=row, name=node.name)
    if node.type in SELECTS:
        names = [choice.name for choice in form.choices_of(node.list_name)]
        if not names and not node.list_name.startswith("${"):
            yield "list_name", NeedleError("form.no_choices", row=row, name=node.name)
    if node.type == "calculate" and not (node.calculation or node.default):
        yield "calculation", NeedleError("form.no_calculation", row=row)


def expression_problems(compiled: CompiledForm) -> Iterator[Problem]:
    """Expressions that nobody could compute, where the author wrote them."""
    places = dict(by_path(compiled.definition))
    for node in read_xform(compiled.xform).nodes:
        for written, field in EXPRESSIONS.items():
            try:
                is_volatile(getattr(node, written) or "1")
            except NeedleError as error:
                yield Problem(error, places.get("/" + node.path.split("/", 2)[-1], ()), field)


def by_path(form: FormDefinition) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Each node's path below the root with its place in the tree."""
    return zip((path for path, _ in walk(form.children)), (place for _, place, _ in positions(form)), strict=True)


def placed(error: NeedleError, form: FormDefinition) -> Problem:
    """A refusal with the node of the row that it names."""
    row = str(error.context.get("row", ""))
    place = next((place for number, place, _ in positions(form) if str(number) == row), ())
    return Problem(error, place, str(error.context.get("column", "")))
