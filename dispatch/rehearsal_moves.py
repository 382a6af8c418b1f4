"""A move of the people of the demo city."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Move:
    """What one of the people does next: an action of the state table, by whom, why, and with what."""

    action: str
    actor: str
    reason: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
