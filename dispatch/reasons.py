"""Words of decisions and rules: every code with its sentence in Chinese and English, as data (``reasons.csv``).

A row is a code of a kind: ``candidate`` (why this team was or was not chosen), ``outcome`` (of the whole decision),
``note``, ``level``, ``problem`` (of a rule file) and ``phrase`` (of which a rule's sentence is made). Codes are never
renamed: stored decisions quote them. ``zh`` and ``en`` are ``str.format`` templates.
"""

import csv
from functools import cache
from importlib.resources import files

from geo.errors import Language

# The numbers are those of the kernels (dispatch/match_kernels.py), in the order in which a team drops out.
CANDIDATE_CODES = (
    "chosen",
    "tied",
    "slower",
    "busier_slower",
    "position_stale",
    "later_rule",
    "too_far",
    "at_capacity",
    "off_duty",
    "lacks_skill",
    "outside_scope",
    "no_power",
)
OUTCOME_CODES = (
    "chosen",
    "no_power",
    "place_unknown",
    "no_team",
    "nobody_in_scope",
    "nobody_with_skill",
    "nobody_on_duty",
    "all_at_capacity",
    "all_too_far",
)


@cache
def templates() -> dict[tuple[str, str], tuple[str, str]]:
    """Every template, (kind, code) -> (zh, en)."""
    text = files("dispatch").joinpath("reasons.csv").read_text(encoding="utf-8")
    return {(row["kind"], row["code"]): (row["zh"], row["en"]) for row in csv.DictReader(text.splitlines())}


def word(kind: str, code: str, language: Language = "zh", **values: object) -> str:
    """The sentence of a code with its values filled in.

    Raises
    ------
    KeyError
        No such code of this kind: a mistake of the programmer.
    """
    zh, en = templates()[kind, code]
    return (zh if language == "zh" else en).format(**values)
