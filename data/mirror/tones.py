"""Tones: the four colours in which a map paints a case, from the stage of its state."""

from collections.abc import Mapping
from typing import Final

TONES: Final = ("new", "work", "check", "done")
"""A tone's number is its place here: tiles and the pyramid use the numbers."""

OF_STAGE: Final[Mapping[str, str]] = {
    "collection": "new",
    "filing": "new",
    "dispatch": "work",
    "handling": "work",
    "whistle": "work",
    "evaluation": "work",
    "feedback": "check",
    "verification": "check",
}


def tone_of(stage: str, *, terminal: bool) -> int:
    """The tone's number of a state: done when it is terminal, else by its stage (a city's own stage is ``new``)."""
    return TONES.index("done" if terminal else OF_STAGE.get(stage, "new"))
