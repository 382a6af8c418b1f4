"""The whistle board: the open whistles, and those that ended lately, as cards in the columns of how far they are. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from dashboard.i18n import Words
from dashboard.view_models.desk_columns import Namer
from dashboard.view_models.desk_rows import seconds
from data.stores.whistles import OpenWhistle
from dispatch.states import states

COLUMNS: Final = ("silent", "blown", "answering", "on_site", "finished")
"""Silent or refused comes first: there somebody has to decide. Finished waits for the street, or has its word."""


def column_of(parties: Sequence[OpenWhistle], now: datetime) -> str:
    """How far a whistle is; ``parties`` are its lines, at least one."""
    first = parties[0]
    if first.ended_at is not None or first.state == "handled":
        return "finished"
    if any(p.party_state == "refused" or is_silent(p, now) for p in parties):
        return "silent"
    if any(p.arrived_at is not None for p in parties):
        return "on_site"
    return "answering" if any(p.party_state in ("answered", "finished") for p in parties) else "blown"


def is_silent(party: OpenWhistle, now: datetime) -> bool:
    """Called, and its time to answer is over."""
    return party.party_state == "called" and party.answer_by is not None and now > party.answer_by


def cards(lines: Iterable[OpenWhistle], say: Words, name: Namer, now: datetime) -> list[dict[str, Any]]:
    """Every whistle as a card, in the order of the lines: the longest silent first."""
    whole: dict[tuple[int, int], list[OpenWhistle]] = {}
    for line in lines:
        whole.setdefault((line.case_id, line.number), []).append(line)
    return [card(parties, say, name, now) for parties in whole.values()]


def card(parties: Sequence[OpenWhistle], say: Words, name: Namer, now: datetime) -> dict[str, Any]:
    """One whistle: case, purpose, moments in Unix seconds, each department with what it did."""
    first = parties[0]
    state = states()[first.state]
    return {
        "case": first.case_id,
        "number": first.case_number,
        "title": first.title,
        "state": say.pick(state.name_zh, state.name_en),
        "street": name("area:subdistrict", first.street),
        "purpose": say(f"purpose.{first.purpose}"),
        "emergency": first.purpose == "emergency",
        "column": column_of(parties, now),
        "called": seconds(first.called_at),
        "answer_by": seconds(first.answer_by),
        "arrive_by": seconds(first.arrive_by),
        "ended": seconds(first.ended_at),
        "stage": first.stage if first.ended_at is None else 0,
        "escalation": say(f"whistles.stage.{first.stage}") if first.stage and first.ended_at is None else None,
        "at": None if first.lng is None or first.lat is None else [first.lng, first.lat],
        "parties": [party(line, say, name, now) for line in parties],
    }


def party(line: OpenWhistle, say: Words, name: Namer, now: datetime) -> dict[str, Any]:
    """One called department: how it stands, and when it answered, came and finished."""
    standing = "silent" if is_silent(line, now) and line.ended_at is None else line.party_state
    shown = "arrived" if standing == "answered" and line.arrived_at is not None else standing
    return {
        "name": name("department", line.department_code),
        "code": line.department_code,
        "lead": line.lead,
        "standing": shown,
        "said": say(f"whistles.party.{shown}"),
        "team": None if line.team_id is None else name("team", line.team_id),
        "answered": seconds(line.answered_at),
        "arrived": seconds(line.arrived_at),
        "metres": None if line.distance_m is None else round(line.distance_m),
        "finished": seconds(line.finished_at),
    }


def score_rows(scores: Mapping[str, Mapping[str, Any]], name: Namer) -> dict[str, list[dict[str, Any]]]:
    """双考核 as two tables: shares as [how many, of how many], the busiest first."""
    streets = [
        {"name": name("area:subdistrict", code), "whistles": score["whistles"], "calls": pair(score["calls"])}
        for code, score in scores["streets"].items()
    ]
    departments = [
        {"name": name("department", code), **{key: pair(score[key]) for key in ("answered", "arrived", "done")}}
        for code, score in scores["departments"].items()
    ]
    return {
        "streets": sorted(streets, key=lambda row: (-row["whistles"], row["name"])),
        "departments": sorted(departments, key=lambda row: (-row["answered"][1], row["name"])),
    }


def pair(share: Mapping[str, int]) -> list[int]:
    """A share as two numbers."""
    return [share["good"], share["of"]]
