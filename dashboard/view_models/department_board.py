"""A department's work in lists: what it must sign for, handle, confirm, and what it asked for. Pure."""

from collections.abc import Mapping
from typing import Final

JOINT: Final = "joint"
LISTS: Final[Mapping[str, tuple[str, ...]]] = {
    "sign": ("dispatched",),
    "handle": ("signed", "handling", "rework"),
    "confirm": ("handled",),
    JOINT: ("whistled", "responding", "whistle_refused"),
    "returns": ("return_requested", "ruling"),
    "extensions": ("extension_requested", "suspended"),
}
"""List -> the states whose cases stand in it, in the order of the work."""
