"""What becomes of one record and those it may be of: merged, or put before a person. Pure; the batch's rule, for one record.

Candidates are taken strongest first. One that may be put together without a person is, unless that would bring two valid numbers
together; whatever is left is a doubt. What a person has split or kept apart is refused where it is written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from data.linkage.weights import DOUBT_WEIGHT, LINK_WEIGHT, Evidence


@dataclass(frozen=True, slots=True)
class Pair:
    """The record and another that it may be of, by the other's number, with what speaks for and against it."""

    other: int
    weight: float
    evidence: tuple[Evidence, ...]
    linked: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """What is merged, in this order, and what is doubtful."""

    merges: tuple[Pair, ...] = ()
    doubts: tuple[Pair, ...] = ()


@dataclass(frozen=True, slots=True)
class Home:
    """A household's dwelling and its head, in the form that is compared (`data.linkage.preparing`)."""

    unit: str | None
    room: str
    head: str | None


HOME_WEIGHT, HALF_A_HOME_WEIGHT = LINK_WEIGHT + 5.0, DOUBT_WEIGHT + 3.0
"""Set, not learned: an address down to the room names one household, as filing takes it."""


def decide(
    own: int, candidates: Sequence[Pair], roots: Mapping[int, int], numbers: Mapping[int, frozenset[str]]
) -> Decision:
    """Sort out candidates.

    Parameters
    ----------
    own : int
        What the record stands for.
    candidates : sequence of Pair
        Strongest first.
    roots : mapping
        What each candidate stands for; one that is missing is no more.
    numbers : mapping
        The valid identity numbers (or credit codes) of everything that stands for a root.
    """
    held, one = numbers.get(own, frozenset()), {own}
    merges: list[Pair] = []
    doubts: dict[int, Pair] = {}
    for pair in candidates:
        root = roots.get(pair.other)
        if root is None or root in one:
            continue
        both = held | numbers.get(root, frozenset())
        if pair.linked and len(both) < 2:
            merges.append(pair)
            held = both
            one.add(root)
        else:
            doubts.setdefault(root, pair)
    return Decision(tuple(merges), tuple(pair for root, pair in doubts.items() if root not in one))


def same_home(one: Home, other: Home, number: int) -> Pair | None:
    """Two households of one building: one where unit and room agree; doubtful where a unit is missing or the heads differ."""
    if one.room != other.room or (one.unit and other.unit and one.unit != other.unit):
        return None
    heads_differ = one.head is not None and other.head is not None and one.head != other.head
    if one.unit == other.unit and not heads_differ:
        said = Evidence("room", "room", "住址相同（到户室）", "same address down to the room", HOME_WEIGHT)
        return Pair(number, HOME_WEIGHT, (said,), linked=True)
    words = ("户主不同", "different heads") if heads_differ else ("一方单元未填", "one says no unit")
    evidence = (
        Evidence("room", "room", "楼栋、房号相同", "same building and room", HOME_WEIGHT),
        Evidence("head" if heads_differ else "unit", "unsure", *words, HALF_A_HOME_WEIGHT - HOME_WEIGHT),
    )
    return Pair(number, HALF_A_HOME_WEIGHT, evidence, linked=False)
