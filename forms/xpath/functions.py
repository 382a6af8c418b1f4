"""Functions over texts, numbers and flags. Where ODK XForms differs from XPath 1.0, ODK's way counts."""

import base64
import hashlib
import math
import random
import uuid
from collections.abc import Callable, Iterable
from typing import Final, cast

import regex  # type: ignore[import-untyped]

from forms.xpath.evaluation import FUNCTIONS, Context, value_of
from forms.xpath.syntax import Expression
from forms.xpath.values import Value, to_flag, to_text
from geo.errors import NeedleError

MANY: Final = 1000
PATIENCE_S: Final = 0.1
MAX_PATTERN: Final = 2000
Work = Callable[..., Value]


def function(name: str, least: int, most: int | None = None) -> Callable[[Work], Work]:
    """Register a function whose arguments are evaluated first: ``work(context, *values)``."""

    def register(work: Work) -> Work:
        def eager(context: Context, arguments: tuple[Expression, ...]) -> Value:
            return work(context, *(value_of(argument, context) for argument in arguments))

        FUNCTIONS[name] = (least, least if most is None else most, eager)
        return work

    return register


def texts(values: Iterable[Value]) -> list[str]:
    """Every value as text, every node of a node set."""
    return [t for v in values for t in ([n.value() for n in v] if isinstance(v, list) else [to_text(v)])]


def numbers(context: Context, values: Iterable[Value]) -> list[float]:
    """Every value as number; empty answers do not count."""
    return [context.number(text) for text in texts(values) if text.strip()]


def plain(name: str, least: int, most: int | None, work: Callable[..., Value]) -> None:
    """Register a function over texts."""
    function(name, least, most)(lambda _, *values: work(*(to_text(value) for value in values)))


def arithmetic(name: str, count: int, work: Callable[..., float]) -> None:
    """Register a function over numbers; what has no result is NaN."""

    def safe(context: Context, *values: Value) -> Value:
        try:
            return float(work(*(context.number(value) for value in values)))
        except (ValueError, OverflowError, ZeroDivisionError):
            return math.nan

    function(name, count)(safe)


plain("starts-with", 2, None, lambda text, part: text.startswith(part))
plain("ends-with", 2, None, lambda text, part: text.endswith(part))
plain("contains", 2, None, lambda text, part: part in text)
plain("substring-before", 2, None, lambda text, part: text.partition(part)[0] if part in text else "")
plain("substring-after", 2, None, lambda text, part: text.partition(part)[2])
plain("selected", 2, None, lambda chosen, choice: choice.strip() in chosen.split())
plain("count-selected", 1, None, lambda chosen: float(len(chosen.split())))
plain("boolean-from-string", 1, None, lambda text: text.strip().lower() in {"1", "true"})
for _name, _work in {
    "abs": abs,
    "sqrt": math.sqrt,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "asin": math.asin,
    "acos": math.acos,
    "atan": math.atan,
    "exp": math.exp,
    "exp10": lambda x: 10.0**x,
    "log": math.log,
    "log10": math.log10,
    "floor": math.floor,
    "ceiling": math.ceil,
    "int": math.trunc,
}.items():
    arithmetic(_name, 1, cast("Callable[..., float]", _work))
arithmetic("pow", 2, math.pow)
arithmetic("atan2", 2, math.atan2)
arithmetic("pi", 0, lambda: math.pi)


@function("true", 0)
def _true(_: Context) -> Value:
    return True


@function("false", 0)
def _false(_: Context) -> Value:
    return False


@function("not", 1)
def _not(_: Context, value: Value) -> Value:
    return not to_flag(value)


@function("boolean", 1)
def _boolean(_: Context, value: Value) -> Value:
    return to_flag(value)


@function("number", 0, 1)
def _number(context: Context, *value: Value) -> Value:
    return context.number(value[0] if value else [context.node])


@function("string", 0, 1)
def _string(context: Context, *value: Value) -> Value:
    return to_text(value[0] if value else [context.node])


@function("string-length", 0, 1)
def _length(context: Context, *value: Value) -> Value:
    return float(len(to_text(value[0] if value else [context.node])))


@function("normalize-space", 0, 1)
def _normalized(context: Context, *value: Value) -> Value:
    return " ".join(to_text(value[0] if value else [context.node]).split())


@function("translate", 3)
def _translate(_: Context, text: Value, old: Value, new: Value) -> Value:
    into = to_text(new)
    table = {ord(c): into[i] if i < len(into) else None for i, c in reversed(list(enumerate(to_text(old))))}
    return to_text(text).translate(table)


@function("concat", 0, MANY)
def _concat(_: Context, *values: Value) -> Value:
    return "".join(texts(values))


@function("join", 1, MANY)
def _join(_: Context, between: Value, *values: Value) -> Value:
    return to_text(between).join(texts(values))


@function("substr", 2, 3)
def _substr(context: Context, text: Value, start: Value, *end: Value) -> Value:
    bounds = [int(context.number(v)) if math.isfinite(context.number(v)) else 0 for v in (start, *end)]
    return to_text(text)[slice(*bounds, *([None] if not end else []))]


@function("round", 1, 2)
def _round(context: Context, value: Value, *places: Value) -> Value:
    number, power = context.number(value), 10.0 ** (context.number(places[0]) if places else 0.0)
    return math.floor(number * power + 0.5) / power if math.isfinite(number) else number


@function("sum", 1)
def _sum(context: Context, value: Value) -> Value:
    return math.fsum(found) if all(map(math.isfinite, found := numbers(context, [value]))) else math.nan


@function("max", 1, MANY)
def _max(context: Context, *values: Value) -> Value:
    found = numbers(context, values)
    return math.nan if any(map(math.isnan, found)) else max(found, default=math.nan)


@function("min", 1, MANY)
def _min(context: Context, *values: Value) -> Value:
    found = numbers(context, values)
    return math.nan if any(map(math.isnan, found)) else min(found, default=math.nan)


@function("selected-at", 2)
def _selected_at(context: Context, chosen: Value, place: Value) -> Value:
    words, at = to_text(chosen).split(), context.number(place)
    return words[int(at)] if 0 <= at < len(words) else ""


@function("coalesce", 2)
def _coalesce(_: Context, first: Value, second: Value) -> Value:
    return to_text(first) or to_text(second)


@function("once", 1)
def _once(context: Context, value: Value) -> Value:
    return context.current.value() or to_text(value)


@function("checklist", 2, MANY)
def _checklist(context: Context, least: Value, most: Value, *values: Value) -> Value:
    return within(context, least, most, float(sum(to_flag(v) for v in values)))


@function("weighted-checklist", 2, MANY)
def _weighted(context: Context, least: Value, most: Value, *values: Value) -> Value:
    pairs = zip(values[::2], values[1::2], strict=False)
    return within(context, least, most, sum(context.number(weight) for value, weight in pairs if to_flag(value)))


def within(context: Context, least: Value, most: Value, count: float) -> bool:
    """Whether a count lies in bounds, -1 being none."""
    low, high = context.number(least), context.number(most)
    return (low == -1 or count >= low) and (high == -1 or count <= high)


@function("random", 0)
def _random(_: Context) -> Value:
    return random.random()


@function("uuid", 0, 1)
def _uuid(_: Context, *__: Value) -> Value:
    return str(uuid.uuid4())


@function("digest", 2, 3)
def _digest(_: Context, text: Value, algorithm: Value, *encoding: Value) -> Value:
    name = to_text(algorithm).replace("-", "").lower()
    if name not in {"md5", "sha1", "sha256", "sha384", "sha512"}:
        raise NeedleError("form.function_unknown", name=f"digest {name}")
    made = hashlib.new(name, to_text(text).encode(), usedforsecurity=False)
    return made.hexdigest() if encoding and to_text(encoding[0]) == "hex" else base64.b64encode(made.digest()).decode()


@function("base64-decode", 1)
def _base64(_: Context, text: Value) -> Value:
    return base64.b64decode(to_text(text) + "==", validate=False).decode("utf-8", "replace")


@function("regex", 2)
def _regex(_: Context, text: Value, pattern: Value) -> Value:
    return matches(to_text(text), to_text(pattern))


def matches(text: str, pattern: str) -> bool:
    """Whether a pattern is found in a text, as browsers look for it; ``^…$`` for the whole.

    Raises
    ------
    NeedleError
        ``form.pattern`` for what is no pattern; ``form.pattern_slow`` for one that takes more than a tenth of a second,
        as ``(a+)+$`` does.
    """
    if len(pattern) > MAX_PATTERN:
        raise NeedleError("form.pattern", pattern=pattern[:80])
    try:
        return regex.search(pattern, text, flags=regex.ASCII, timeout=PATIENCE_S) is not None
    except TimeoutError as error:
        raise NeedleError("form.pattern_slow", pattern=pattern) from error
    except (regex.error, OverflowError, RecursionError) as error:
        raise NeedleError("form.pattern", pattern=pattern) from error


def _if(context: Context, arguments: tuple[Expression, ...]) -> Value:
    """Only the branch that counts is evaluated."""
    test, yes, no = arguments
    return value_of(yes if to_flag(value_of(test, context)) else no, context)


FUNCTIONS["if"] = (3, 3, _if)
