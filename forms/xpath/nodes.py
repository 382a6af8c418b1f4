"""Functions over nodes: counting, positions, repeats, lists of choices."""

from forms.xpath.evaluation import FUNCTIONS, Context, value_of
from forms.xpath.functions import function
from forms.xpath.syntax import Expression, parse
from forms.xpath.values import Node, Value, to_text


def as_nodes(value: Value) -> list[Node]:
    """The nodes of a value; none of what is no node set."""
    return value if isinstance(value, list) else []


@function("count", 1)
def _count(_: Context, value: Value) -> Value:
    return float(len(as_nodes(value)))


@function("count-non-empty", 1)
def _count_non_empty(_: Context, value: Value) -> Value:
    return float(sum(1 for node in as_nodes(value) if node.value().strip()))


@function("|", 2)
def _union(_: Context, left: Value, right: Value) -> Value:
    return list(dict.fromkeys((*as_nodes(left), *as_nodes(right))))


@function("last", 0)
def _last(context: Context) -> Value:
    return float(context.size)


@function("position", 0, 1)
def _position(context: Context, *value: Value) -> Value:
    if not value:
        return float(context.position)
    found = as_nodes(value[0])
    return float(place(found[0])) if found else 0.0


def place(node: Node) -> int:
    """Which of its siblings of the same name a node is, from 1."""
    if node.parent is None:
        return 1
    return [n for n in node.parent.children if n.name == node.name].index(node) + 1


@function("name", 0, 1)
def _name(context: Context, *value: Value) -> Value:
    found = as_nodes(value[0]) if value else [context.node]
    return found[0].name if found else ""


@function("current", 0)
def _current(context: Context) -> Value:
    return [context.current]


@function("instance", 1)
def _instance(context: Context, name: Value) -> Value:
    found = context.instances.get(to_text(name))
    return [] if found is None else [found]


@function("randomize", 1, 2)
def _randomize(_: Context, value: Value, *__: Value) -> Value:
    """The order is the client's; what may be chosen is the same."""
    return value


@function("pulldata", 4)
def _pulldata(context: Context, name: Value, wanted: Value, by: Value, key: Value) -> Value:
    found = context.instances.get(to_text(name))
    for item in [] if found is None else (item for root in found.children for item in root.children):
        columns = {column.name: column.value() for column in item.children}
        if columns.get(to_text(by)) == to_text(key):
            return columns.get(to_text(wanted), "")
    return ""


@function("choice-name", 2)
def _choice_name(context: Context, value: Value, question: Value) -> Value:
    found = as_nodes(value_of(parse(to_text(question).strip()), context))
    known = context.choice_texts.get(path_of(found[0]), {}) if found else {}
    return known.get(to_text(value), to_text(value))


def path_of(node: Node) -> str:
    """The path of a node, e.g. ``/data/age``."""
    return "" if node.parent is None else f"{path_of(node.parent)}/{node.name}"


def _indexed_repeat(context: Context, arguments: tuple[Expression, ...]) -> Value:
    """``indexed-repeat(node, repeat, index, ...)``: of the wanted nodes those within the repeats of these indices."""
    nodes = as_nodes(value_of(arguments[0], context))
    for repeat, index in zip(arguments[1::2], arguments[2::2], strict=False):
        wanted = context.number(value_of(index, context))
        around = {n for n in as_nodes(value_of(repeat, context)) if place(n) == wanted}
        nodes = [node for node in nodes if any(n in around for n in ancestors(node))]
    return nodes


def ancestors(node: Node) -> list[Node]:
    """A node and those around it."""
    return [node, *(ancestors(node.parent) if node.parent is not None else [])]


FUNCTIONS["indexed-repeat"] = (3, 7, _indexed_repeat)
FUNCTIONS["jr:choice-name"] = FUNCTIONS["choice-name"]
