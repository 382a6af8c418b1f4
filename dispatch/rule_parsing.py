"""From the text of a rule file to a rule set: reads everything, then names every problem by row and field."""

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dispatch.reasons import word
from dispatch.rule_values import ANYWHERE, LEVELS, Rule, RuleSet
from geo.errors import Language, NeedleError

MATTER_KEY = re.compile(r"[^:*]+:[^:*]+:[^:*]+|[^*]*\*")
AREA_KEY = re.compile(r"[^:*\s]+:[^*\s][^*\n]*")
RULE_HEADER = re.compile(r"^\s*\[\[\s*rule\s*\]\]")


@dataclass(frozen=True)
class RuleProblem:
    """What is wrong with one field of one rule.

    Attributes
    ----------
    row : int
        Number of the rule in the file, from 1; 0: the file as a whole.
    line : int
        Line on which that rule begins, from 1.
    rule, field : str
        Name of the rule and of its field, as far as known.
    code : str
        A code of kind ``problem`` in ``reasons.csv``.
    values : tuple of (str, object)
        What the sentence names.
    """

    row: int
    line: int
    rule: str
    field: str
    code: str
    values: tuple[tuple[str, object], ...] = ()

    def sentence(self, language: Language = "zh") -> str:
        """One line that names row, field and what to do."""
        said = word("problem", self.code, language, **dict(self.values))
        if self.row == 0:
            whole = self.field or ("规则文件" if language == "zh" else "The rule file")
            return f"{whole}:{said}" if language == "zh" else f"{whole}: {said}"
        if language == "zh":
            return f"第 {self.row} 条(第 {self.line} 行)“{self.rule}”的 {self.field}:{said}"
        return f'Rule {self.row} (line {self.line}) "{self.rule}", {self.field}: {said}'


def rules_invalid(problems: list[RuleProblem]) -> NeedleError:
    """The error that carries all problems of a rule file."""
    return NeedleError(
        "rules.invalid",
        count=len(problems),
        problems=problems,
        problems_zh="".join(f"\n{problem.sentence('zh')}" for problem in problems),
        problems_en="".join(f"\n{problem.sentence('en')}" for problem in problems),
    )


def parse_rules(text: str) -> RuleSet:
    """Read a rule file.

    Parameters
    ----------
    text : str
        TOML: ``[[rule]]`` tables in order of priority, see ``docs/rules.md``.

    Raises
    ------
    NeedleError
        ``rules.invalid``, whose context ``problems`` lists *all* problems, each with row, line and field.
    """
    rows, problems = read_rows(text)
    rules = [Reader(row, line, fields, problems).rule() for row, line, fields in rows]
    problems += repeated_names(rows)
    problems.sort(key=lambda problem: problem.row)
    if problems:
        raise rules_invalid(problems)
    return RuleSet(tuple(rule for rule in rules if rule is not None), text)


Row = tuple[int, int, dict[str, Any]]


def read_rows(text: str) -> tuple[list[Row], list[RuleProblem]]:
    """The raw tables as (row, line, fields), and what is wrong with the file as a whole."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return [], [whole_file("bad_toml", detail=str(error))]
    problems = [whole_file("unknown_field", key, known="rule") for key in document if key != "rule"]
    tables = document.get("rule")
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        return [], [*problems, whole_file("no_rules")]
    return [
        (i + 1, line, table) for i, (line, table) in enumerate(zip(rule_lines(text, len(tables)), tables, strict=True))
    ], problems


def whole_file(code: str, field: str = "", **values: object) -> RuleProblem:
    """A problem that belongs to no single rule."""
    return RuleProblem(0, 0, "", field, code, tuple(values.items()))


def rule_lines(text: str, count: int) -> list[int]:
    """The line of each ``[[rule]]`` header; zeros where headers are written in a way that cannot be counted."""
    lines = [number for number, line in enumerate(text.splitlines(), 1) if RULE_HEADER.match(line)]
    return lines if len(lines) == count else [0] * count


def repeated_names(rows: list[Row]) -> list[RuleProblem]:
    """Rules that bear the name of an earlier one."""
    first: dict[object, int] = {}
    problems = []
    for row, line, fields in rows:
        name = fields.get("name")
        if not isinstance(name, str):
            continue
        if name in first:
            values = (("value", name), ("other", first[name]))
            problems.append(RuleProblem(row, line, name, "name", "repeated_name", values))
        first.setdefault(name, row)
    return problems


class Reader:
    """Reads the fields of one rule and notes each problem where it stands."""

    def __init__(self, row: int, line: int, fields: dict[str, Any], problems: list[RuleProblem]) -> None:
        self.row, self.line, self.fields, self.problems = row, line, fields, problems
        self.name = str(fields.get("name", ""))

    def rule(self) -> Rule | None:
        """The rule, or None when any field was wrong."""
        before = len(self.problems)
        self.refuse_unknown()
        values = {field: read(self, field) for field, read in FIELDS.items()}
        return Rule(**values) if len(self.problems) == before else None

    def refuse_unknown(self) -> None:
        for field in self.fields:
            if field not in FIELDS:
                self.note(field, "unknown_field", known=", ".join(FIELDS))

    def note(self, field: str, code: str, **values: object) -> None:
        self.problems.append(RuleProblem(self.row, self.line, self.name, field, code, tuple(values.items())))

    def required(self, field: str) -> bool:
        if field not in self.fields:
            self.note(field, "missing")
        return field in self.fields

    def wrong_type(self, field: str, expected_zh: str, expected_en: str) -> None:
        self.note(field, "wrong_type", expected_zh=expected_zh, expected_en=expected_en, value=repr(self.fields[field]))

    def text(self, field: str) -> str:
        """A required text."""
        value = self.optional_text(field) if self.required(field) else None
        return value or ""

    def optional_text(self, field: str) -> str | None:
        value = self.fields.get(field)
        if value is None:
            return None
        if not isinstance(value, str):
            self.wrong_type(field, "文字", "a text")
            return None
        if not value.strip():
            self.note(field, "empty")
        return value

    def level(self, field: str) -> str:
        value = self.text(field)
        if value and value not in LEVELS:
            self.note(field, "bad_level", value=value)
        return value

    def texts(self, field: str) -> tuple[str, ...]:
        """A required list of texts, none of them empty."""
        if not self.required(field):
            return ()
        value = self.fields[field]
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.wrong_type(field, "文字列表", "a list of texts")
            return ()
        if not value or not all(item.strip() for item in value):
            self.note(field, "empty")
            return ()
        return tuple(value)

    def matters(self, field: str) -> tuple[str, ...]:
        for item in (items := self.texts(field)):
            if "*" in item[:-1]:
                self.note(field, "bad_pattern", value=item)
            elif not MATTER_KEY.fullmatch(item):
                self.note(field, "bad_matter", value=item)
        return items

    def areas(self, field: str) -> tuple[str, ...]:
        for item in (items := self.texts(field)):
            if item != ANYWHERE and not AREA_KEY.fullmatch(item):
                self.note(field, "bad_area", value=item)
        return items

    def flag(self, field: str) -> bool:
        value = self.fields.get(field, False)
        if not isinstance(value, bool):
            self.wrong_type(field, "true 或 false", "true or false")
        return bool(value)

    def positive(self, field: str) -> float | None:
        """An optional number above zero."""
        value = self.fields.get(field)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.wrong_type(field, "数字", "a number")
        elif not 0 < value < float("inf"):
            self.note(field, "not_positive", value=value)
        else:
            return float(value)
        return None


FIELDS: dict[str, Callable[[Reader, str], Any]] = {
    "name": Reader.text,
    "matter": Reader.matters,
    "area": Reader.areas,
    "department": Reader.text,
    "level": Reader.level,
    "skill": Reader.optional_text,
    "urgent": Reader.flag,
    "max_travel_minutes": Reader.positive,
    "exclusive": Reader.flag,
}
