"""The golden rule: which of many claims stands for a field, and why. Pure; the order in which claims came changes nothing.

1. A claim that was withdrawn or erased never stands.
2. A claim is *outdated* where a newer one of its field is younger by more than the field's freshness.
3. What is not outdated comes before what is, verified before unverified, stronger proof before weaker, newer before older.
4. Where all is equal, the source's kind, its mark, then the value's text decide, so that the result is always the same.

An outdated proof yields: a telephone number proved three years ago gives way to last month's word. A field whose values never
age (an identity number) is held by its proof for ever.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal

import orjson

from data.registry.claims import VERIFICATIONS, Claim, SourceKind
from data.registry.fields import COLUMNS, EntityKind, Field, fields_of

STRENGTH: Final = {name: place for place, name in enumerate(VERIFICATIONS)}
TRUST: Final[Mapping[SourceKind, int]] = {
    "import": 0,
    "channel": 1,
    "form": 2,
    "worker": 3,
    "resident": 4,
    "department": 5,
}
"""Only where proof and moment are equal: a department's own book before a resident's word before a file."""

Reason = Literal["withdrawn", "erased", "outdated", "unverified", "weaker", "older", "source", "same", "tie"]


@dataclass(frozen=True, slots=True)
class Golden:
    """What stands for an entity: the winning claim of each field."""

    kind: EntityKind
    winners: Mapping[str, Claim]

    def as_json(self) -> dict[str, dict[str, Any]]:
        """As it is kept with the entity."""
        return {name: entry(claim) for name, claim in self.winners.items()}

    def columns(self) -> dict[str, Any]:
        """The searched columns, None where a field is not known."""
        found: dict[str, Any] = dict.fromkeys(COLUMNS)
        for name, claim in self.winners.items():
            column = fields_of(self.kind)[name].column
            if column:
                found[column] = claim.value
        return found

    @property
    def incomplete(self) -> bool:
        """Whether an expected field is not known."""
        return any(field.expected and name not in self.winners for name, field in fields_of(self.kind).items())

    @property
    def fresh_until(self) -> date | None:
        """The last day on which no expected value is stale; None: never stale."""
        days = [
            fresh_until(fields_of(self.kind)[name], claim.at)
            for name, claim in self.winners.items()
            if fields_of(self.kind)[name].expected
        ]
        return min((day for day in days if day is not None), default=None)


@dataclass(frozen=True, slots=True)
class Loser:
    """A claim that does not stand, and why."""

    claim: Claim
    reason: Reason


@dataclass(frozen=True, slots=True)
class Why:
    """Why a field has its value: the claim that stands, the others, and a sentence in both languages."""

    field: Field
    winner: Claim | None
    losers: tuple[Loser, ...]
    zh: str
    en: str


def entry(claim: Claim) -> dict[str, Any]:
    """A golden value with what it rests on."""
    return {
        "value": claim.value,
        "at": claim.at.isoformat(),
        "claim": claim.id,
        "source": claim.source.id,
        "from": claim.source.kind,
        "verification": claim.verification,
    }


def fresh_until(field: Field, at: datetime) -> date | None:
    """The last day on which a value said at a moment is current; None: for ever."""
    return at.date() + timedelta(days=field.freshness_days) if field.freshness_days else None


def is_stale(field: Field, at: datetime, today: date) -> bool:
    """Whether a value is older than its field stays fresh."""
    last = fresh_until(field, at)
    return last is not None and today > last


def is_outdated(field: Field, claim: Claim, newest: datetime) -> bool:
    """Whether a claim is too old beside the newest of its field."""
    return bool(field.freshness_days) and newest - claim.at > timedelta(days=field.freshness_days)


def rank(field: Field, claim: Claim, newest: datetime) -> tuple[Any, ...]:
    """By which the greatest claim stands."""
    return (
        not is_outdated(field, claim, newest),
        STRENGTH[claim.verification],
        claim.at,
        TRUST[claim.source.kind],
        claim.source.reference,
        as_text(claim.value),
        claim.id,
    )


def as_text(value: Any) -> bytes:
    """A value in one spelling."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def standing(field: Field, claims: Sequence[Claim]) -> list[Claim]:
    """Live claims of one field, the one that stands first."""
    live = [claim for claim in claims if claim.is_live]
    if not live:
        return []
    newest = max(claim.at for claim in live)
    return sorted(live, key=lambda claim: rank(field, claim, newest), reverse=True)


def reconcile(kind: EntityKind, claims: Iterable[Claim]) -> Golden:
    """What stands for an entity, of all its claims; claims of fields that the kind does not have stand for nothing."""
    fields = fields_of(kind)
    by_field: dict[str, list[Claim]] = {}
    for claim in claims:
        if claim.field in fields:
            by_field.setdefault(claim.field, []).append(claim)
    ranked = {name: standing(field, by_field.get(name, ())) for name, field in fields.items()}
    return Golden(kind, {name: found[0] for name, found in ranked.items() if found})


def why(field: Field, claims: Iterable[Claim]) -> Why:
    """Why a field has its value, of the claims of its entity."""
    mine = [claim for claim in claims if claim.field == field.name]
    ranked = standing(field, mine)
    winner = ranked[0] if ranked else None
    newest = max((claim.at for claim in ranked), default=None)
    losers = [Loser(claim, against(field, winner, claim, newest)) for claim in ranked[1:]]
    losers += [Loser(claim, "erased" if claim.erased_at else "withdrawn") for claim in mine if not claim.is_live]
    return Why(field, winner, tuple(losers), *sentences(field, winner, losers))


def against(field: Field, winner: Claim | None, loser: Claim, newest: datetime | None) -> Reason:
    """The first rule by which a live claim comes after the winner."""
    assert winner is not None
    assert newest is not None
    if as_text(loser.value) == as_text(winner.value):
        return "same"
    if is_outdated(field, loser, newest):
        return "outdated"
    if STRENGTH[loser.verification] < STRENGTH[winner.verification]:
        return "unverified" if loser.verification == "none" else "weaker"
    if loser.at < winner.at:
        return "older"
    return "source" if TRUST[loser.source.kind] < TRUST[winner.source.kind] else "tie"


PROOF: Final = {
    "none": ("未核验", "unverified"),
    "sms": ("短信核验", "verified by SMS"),
    "worker": ("网格员当面核实", "confirmed in person by a grid worker"),
    "department": ("部门核验", "verified by a department"),
    "document": ("证件核验", "verified by a document"),
    "face": ("人脸核验", "verified by face"),
}
ORIGIN: Final[Mapping[SourceKind, tuple[str, str]]] = {
    "form": ("表单", "a form"),
    "channel": ("渠道", "a channel"),
    "import": ("导入", "an import"),
    "department": ("部门", "a department"),
    "resident": ("本人更正", "the resident"),
    "worker": ("网格员", "a grid worker"),
}
BECAUSE: Final[Mapping[Reason, tuple[str, str]]] = {
    "withdrawn": ("{n} 条已撤回", "{n} withdrawn"),
    "erased": ("{n} 条已删除", "{n} erased"),
    "outdated": ("{n} 条已过保鲜期", "{n} outdated by a newer one"),
    "unverified": ("{n} 条未经核验", "{n} unverified"),
    "weaker": ("{n} 条核验方式较弱", "{n} with weaker proof"),
    "older": ("{n} 条较旧", "{n} older"),
    "source": ("{n} 条同时同级、来源次之", "{n} equal, from a source of lower order"),
    "same": ("{n} 条与之一致", "{n} in agreement"),
    "tie": ("{n} 条同时同级", "{n} equal in all"),
}


def sentences(field: Field, winner: Claim | None, losers: Sequence[Loser]) -> tuple[str, str]:
    """Why, in Chinese and English."""
    counts: dict[Reason, int] = {}
    for loser in losers:
        counts[loser.reason] = counts.get(loser.reason, 0) + 1
    order: list[Reason] = [reason for reason in BECAUSE if reason in counts]
    rest_zh = "；".join(BECAUSE[reason][0].format(n=counts[reason]) for reason in order)
    rest_en = "; ".join(BECAUSE[reason][1].format(n=counts[reason]) for reason in order)
    if winner is None:
        return (
            f"{field.zh}：没有可用的说法" + (f"（{rest_zh}）" if rest_zh else ""),
            f"{field.en}: no claim stands" + (f" ({rest_en})" if rest_en else ""),
        )
    day, proof, origin = winner.at.date().isoformat(), PROOF[winner.verification], ORIGIN[winner.source.kind]
    label = winner.source.label or winner.source.reference
    zh = f"采用{origin[0]}「{label}」{day}的值，{proof[0]}"
    en = f"Taken from {origin[1]} “{label}” of {day}, {proof[1]}"
    return zh + (f"；另有 {rest_zh}" if rest_zh else ""), en + (f"; besides {rest_en}" if rest_en else "")
