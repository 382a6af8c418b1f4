"""A city's profile: one small TOML file that says which file is which layer, which column is what, and who may act on
what.

A profile names files relative to the folder given with ``--data``; it never holds data itself. It is checked as a
whole when it is loaded: every problem is named with its table and field, all at once.
"""

import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from data.profile_model import Profile
from geo.crs import parse_crs
from geo.errors import NeedleError

KINDS_ZH = {
    "missing": "缺少此项",
    "extra_forbidden": "没有这样的项",
    "literal_error": "只能取规定的值",
    "string_type": "应为文字",
    "bool_type": "应为 true 或 false",
    "too_short": "至少要有一项",
    "string_too_short": "不能为空",
    "string_pattern_mismatch": "只能用小写字母、数字、下划线和连字符，以字母开头",
    "greater_than": "数值太小",
    "greater_than_equal": "数值太小",
    "less_than_equal": "数值太大",
    "float_parsing": "应为数字",
    "int_parsing": "应为整数",
}


def profile_names() -> tuple[str, ...]:
    """The profiles that come with the project, in alphabetical order."""
    folder = files("data").joinpath("profiles")
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml")))


def load_profile(name_or_path: str) -> Profile:
    """Read and check a profile, by its name in the project or by the path of a TOML file of one's own.

    Raises
    ------
    NeedleError
        ``profile.unknown``, or ``profile.invalid`` with every problem of the file.
    """
    if name_or_path.endswith(".toml"):
        path = Path(name_or_path)
        if not path.is_file():
            raise unknown_profile(name_or_path)
        return parse_profile(path.read_text(encoding="utf-8"), path.name)
    if name_or_path not in profile_names():
        raise unknown_profile(name_or_path)
    source = files("data").joinpath("profiles", f"{name_or_path}.toml")
    return parse_profile(source.read_text(encoding="utf-8"), f"{name_or_path}.toml")


def unknown_profile(name: str) -> NeedleError:
    """The error that lists what could have been asked for."""
    return NeedleError("profile.unknown", name=name, known=", ".join(profile_names()))


def parse_profile(text: str, what: str = "profile") -> Profile:
    """Check a profile's text.

    Raises
    ------
    NeedleError
        ``profile.invalid``: the sentence lists each problem as ``[table] field: what is wrong``.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise invalid(what, [(f"TOML {error}", f"TOML {error}")]) from error
    try:
        profile = Profile.model_validate(raw)
    except ValidationError as error:
        raise invalid(what, [sentences(dict(e), raw) for e in error.errors() if not is_echo(dict(e))]) from error
    problems = list(contradictions(profile))
    if problems:
        raise invalid(what, [(f"{where}: {zh}", f"{where}: {en}") for where, zh, en in problems])
    return profile


def invalid(what: str, problems: list[tuple[str, str]]) -> NeedleError:
    """One error for all problems, one a line."""
    zh, en = ("".join(f"\n  {pair[side]}" for pair in problems) for side in (0, 1))
    return NeedleError("profile.invalid", what=what, count=len(problems), problems_zh=zh, problems_en=en)


def sentences(error: Mapping[str, Any], raw: Mapping[str, Any]) -> tuple[str, str]:
    """A pydantic error as ``[table] field: sentence`` in Chinese and English."""
    where = place(error["loc"], raw)
    english = str(error["msg"]).removeprefix("Value error, ")
    return f"{where}: {KINDS_ZH.get(error['type'], english)}", f"{where}: {english}"


def is_echo(error: Mapping[str, Any]) -> bool:
    """Whether an error only repeats others: pydantic counts a list's valid entries, so that one wrong entry looks
    missing."""
    return error["type"] == "too_short" and bool(error["input"])


def place(loc: tuple[int | str, ...], raw: Mapping[str, Any]) -> str:
    """``('layer', 1, 'columns', 'code')`` as ``[layer 2 "fire"] columns.code``."""
    if not loc:
        return "[profile]"
    if len(loc) == 1:
        return f"[profile] {loc[0]}"
    if not isinstance(loc[1], int):
        return f"[{loc[0]}] {'.'.join(str(part) for part in loc[1:])}"
    entry = raw[str(loc[0])][loc[1]]
    name = entry.get("name", entry.get("code")) if isinstance(entry, dict) else None
    label = f' "{name}"' if isinstance(name, str) else ""
    return f"[{loc[0]} {loc[1] + 1}{label}] {'.'.join(str(part) for part in loc[2:])}".rstrip()


def contradictions(profile: Profile) -> Iterator[tuple[str, str, str]]:
    """What is well-formed but cannot be meant: (where, Chinese, English)."""
    yield from repeated(profile)
    yield from dangling(profile)
    yield from bad_crs(profile)
    if profile.events is None and profile.synthetic is None:
        yield "[profile]", "既没有 [events] 也没有 [synthetic]", "has neither [events] nor [synthetic]"
    if profile.matters.edition_of == "events" and (profile.events is None or not profile.events.columns.category):
        yield (
            "[events] columns.category",
            "类别来自事件表，须指明类别列",
            "matters come from the events: name the column",
        )


def repeated(profile: Profile) -> Iterator[tuple[str, str, str]]:
    """Names used twice in one list."""
    lists: dict[str, list[str]] = {
        "layer": [entry.name for entry in profile.layer],
        "department": [entry.code for entry in profile.department],
        "channel": [entry.code for entry in profile.channel],
        "team": [entry.name for entry in profile.team],
    }
    for table, names in lists.items():
        for name in sorted({n for n in names if names.count(n) > 1}):
            yield f'[{table} "{name}"]', "重复定义", "is defined twice"


def dangling(profile: Profile) -> Iterator[tuple[str, str, str]]:
    """References to layers, departments and channels that the profile does not define."""
    known = {
        "layer": {entry.name for entry in profile.layer},
        "department": {entry.code for entry in profile.department},
        "channel": {entry.code for entry in profile.channel},
    }
    for where, table, name in references(profile):
        if name not in known[table]:
            yield where, f"未定义的 {table}“{name}”", f'{table} "{name}" is not defined'


def references(profile: Profile) -> Iterator[tuple[str, str, str]]:
    """Every reference by name: (where, table referred to, name)."""
    for team in profile.team:
        where = f'[team "{team.name}"]'
        yield from ((f"{where} departments", "department", code) for code in team.departments)
        if team.scope is not None:
            yield f"{where} scope.layer", "layer", team.scope.layer
    for number, power in enumerate(profile.power, start=1):
        yield f"[power {number}] department", "department", power.department
    for department in profile.department:
        if department.parent is not None:
            yield f'[department "{department.code}"] parent', "department", department.parent
    if profile.events is not None:
        yield "[events] channel", "channel", profile.events.channel
    if profile.synthetic is not None:
        yield "[synthetic] channel", "channel", profile.synthetic.channel
        yield "[synthetic] layer", "layer", profile.synthetic.layer
    if profile.check is not None:
        yield from ((f"[check] agreement.{a.layer}", "layer", a.layer) for a in profile.check.agreement)
        yield "[check] learning.area", "layer", profile.check.learning.area


def bad_crs(profile: Profile) -> Iterator[tuple[str, str, str]]:
    """Coordinate systems that nobody knows."""
    tags = [(f'[layer "{entry.name}"] crs', entry.crs) for entry in profile.layer]
    tags += [(f'[team "{entry.name}"] crs', entry.crs) for entry in profile.team]
    tags += [(f'[channel "{entry.code}"] crs', entry.crs) for entry in profile.channel]
    tags += [("[events] crs", profile.events.crs)] if profile.events is not None else []
    for where, tag in tags:
        try:
            if tag is not None:
                parse_crs(tag, where)
        except NeedleError as error:
            yield where, error.sentence("zh"), error.sentence("en")
