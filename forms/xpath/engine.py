"""Evaluate an expression: the one entrance, with every function in its place."""

from forms.xpath import dates, functions, geometry, nodes
from forms.xpath.evaluation import Context, value_of
from forms.xpath.syntax import Binary, Call, Expression, Path, parse
from forms.xpath.values import Value

#: The modules that bring functions.
MODULES = (functions, dates, geometry, nodes)
#: What another moment or another throw of the dice would say otherwise.
VOLATILE = frozenset({"today", "now", "random", "uuid", "once", "randomize"})


def evaluate(text: str, context: Context) -> Value:
    """The value of an expression.

    Raises
    ------
    NeedleError
        ``form.expression``, ``form.function_unknown``, ``form.function_arguments``, ``form.pattern``, ``form.pattern_slow``.
    """
    return value_of(parse(text), context)


def is_volatile(text: str) -> bool:
    """Whether an expression may say something else each time."""
    return not VOLATILE.isdisjoint(called(parse(text)))


def called(tree: Expression) -> set[str]:
    """The names of the functions in a tree."""
    match tree:
        case Call(name, arguments):
            return {name}.union(*(called(a) for a in arguments))
        case Binary(_, left, right):
            return called(left) | called(right)
        case Path(start, steps):
            inside = [called(p) for step in steps for p in step.predicates]
            return set().union(*inside, set() if isinstance(start, str) else called(start))
        case _:
            return set()
