"""The grammar: text of an expression to a tree of frozen nodes (XPath 1.0, abbreviated steps, as XForms use it)."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from geo.errors import NeedleError

TOKEN: Final = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d*)?|\.\d+)|(?P<text>\"[^\"]*\"|'[^']*')"
    r"|(?P<symbol>::|//|\.\.|<=|>=|!=|[()\[\]/@,|+\-*=<>.])|(?P<name>[^\W\d][\w.\-]*(?::[^\W\d][\w.\-]*)?))"
)
DEPTH: Final = 200


@dataclass(frozen=True)
class Literal:
    """A number or a text."""

    value: float | str


@dataclass(frozen=True)
class Call:
    """A function with its arguments."""

    name: str
    arguments: tuple["Expression", ...]


@dataclass(frozen=True)
class Binary:
    """An operator between two expressions."""

    operator: str
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True)
class Step:
    """One step: ``axis`` child, parent, self, or descendant; ``name`` ``*`` for any."""

    axis: str
    name: str
    predicates: tuple["Expression", ...] = ()


@dataclass(frozen=True)
class Path:
    """Steps from the root (``start`` ``/``), from here (``.``), or from what an expression gives."""

    start: "str | Expression"
    steps: tuple[Step, ...]


Expression = Literal | Call | Binary | Path
#: Loosest first.
LEVELS: Final = (("or",), ("and",), ("=", "!="), ("<=", "<", ">=", ">"), ("+", "-"), ("*", "div", "mod"))


@lru_cache(4096)
def parse(text: str) -> Expression:
    """The tree of an expression.

    Raises
    ------
    NeedleError
        ``form.expression``, with the place where it stops making sense.
    """
    parser = Parser(text, tokens(text))
    tree = parser.level(0, 0)
    if parser.at < len(parser.tokens):
        raise parser.wrong()
    return tree


def tokens(text: str) -> list[tuple[str, str, int]]:
    """Kind, text and place of every token."""
    out, at = [], 0
    while text[at:].strip():
        found = TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            raise NeedleError("form.expression", expression=text, place=at + 1)
        out.append((found.lastgroup, found[found.lastgroup], found.start(found.lastgroup)))
        at = found.end()
    return out


class Parser:
    """Descends through the grammar, one token ahead."""

    def __init__(self, text: str, found: list[tuple[str, str, int]]) -> None:
        self.text, self.tokens, self.at = text, found, 0

    def peek(self, ahead: int = 0) -> tuple[str, str]:
        """Kind and text of a token to come; empty at the end."""
        at = self.at + ahead
        return self.tokens[at][:2] if at < len(self.tokens) else ("", "")

    def take(self, *symbols: str) -> str:
        """The next token where it is one of these (symbols, or operators by name), else ``""``."""
        kind, text = self.peek()
        if kind in {"symbol", "name"} and text in symbols:
            self.at += 1
            return text
        return ""

    def need(self, symbol: str) -> None:
        """The next token must be this."""
        if not self.take(symbol):
            raise self.wrong()

    def wrong(self) -> NeedleError:
        """What is said where the expression stops making sense."""
        place = self.tokens[self.at][2] if self.at < len(self.tokens) else len(self.text)
        return NeedleError("form.expression", expression=self.text, place=place + 1)

    def level(self, number: int, depth: int) -> Expression:
        """Operators of one precedence, from the left."""
        if depth > DEPTH:
            raise self.wrong()
        if number == len(LEVELS):
            return self.unary(depth)
        left = self.level(number + 1, depth + 1)
        while operator := self.take(*LEVELS[number]):
            left = Binary(operator, left, self.level(number + 1, depth + 1))
        return left

    def unary(self, depth: int) -> Expression:
        """A sign, then a union of paths."""
        if self.take("-"):
            return Binary("-", Literal(0.0), self.unary(depth + 1))
        left = self.path(depth)
        while self.take("|"):
            left = Call("|", (left, self.path(depth)))
        return left

    def path(self, depth: int) -> Expression:
        """A location path, or a literal, call or bracket with steps behind it."""
        kind, text = self.peek()
        if kind == "symbol" and text in {"/", "//"}:
            return Path("/", self.steps(depth))
        if kind in {"number", "text"} or text == "(" or (kind == "name" and self.peek(1)[1] == "("):
            start = self.primary(depth)
            return Path(start, self.steps(depth)) if self.peek()[1] in {"/", "//", "["} else start
        first = self.step(depth, "child")
        return Path(".", (first, *self.steps(depth)))

    def primary(self, depth: int) -> Expression:
        """A literal, a call, or something in brackets."""
        kind, text = self.peek()
        self.at += 1
        if kind == "number":
            return Literal(float(text))
        if kind == "text":
            return Literal(text[1:-1])
        if text == "(":
            inner = self.level(0, depth + 1)
            self.need(")")
            return inner
        return self.call(text, depth)

    def call(self, name: str, depth: int) -> Expression:
        """The arguments of a function."""
        self.need("(")
        arguments: list[Expression] = []
        while not self.take(")"):
            if arguments:
                self.need(",")
            arguments.append(self.level(0, depth + 1))
        return Call(name, tuple(arguments))

    def steps(self, depth: int) -> tuple[Step, ...]:
        """The steps behind a start, each with its slash; predicates right behind it first."""
        out: list[Step] = []
        if self.peek()[1] == "[":
            out.append(Step("self", "*", self.predicates(depth)))
        while slash := self.take("/", "//"):
            if not self.peek()[0] or self.peek()[1] in {")", "]", ","}:
                break  # the root alone
            out.append(self.step(depth, "descendant" if slash == "//" else "child"))
        return tuple(out)

    def step(self, depth: int, axis: str) -> Step:
        """One step with its predicates."""
        if self.take(".."):
            return Step("parent", "*", self.predicates(depth))
        if self.take("."):
            return Step("self", "*", self.predicates(depth))
        kind, name = self.peek()
        if kind != "name" and name != "*":
            raise self.wrong()
        self.at += 1
        if self.take("::"):
            axis, (kind, name) = name, self.peek()
            self.at += 1
        return Step(axis, name.rpartition(":")[2], self.predicates(depth))

    def predicates(self, depth: int) -> tuple[Expression, ...]:
        """What stands in square brackets."""
        out = []
        while self.take("["):
            out.append(self.level(0, depth + 1))
            self.need("]")
        return tuple(out)
