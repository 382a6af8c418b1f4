"""A place corrected on the spot: the case is located anew, and who gets it is decided anew.

Whatever command carries a point (``lng``, ``lat``, with ``crs`` and ``accuracy_m`` as a report does) corrects the place
of its case: *confirm_info* does, and so may a team that gives a case back because it lies across the border. What the
point comes to stands in the event (``corrected_place``), so that it is part of the hashed history, and the case's row
follows in the same transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from data.database import connect
from data.stores.placing import PlacedCase
from data.stores.reports import ReportRow
from data.stores.workbench import ground_version, load_open_tasks
from dispatch.case import PLACE
from dispatch.commands import Command
from dispatch.deciding import Doubts, commands_ahead, decide_spot, doubts_of
from dispatch.ground import Ground, load_ground, refresh_teams, set_loads
from dispatch.match_values import Decision
from dispatch.matters import UNCLASSIFIED, Matter
from dispatch.spots import Spot, areas_of, borders_of, cell_of, locate_reports
from geo.errors import NeedleError

POINT = ("lng", "lat", "crs", "accuracy_m")
"""What a command says of a corrected place, as a report would."""


@dataclass(frozen=True, slots=True)
class Correction:
    """A corrected place, and what follows from it.

    ``place`` is what the event keeps. ``decision`` is None where none could be taken; ``matter`` where it is unknown.
    """

    place: Mapping[str, Any]
    matter: Matter | None
    decision: Decision | None
    doubts: Doubts
    rule_set_id: int | None

    def changes(self, before: PlacedCase) -> bool:
        """Whether the case lies in other areas than before, or somebody else has the power over it."""
        power = (before.rule, before.department)
        return (
            self.decision is None
            or (self.place["areas"], self.place["cell"]) != (before.areas, before.cell_code)
            or power != (self.decision.rule, self.decision.department)
        )

    def next_commands(self, state: str) -> list[Command]:
        """What the machine does by itself once the place is known, as it would have when the case was opened."""
        return commands_ahead(self.matter, self.decision, self.doubts) if state == "reported" and self.matter else []


class Survey:
    """The ground as a desk needs it to locate single cases: read when it is asked first, and again when it changes.

    One user at a time: ``refresh`` reads the database (in a thread, before the transaction), ``find`` only computes.
    """

    def __init__(self) -> None:
        self.ground: Ground | None = None

    def refresh(self, url: str, now: datetime) -> None:
        """Bring ground, teams and loads to what the database says now.

        Raises
        ------
        NeedleError
            ``city.missing``, ``database.unreachable``.
        """
        with connect(url, autocommit=True) as connection:
            version = ground_version(connection)
            ground = self.ground if self.ground is not None and self.ground.version == version else None
            if ground is None or not refresh_teams(connection, ground, now):
                ground = load_ground(connection, version, now)
            if ground is None:
                raise NeedleError("city.missing")
            set_loads(ground, load_open_tasks(connection))
            self.ground = ground

    def find(self, case: PlacedCase, command: Command, now: datetime) -> Correction:
        """Locate a case anew at the point that a command carries, and decide who gets it there.

        An untagged point is in the datum of the channel ``grid`` when a grid worker sends it, else of the case's own.

        Raises
        ------
        NeedleError
            ``coordinate.…`` and ``crs.…`` for a point that cannot be believed: the command is refused.
        """
        ground = self.ground
        assert ground is not None, "refresh comes first"
        spot = _locate(ground, case, command, now)
        assert spot.place is not None
        known = ground.matters.get(case.matter)
        matter = known[1] if known is not None and case.matter != UNCLASSIFIED.key else None
        decision = decide_spot(ground, matter.key, spot) if matter else None
        return Correction(
            place={
                "lng": spot.lng,
                "lat": spot.lat,
                "uncertainty_m": spot.uncertainty_m,
                "cell": cell_of(spot.place, ground.atlas),
                "areas": areas_of(spot.place, ground.atlas),
                "borders": borders_of(spot.place, ground.atlas, spot.uncertainty_m),
                "h3_9": spot.h3_9,
                "sent": {name: command.data[name] for name in POINT if name in command.data},
            },
            matter=matter,
            decision=decision,
            doubts=doubts_of(ground, matter.key, spot, decision) if matter and decision else [],
            rule_set_id=ground.rule_set_id,
        )


def corrects(command: Command) -> bool:
    """Whether a command carries a point of the case; *arrive* carries that of who arrives.

    Raises
    ------
    NeedleError
        ``case.command_invalid`` for half a point, or one that is no number.
    """
    if PLACE in command.data:
        raise NeedleError("case.command_invalid", problem=f"{PLACE}: lng, lat, crs")
    said = [command.data.get(name) for name in ("lng", "lat")]
    if said == [None, None] or command.action == "arrive":
        return False
    accuracy = command.data.get("accuracy_m", 0)
    if any(isinstance(v, bool) or not isinstance(v, int | float) for v in (*said, accuracy)) or accuracy < 0:
        raise NeedleError("case.command_invalid", problem="lng, lat, accuracy_m: number")
    return True


def with_place(command: Command, found: Correction) -> Command:
    """The command as its event keeps it: with what the point came to in place of the point."""
    rest = {name: value for name, value in command.data.items() if name not in POINT}
    return replace(command, data={**rest, PLACE: dict(found.place)})


def _locate(ground: Ground, case: PlacedCase, command: Command, now: datetime) -> Spot:
    channel = "grid" if command.role == "grid_worker" else case.channel
    said = ReportRow(0, channel, dict(command.data), now, now)
    (spot,) = locate_reports([said], ground.channels, ground.atlas, ground.default_spots)
    if spot.problem is not None:
        x, y = command.data["lng"], command.data["lat"]
        raise NeedleError(spot.problem, x=x, y=y, crs=command.data.get("crs"), what="lng, lat")
    return spot
