"""Rules: who has the power to act, as readable TOML that can be checked, evaluated and said.

A rule file is a list of ``[[rule]]`` tables; their order is their priority. ``docs/rules.md`` explains the language.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

Level = Literal["street", "district", "city"]
LEVELS: tuple[Level, ...] = get_args(Level)
ANYWHERE = "*"


@dataclass(frozen=True)
class Rule:
    """One power: ``department`` may act on ``matter`` in ``area``.

    Attributes
    ----------
    name : str
        Unique within its file; decisions quote it.
    matter : tuple of str
        Matter keys such as ``2026:event:09006``; a ``*`` at the end stands for any ending.
    area : tuple of str
        Area keys ``layer:code``, any of which suffices; ``("*",)`` is everywhere.
    department : str
        Department code.
    level : str
        The level at which the power lies: street, district or city. Nobody found: the case goes up from here.
    skill : str or None
        A skill that the team must have; None asks for none.
    urgent : bool
        Cases under this rule are urgent.
    max_travel_minutes : float or None
        Teams farther away than this are too far; None: any distance.
    exclusive : bool
        Where this rule holds, rules that stand later give no power.
    """

    name: str
    matter: tuple[str, ...]
    area: tuple[str, ...]
    department: str
    level: Level
    skill: str | None = None
    urgent: bool = False
    max_travel_minutes: float | None = None
    exclusive: bool = False

    def is_about(self, matter_key: str) -> bool:
        """Whether one of the matter patterns fits the key."""
        return any(fits(pattern, matter_key) for pattern in self.matter)

    def holds_in(self, areas: Mapping[str, str]) -> bool:
        """Whether a place with these areas (layer -> code) lies in the rule's area."""
        return any(key == ANYWHERE or areas.get(key.partition(":")[0]) == key.partition(":")[2] for key in self.area)


@dataclass(frozen=True)
class RuleSet:
    """Rules in order of priority, with the text they were read from."""

    rules: tuple[Rule, ...]
    body: str

    def powers(self, matter_key: str, areas: Mapping[str, str]) -> tuple[Rule, ...]:
        """The rules that give power over a matter in a place (layer -> code), first come first asked."""
        found: list[Rule] = []
        for rule in self.rules:
            if rule.is_about(matter_key) and rule.holds_in(areas):
                found.append(rule)
                if rule.exclusive:
                    break
        return tuple(found)


def fits(pattern: str, key: str) -> bool:
    """Whether a key equals the pattern or, where the pattern ends in ``*``, begins like it."""
    return key.startswith(pattern[:-1]) if pattern.endswith("*") else key == pattern


def level_above(level: Level) -> Level:
    """The level that rules over this one; above the city there is only the city itself."""
    return LEVELS[min(LEVELS.index(level) + 1, len(LEVELS) - 1)]
