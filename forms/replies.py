"""What a resident reads of their report: the steps of its case in plain words' keys, the promised time, what they can do next."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import orjson

from data.stores.residents import NowRow, StepRow, UntoldRow
from forms.words import steps as plain_steps

REOPEN_WITHIN: Final = timedelta(days=15)
"""As the case protocol's: a reporter may say for so long that it is not solved."""


def story(row: UntoldRow, steps: Sequence[StepRow], now: NowRow) -> bytes:
    """The reply's JSON: {v, number, matter: {zh, en}, state, steps: [[Unix s, state]], department, due, closed, reopen_until}."""
    closed = now.closed_at if now.state in ("closed", "forced_closed") else None
    return orjson.dumps(
        {
            "v": 1,
            "number": row.number,
            "matter": {"zh": row.matter_zh, "en": row.matter_en},
            "state": now.state,
            "steps": told_steps(steps),
            "department": {"zh": now.department_zh, "en": now.department_en} if now.department_zh else None,
            "due": None if closed else _seconds(now.due_at),
            "closed": _seconds(closed),
            "reopen_until": _seconds(closed + REOPEN_WITHIN) if closed and now.state == "closed" else None,
        }
    )


def received(received_at: float) -> bytes:
    """The receipt, before there is a case."""
    return orjson.dumps({"v": 1, "state": "reported", "steps": [[int(received_at), "reported"]]})


def refused(why: str) -> bytes:
    """The answer to "not solved" where the case is not taken up again. ``why``: late, used_up, not_closed."""
    return orjson.dumps({"v": 1, "refused": why, "days": REOPEN_WITHIN.days})


def told_steps(steps: Sequence[StepRow]) -> list[tuple[int, str]]:
    """Moves from state to state; what stays in a state, or says the same in plain words, is no step."""
    told: list[tuple[int, str]] = []
    for step in steps:
        if not told or plain_steps()[step.to_state].zh != plain_steps()[told[-1][1]].zh:
            told.append((int(step.at.timestamp()), step.to_state))
    return told


def _seconds(moment: datetime | None) -> int | None:
    return int(moment.timestamp()) if moment else None
