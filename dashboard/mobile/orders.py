"""What a phone asks for, and what becomes of it: one tap may be two moves of the state table. Pure.

An order carries the phone's own id. Each of its moves is given under a name made from that id (``CaseDesk.give(once=…)``), so
that an order which comes twice, or is cut off between two moves, is carried out once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from dashboard.accounts import actor_of, movers_of
from dashboard.i18n import words
from dashboard.mobile.person import Person
from dispatch.commands import Command
from geo.errors import NeedleError

ID_LENGTHS: Final = range(8, 65)
MOST_WORDS: Final = 2_000
MOST_PHOTOS: Final = 6
LONGEST_WAIT: Final = timedelta(days=14)
"""A phone may be without a network so long; a moment before that is taken for a wrong clock."""
ARRIVED_AT: Final = "arrived_place"
POINT: Final = ("lng", "lat", "crs", "accuracy_m")

TEAM_ORDERS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "dispatched": ("accept", "return", "arrive"),
        "signed": ("accept",),
        "handling": ("arrive", "finish", "extend", "return"),
        "rework": ("accept",),
        "extension_requested": ("arrive",),
    }
)
"""What whoever handles a case may ask for, by its state; the first is the next step."""
WITNESS_ORDERS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"checking": ("pass", "fail"), "verifying_info": ("confirm",)}
)
"""What a grid worker may ask for."""

MOVES: Final[Mapping[tuple[str, str], tuple[str, ...]]] = MappingProxyType(
    {
        ("accept", "signed"): ("assign",),
        ("accept", "rework"): ("resume_work",),
        ("return", "handling"): ("hand_back",),
        ("return", "signed"): ("assign", "hand_back"),
        ("arrive", "responding"): ("arrive",),
        ("finish", "signed"): ("assign", "finish"),
        ("finish", "dispatched"): ("sign", "assign", "finish"),
        ("finish", "rework"): ("resume_work", "finish"),
    }
)
"""Where an order takes another way than usual."""
USUAL: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "accept": ("sign", "assign"),
        "arrive": ("remark",),
        "finish": ("finish",),
        "return": ("request_return",),
        "extend": ("request_extension",),
        "answer": ("answer_whistle",),
        "refuse": ("refuse_whistle",),
        "finish_part": ("finish_part",),
        "finish_jointly": ("finish_jointly",),
        "pass": ("pass_check",),
        "fail": ("fail_check",),
        "confirm": ("confirm_info",),
        "remark": ("remark",),
    }
)
WITH_PICTURE: Final = frozenset({"finish", "pass", "confirm"})
"""The state table wants a picture with these: of the spot, or of the work when it is done."""
WITH_REASON: Final = frozenset({"return", "extend", "refuse", "fail"})


@dataclass(frozen=True, slots=True)
class Order:
    """What a phone asks for.

    Attributes
    ----------
    id : str
        Made by the phone, the same however often it is sent.
    kind : str
        One of ``USUAL``.
    at : datetime
        When the person tapped, by the server's clock.
    place : mapping or None
        Where the phone was: lng, lat, crs, accuracy_m.
    before, photos : tuple of str
        Digests of pictures from before the work, and of now.
    team : int or None
        The team that a department sends when it answers a whistle.
    """

    id: str
    kind: str
    case_id: int
    at: datetime
    words: str = ""
    place: Mapping[str, Any] | None = None
    before: tuple[str, ...] = ()
    photos: tuple[str, ...] = ()
    me_too: bool = False
    team: int | None = None

    def once(self, action: str) -> str:
        """The name under which one of its moves is given."""
        return f"m:{self.id}:{action}"


def moment_of(said: Any, sent: Any, now: datetime) -> datetime:
    """When something happened by the server's clock, from two moments of the phone's: then, and when it was sent (ms).

    Only how long ago it was is believed: a phone's clock may be wrong by years. Never later than now, at most
    ``LONGEST_WAIT`` ago.
    """
    if any(isinstance(v, bool) or not isinstance(v, int | float) for v in (said, sent)):
        return now
    ago = min(max(0.0, float(sent) - float(said)), LONGEST_WAIT / timedelta(milliseconds=1))
    return now - timedelta(milliseconds=ago)


def read_order(said: Any, now: datetime) -> Order:
    """An order from its JSON.

    Raises
    ------
    NeedleError
        ``case.command_invalid``, ``mobile.photo_missing``, ``case.reason_missing``.
    """
    if not isinstance(said, dict) or said.get("order") not in USUAL or not is_id(said.get("id")):
        raise NeedleError("case.command_invalid", problem='{"id": text, "order": name, "case": id, …}')
    case_id, kind = said.get("case"), str(said["order"])
    if not isinstance(case_id, int) or isinstance(case_id, bool):
        raise NeedleError("case.command_invalid", problem="case: id")
    order = Order(
        id=str(said["id"]),
        kind=kind,
        case_id=case_id,
        at=moment_of(said.get("at"), said.get("sent"), now),
        words=read_words(said.get("words")),
        place=read_place(said.get("place")),
        before=read_digests(said.get("before")),
        photos=read_digests(said.get("photos")),
        me_too=kind == "remark" and said.get("me_too") is True,
        team=said["team"] if type(said.get("team")) is int else None,
    )
    if kind in WITH_PICTURE and not order.photos:
        raise NeedleError("mobile.photo_missing")
    if kind in WITH_REASON and not order.words:
        raise NeedleError("case.reason_missing", action=kind)
    return order


def is_id(said: Any) -> bool:
    """Whether it is an id as phones make them."""
    return isinstance(said, str) and len(said) in ID_LENGTHS and said.replace("-", "").isalnum() and said.isascii()


def read_words(said: Any) -> str:
    """What somebody wrote; ``case.command_invalid`` for what is no text."""
    if said is None:
        return ""
    if not isinstance(said, str) or len(said) > MOST_WORDS or "\0" in said:
        raise NeedleError("case.command_invalid", problem=f"words: text, at most {MOST_WORDS}")
    return said.strip()


def read_place(said: Any) -> Mapping[str, Any] | None:
    """A place as it is sent; what it comes to is judged where it is used."""
    if said is None:
        return None
    if not isinstance(said, dict):
        raise NeedleError("case.command_invalid", problem="place: lng, lat, accuracy_m")
    return {"crs": "wgs84", **{name: said[name] for name in POINT if name in said}}


def read_digests(said: Any) -> tuple[str, ...]:
    """Digests of photos that were sent before."""
    if said is None:
        return ()
    known = isinstance(said, list) and all(isinstance(d, str) and len(d) == 64 for d in said)
    if not known or len(said) > MOST_PHOTOS:
        raise NeedleError("case.command_invalid", problem=f"photos: at most {MOST_PHOTOS} digests")
    return tuple(said)


def commands(
    order: Order, person: Person, state: str, team_of_case: int | None, arrival: Mapping[str, Any] | None
) -> Sequence[Command]:
    """The moves that an order comes to, in their order, each by the account as whom it may make it.

    Parameters
    ----------
    state : str
        The case's state now.
    team_of_case : int or None
    arrival : mapping or None
        For *arrive* on a case that no whistle calls to: the place in WGS84 and the distance, as an event keeps them.

    Raises
    ------
    NeedleError
        ``account.forbidden``, naming who may.
    """
    actions = moves_of(order.kind, state)
    return [_command(order, person, action, team_of_case, arrival, action == actions[-1]) for action in actions]


def _command(
    order: Order, person: Person, action: str, team: int | None, arrival: Mapping[str, Any] | None, is_last: bool
) -> Command:
    data: dict[str, Any] = {"happened_at": order.at.isoformat(), "by": person.account.username}
    if is_last:
        data |= _evidence(order, action, arrival)
    if action == "assign":
        data |= {"team": person.team if person.team is not None else team, "handler": person.own}
    if action == "answer_whistle" and order.team is not None:
        data["team"] = order.team
    _, actor = actor_of(person.account, movers_of(action))
    return Command(action, actor, order.words or None, data)


def _evidence(order: Order, action: str, arrival: Mapping[str, Any] | None) -> dict[str, Any]:
    """Words, pictures and place, where the event of the last move keeps them."""
    data: dict[str, Any] = {}
    if order.words:
        data["text"] = order.words
    if order.photos:
        data["photos"] = list(order.photos)
    if order.before:
        data["photos_before"] = list(order.before)
    if order.me_too:
        data["me_too"] = True
    if action == "arrive":
        data |= dict(order.place or {})
    elif order.kind == "arrive":
        data |= {"about": "arrival", **dict(arrival or {})}
    elif order.place is not None:
        data["sent_from"] = dict(order.place)
    if action == "remark" and not order.words:
        data["text"] = words("zh")("m.order.me_too" if order.me_too else f"m.order.{order.kind}")
    return data


def offers(state: str, person: Person, team_of_case: int | None, *, arrived: bool, asked: bool) -> tuple[str, ...]:
    """What a person may ask for on a case, the next step first. ``asked``: they are the one who is to verify it."""
    if asked and state in WITNESS_ORDERS:
        return WITNESS_ORDERS[state]
    found = TEAM_ORDERS.get(state, ()) if person.handles(team_of_case) else ()
    return tuple(kind for kind in found if not (kind == "arrive" and arrived) and may_ask(kind, person, state))


def may_ask(kind: str, person: Person, state: str) -> bool:
    """Whether the account may make every move that an order comes to; a department, for one, hands nothing back to itself."""
    try:
        return all(actor_of(person.account, movers_of(action)) for action in moves_of(kind, state))
    except NeedleError:
        return False


def moves_of(kind: str, state: str) -> tuple[str, ...]:
    """The moves of the state table that an order comes to from a state."""
    return MOVES.get((kind, state), USUAL[kind])


def whistle_offers(state: str, party: str, *, speaks: bool, lead: bool, arrived: bool) -> tuple[str, ...]:
    """What a called department may ask for, the next step first.

    ``state``: of the case, ``party``: of its own part. ``speaks``: for the department, not only for a team of it.
    """
    if party in ("called", "refused"):
        return () if not speaks else ("answer", "refuse") if party == "called" else ("answer",)
    if party != "answered" or state != "responding":
        return ()
    if lead and not speaks:
        return () if arrived else ("arrive",)
    done = "finish_jointly" if lead else "finish_part"
    return (done,) if arrived else ("arrive", done)
