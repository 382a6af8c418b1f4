"""A city's own list of matters from the categories of its events, and its powers as rules. Pure.

A matter of an own edition has the code ``major.category`` in plain letters, so that a rule can name all of a major at
once:
``boston-2015:event:highway-maintenance.*``.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from data.importers.events import EventTable
from data.profile_model import PowerSource, Profile
from data.stores.reference import MatterRow

Category = tuple[str, str]
"""(major, category) as the events write them."""


def key_of(matter: MatterRow) -> str:
    """``edition:kind:code``."""
    return f"{matter.edition}:{matter.kind}:{matter.code}"


def slug(name: str) -> str:
    """A name in small letters, digits and hyphens; letters beyond ASCII stay where they have no plain form."""
    decomposed = unicodedata.normalize("NFKD", name).lower()
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return re.sub(r"[\W_]+", "-", plain).strip("-") or "other"


def categories(events: EventTable) -> tuple[Category, ...]:
    """The distinct (major, category) pairs in alphabetical order; without a major the category is its own."""
    pairs = zip(events.major, events.category, strict=True)
    return tuple(sorted({(major or category, category) for major, category in pairs if category}))


def category_matters(profile: Profile, events: EventTable) -> dict[Category, MatterRow]:
    """The city's own matters, one for each category of its events.

    Two categories whose plain letters are the same are told apart by a number.
    """
    found: dict[Category, MatterRow] = {}
    taken: set[str] = set()
    for major, category in categories(events):
        code = unused(f"{slug(major)}.{slug(category)}", taken)
        taken.add(code)
        found[major, category] = MatterRow(
            profile.matters.scheme, profile.matters.edition, "event", code, slug(major), major, category, category
        )
    return found


def unused(code: str, taken: set[str]) -> str:
    """The code, or the code with the first number that is free."""
    if code not in taken:
        return code
    return next(f"{code}-{n}" for n in range(2, len(taken) + 3) if f"{code}-{n}" not in taken)


def event_matter_keys(events: EventTable, matters: Mapping[Category, MatterRow]) -> list[str | None]:
    """The matter key of each event, ``None`` for one without a category."""
    keys = {pair: key_of(matter) for pair, matter in matters.items()}
    pairs = zip(events.major, events.category, strict=True)
    return [keys.get((major or category, category)) if category else None for major, category in pairs]


def rules_text(profile: Profile, matters: Mapping[Category, MatterRow] | None = None) -> str:
    """The profile's powers as a rule file (``docs/rules.md``), in the profile's order."""
    rules = [
        rule_text(number, power, patterns(power, profile.power, matters or {}), profile)
        for number, power in enumerate(profile.power, start=1)
    ]
    head = f"# {profile.title.zh} {profile.title.en}: powers of the profile {profile.name}\n"
    return head + "".join(rule for rule in rules if rule)


def patterns(
    power: PowerSource, powers: Iterable[PowerSource], matters: Mapping[Category, MatterRow]
) -> tuple[str, ...]:
    """The matter patterns of one power: its own keys, then the categories that fall to it.

    A major all of whose categories fall to it is written as one pattern.
    """
    elsewhere = {name for other in powers if other is not power for name in other.categories}
    whole, single = [], []
    for major in sorted({pair[0] for pair in matters}):
        inside = {pair[1]: matter for pair, matter in matters.items() if pair[0] == major}
        falling = [c for c in inside if c in power.categories or (major in power.majors and c not in elsewhere)]
        if falling and len(falling) == len(inside):
            first = inside[falling[0]]
            whole.append(f"{first.edition}:{first.kind}:{first.major_code}.*")
        else:
            single += [key_of(inside[category]) for category in falling]
    return (*power.matters, *whole, *single)


def rule_text(number: int, power: PowerSource, matters: Sequence[str], profile: Profile) -> str:
    """One ``[[rule]]``; nothing for a power over no matter of this city."""
    if not matters:
        return ""
    title = next(d.title for d in profile.department if d.code == power.department)
    listed = "".join(f"    {quoted(matter)},\n" for matter in matters)
    urgent = "urgent = true\n" if power.urgent else ""
    return (
        f"\n[[rule]]\nname = {quoted(f'{number:02d} {title.zh} {title.en}')}\nmatter = [\n{listed}]\n"
        f'area = ["*"]\ndepartment = {quoted(power.department)}\nlevel = "{power.level}"\n{urgent}'
    )


def quoted(value: str) -> str:
    """A TOML basic string."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def known_matter_keys(events: EventTable, matters: Iterable[MatterRow]) -> list[str | None]:
    """The matter key of each event whose category is a key or a name of the list; the newest edition has a name."""
    newest = sorted(matters, key=lambda matter: matter.edition)
    keys = {name: key_of(m) for m in newest for name in (m.name_en, m.name_zh)} | {key_of(m): key_of(m) for m in newest}
    return [keys.get(category) if category else None for category in events.category]
