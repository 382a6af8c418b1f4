"""A whistle (吹哨): a street calls several departments to one case; who was called, what each answered, and where it stands.

Values, and what each event makes of them. Pure: the events hold every moment, so that folding needs no clock. Which events
are allowed is judged in ``whistle_guards``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal

from data.chain import Event
from data.stores.whistles import PartyRow, WhistleRow

PartyState = Literal["called", "answered", "refused", "released", "finished"]

PURPOSES: Final = ("joint_enforcement", "hard_matter", "emergency")
"""Why a street may whistle: 综合执法, 重点难点, 应急处置 (Beijing's three cases for a whistle)."""

WAITING_FOR_ANSWER: Final = frozenset({"called", "refused"})


@dataclass(frozen=True, slots=True)
class Party:
    """A department that was called, with its own part of the work.

    ``ordered``: it answers because the centre said so. ``distance_m`` is from the place of 报到 to the case, None where
    either is unknown. Times are aware, None: not yet.
    """

    department: str
    lead: bool
    state: PartyState = "called"
    team: int | None = None
    ordered: bool = False
    answered_at: datetime | None = None
    refused_at: datetime | None = None
    arrived_at: datetime | None = None
    distance_m: float | None = None
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Whistle:
    """One whistle of a case; ``number`` counts them within the case.

    ``remind_at``, ``answer_by`` and ``supervise_at`` are when silence goes up a step, ``stage`` how many steps it has gone:
    1 reminded, 2 told to the level above, 3 supervised (督办). ``absence_told``: who was not there at ``arrive_by`` was
    reminded, and the centre told. ``due_at`` is the case's deadline when the work was reported done.
    """

    number: int
    street: str
    purpose: str
    called_at: datetime
    parties: tuple[Party, ...] = ()
    arrive_by: datetime | None = None
    remind_at: datetime | None = None
    answer_by: datetime | None = None
    supervise_at: datetime | None = None
    stage: int = 0
    absence_told: bool = False
    due_at: datetime | None = None
    finished_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """The street has not yet confirmed its end."""
        return self.ended_at is None

    @property
    def lead(self) -> Party | None:
        """The department that leads (主办)."""
        return next((party for party in self.parties if party.lead), None)

    @property
    def silent(self) -> tuple[Party, ...]:
        """Those who have not answered, or whose refusal nobody has ruled on."""
        return tuple(party for party in self.parties if party.state in WAITING_FOR_ANSWER)

    @property
    def absent(self) -> tuple[Party, ...]:
        """Those who answered and have neither arrived nor finished."""
        return tuple(party for party in self.parties if party.state == "answered" and party.arrived_at is None)

    @property
    def helpers_left(self) -> tuple[Party, ...]:
        """Helpers (协办) who still have their part before them."""
        return tuple(p for p in self.parties if not p.lead and p.state not in ("finished", "released"))

    def party(self, department: str | None) -> Party | None:
        """What was said to a department, None where it was not called."""
        return next((party for party in self.parties if party.department == department), None)

    def party_of_team(self, team: int) -> Party | None:
        """The department whose team for this whistle it is."""
        return next((party for party in self.parties if party.team == team), None)


def after(whistle: Whistle | None, event: Event, due_at: datetime | None) -> Whistle | None:
    """The whistle after one more event of its case; ``due_at`` is the case's deadline before it."""
    if event.action == "whistle":
        return _blown(whistle, event)
    if whistle is None or not whistle.is_open or event.action not in FOLDS:
        return whistle
    return FOLDS[event.action](whistle, event, due_at)


def whistle_row(case_id: int, whistle: Whistle) -> WhistleRow:
    """The row of table ``whistle`` that follows from the events."""
    return WhistleRow(
        case_id=case_id,
        number=whistle.number,
        street=whistle.street,
        purpose=whistle.purpose,
        called_at=whistle.called_at,
        answer_by=whistle.answer_by,
        arrive_by=whistle.arrive_by,
        stage=whistle.stage,
        finished_at=whistle.finished_at,
        ended_at=whistle.ended_at,
    )


def party_rows(case_id: int, whistle: Whistle) -> list[PartyRow]:
    """The rows of table ``whistle_party`` that follow from the events."""
    return [
        PartyRow(
            case_id=case_id,
            number=whistle.number,
            department_code=party.department,
            lead=party.lead,
            state=party.state,
            team_id=party.team,
            answered_at=party.answered_at,
            arrived_at=party.arrived_at,
            distance_m=party.distance_m,
            finished_at=party.finished_at,
        )
        for party in whistle.parties
    ]


def _blown(before: Whistle | None, event: Event) -> Whistle:
    said = event.payload
    lead = said.get("lead")
    return Whistle(
        number=1 if before is None else before.number + 1,
        street=event.actor.partition(":")[2],
        purpose=said.get("purpose", ""),
        called_at=event.at,
        parties=tuple(Party(code, code == lead) for code in said.get("departments", ())),
        arrive_by=_moment(said.get("arrive_by")),
        remind_at=_moment(said.get("remind_at")),
        answer_by=_moment(said.get("answer_by")),
        supervise_at=_moment(said.get("supervise_at")),
    )


def _department(event: Event) -> str:
    role, _, name = event.actor.partition(":")
    said = event.payload.get("department")
    return str(said) if said else name if role == "department" else ""


def _with(whistle: Whistle, event: Event, change: Callable[[Party], Party]) -> Whistle:
    """The whistle with the event's department changed. A whistle from an import named nobody: who comes first leads."""
    code = _department(event)
    parties = whistle.parties
    if whistle.party(code) is None:
        parties = (*parties, Party(code, lead=whistle.lead is None))
    return replace(whistle, parties=tuple(change(p) if p.department == code else p for p in parties))


def _answered(whistle: Whistle, event: Event, _due: datetime | None) -> Whistle:
    team, ordered = event.payload.get("team"), event.action == "order_response"
    return _with(
        whistle,
        event,
        lambda p: replace(p, state="answered", answered_at=event.at, team=team or p.team, ordered=ordered),
    )


def _refused(whistle: Whistle, event: Event, _due: datetime | None) -> Whistle:
    return _with(whistle, event, lambda p: replace(p, state="refused", refused_at=event.at))


def _released(whistle: Whistle, event: Event, _due: datetime | None) -> Whistle:
    code, lead = _department(event), event.payload.get("lead")
    freed = _with(whistle, event, lambda p: replace(p, state="released"))
    if lead is None:
        return freed
    return replace(
        freed, parties=tuple(replace(p, lead=p.department == lead and p.department != code) for p in freed.parties)
    )


def _arrived(whistle: Whistle, event: Event, _due: datetime | None) -> Whistle:
    distance = event.payload.get("distance_m")
    return _with(whistle, event, lambda p: replace(p, arrived_at=event.at, distance_m=distance))


def _finished_part(whistle: Whistle, event: Event, due: datetime | None) -> Whistle:
    done = _with(whistle, event, lambda p: replace(p, state="finished", finished_at=event.at))
    return replace(done, due_at=due)


def _finished(whistle: Whistle, event: Event, due: datetime | None) -> Whistle:
    return replace(_finished_part(whistle, event, due), finished_at=event.at)


def _rejected(whistle: Whistle, event: Event, _due: datetime | None) -> Whistle:
    again = set(event.payload.get("departments", ()))
    parties = tuple(
        replace(p, state="answered", finished_at=None) if p.department in again and p.state == "finished" else p
        for p in whistle.parties
    )
    return replace(whistle, parties=parties, finished_at=None)


def _ended(whistle: Whistle, event: Event, _due: datetime | None) -> Whistle:
    return replace(whistle, ended_at=event.at)


def _stepped(whistle: Whistle, event: Event, _due: datetime | None) -> Whistle:
    if event.payload.get("about") == "arrival":
        return replace(whistle, absence_told=True)
    if event.payload.get("about") != "whistle":
        return whistle
    return replace(whistle, stage=int(event.payload["stage"]))


FOLDS: Final[Mapping[str, Callable[[Whistle, Event, datetime | None], Whistle]]] = MappingProxyType(
    {
        "answer_whistle": _answered,
        "order_response": _answered,
        "refuse_whistle": _refused,
        "release_whistle": _released,
        "arrive": _arrived,
        "finish_part": _finished_part,
        "finish_jointly": _finished,
        "reject_joint": _rejected,
        "confirm": _ended,
        "remind": _stepped,
        "supervise": _stepped,
    }
)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
