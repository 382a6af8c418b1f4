"""Evaluate a parsed expression at a node of a submission."""

import math
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from forms.xpath.syntax import Binary, Call, Expression, Literal, Path, Step
from forms.xpath.values import DAY, Node, Value, to_flag, to_number
from geo.errors import NeedleError

COMPARE: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}


@dataclass(frozen=True)
class Context:
    """Where and when an expression is evaluated.

    Attributes
    ----------
    node : Node
        The context node, ``.``.
    here : Node
        The node whose logic it is, ``current()``; the context node but in a predicate.
    now : datetime
        Aware; its zone is the one of dates without.
    instances : mapping
        Documents by the name that ``instance()`` knows them by.
    choice_texts : mapping
        Texts of choices, by the path of their question, then by value.
    """

    node: Node
    now: datetime
    here: Node | None = None
    position: int = 1
    size: int = 1
    instances: Mapping[str, Node] = field(default_factory=dict)
    choice_texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def current(self) -> Node:
        """The node whose logic it is."""
        return self.here if self.here is not None else self.node

    def number(self, value: Value) -> float:
        """A value as number, dates in this context's zone."""
        zone = self.now.tzinfo
        assert zone is not None
        return to_number(value, zone)


#: Least and most arguments, and the work over them, by name; ``forms.xpath.functions`` fills it in.
FUNCTIONS: Final[dict[str, tuple[int, int, Callable[[Context, tuple[Expression, ...]], Value]]]] = {}


def value_of(tree: Expression, context: Context) -> Value:
    """The value of a tree."""
    match tree:
        case Literal(value):
            return value
        case Path(start, steps):
            return walk(start, steps, context)
        case Call(name, arguments):
            return call(name, arguments, context)
        case Binary(sign, left, right):
            return combine(sign, left, right, context)


def call(name: str, arguments: tuple[Expression, ...], context: Context) -> Value:
    """The value of a function."""
    function = FUNCTIONS.get(name)
    if function is None:
        raise NeedleError("form.function_unknown", name=name)
    least, most, work = function
    if not least <= len(arguments) <= most:
        raise NeedleError("form.function_arguments", name=name, count=len(arguments))
    return work(context, arguments)


def combine(sign: str, left: Expression, right: Expression, context: Context) -> Value:
    """The value of an operator; ``and`` and ``or`` look no further than they must."""
    if sign in {"and", "or"}:
        first = to_flag(value_of(left, context))
        return to_flag(value_of(right, context)) if first == (sign == "and") else first
    a, b = value_of(left, context), value_of(right, context)
    if sign in COMPARE:
        return compare(sign, a, b, context)
    return arithmetic(sign, context.number(a), context.number(b))


def arithmetic(sign: str, a: float, b: float) -> float:
    """Numbers, as IEEE 754 has them: nothing raises."""
    if sign == "div":
        if b:
            return a / b
        return math.nan if a == 0 or math.isnan(a) else math.copysign(math.inf, a)
    if sign == "mod":
        return math.fmod(a, b) if b and not math.isinf(a) else math.nan
    return a + b if sign == "+" else a - b if sign == "-" else a * b


def compare(sign: str, a: Value, b: Value, context: Context) -> bool:
    """Whether any pair of values compares so; what is not there reads as empty."""
    return any(compare_one(sign, x, y, context) for x in singles(a) for y in singles(b))


def singles(value: Value) -> list[float | str | bool]:
    """The values to compare one by one."""
    if not isinstance(value, list):
        return [value]
    return [node.value() for node in value] or [""]


def compare_one(sign: str, a: float | str | bool, b: float | str | bool, context: Context) -> bool:
    """Two values: as flags, numbers or texts, as XPath orders it; two dates by time."""
    if sign in {"=", "!="}:
        if isinstance(a, bool) or isinstance(b, bool):
            return (to_flag(a) == to_flag(b)) == (sign == "=")
        both_days = isinstance(a, str) and isinstance(b, str) and DAY.fullmatch(a) and DAY.fullmatch(b)
        if isinstance(a, str) and isinstance(b, str) and not both_days:
            return (a == b) == (sign == "=")
    return COMPARE[sign](context.number(a), context.number(b))


def walk(start: str | Expression, steps: tuple[Step, ...], context: Context) -> Value:
    """The nodes that a path leads to."""
    if start == "/":
        nodes = [context.current.root()]  # of the submission, also within a list of choices
    elif start == ".":
        nodes = [context.node]
    else:
        assert not isinstance(start, str)
        found = value_of(start, context)
        if not isinstance(found, list):
            return found
        nodes = found
    if steps and steps[0].axis == "self" and not isinstance(start, str) and steps[0].predicates:
        nodes, steps = kept(nodes, steps[0], context), steps[1:]
    for step in steps:
        nodes = list(dict.fromkeys(n for node in nodes for n in kept(list(along(node, step)), step, context)))
    return nodes


def along(node: Node, step: Step) -> Iterator[Node]:
    """The nodes of a step's axis that have its name."""
    if step.axis == "self":
        yield node
    elif step.axis == "parent":
        if node.parent is not None:
            yield node.parent
    else:
        for child in node.children:
            if step.name in {"*", child.name, "node"}:
                yield child
            if step.axis == "descendant":
                yield from along(child, step)


def kept(nodes: list[Node], step: Step, context: Context) -> list[Node]:
    """The nodes that satisfy a step's predicates, in turn; a number means the position."""
    for predicate in step.predicates:
        size, out = len(nodes), []
        for position, node in enumerate(nodes, 1):
            inner = replace(context, node=node, here=context.current, position=position, size=size)
            value = value_of(predicate, inner)
            if value == position if isinstance(value, float) else to_flag(value):
                out.append(node)
        nodes = out
    return nodes
