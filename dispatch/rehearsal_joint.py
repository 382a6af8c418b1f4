"""What the people of the demo city do when a street whistles: who is called, who comes, who finishes when."""

import random
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from dispatch.rehearsal_moves import Move

REFUSED_SHARE = 0.15
WITHIN = timedelta(minutes=45)
PURPOSES = ("joint_enforcement", "hard_matter", "emergency")


def whistle_move(case: Mapping[str, Any], known: Collection[str], chance: random.Random, now: datetime) -> Move | None:
    """A street calls the department that has the case and two others; None where it knows too few.

    Parameters
    ----------
    case : mapping
        ``department_code`` and ``areas`` as ``GET /api/cases/{id}`` gives them.
    known : collection of str
        Departments that the people have met.
    """
    lead, street = case["department_code"], case["areas"].get("subdistrict")
    others = sorted(set(known) - {lead})
    if street is None or len(others) < 2:
        return None
    called = {
        "purpose": chance.choice(PURPOSES),
        "departments": [lead, *chance.sample(others, 2)],
        "lead": lead,
        "arrive_by": (now + WITHIN).isoformat(),
    }
    return Move("whistle", f"street:{street}", "需多部门综合执法", called)


def next_joint_move(case: Mapping[str, Any], whistle: Mapping[str, Any], chance: random.Random) -> Move | None:
    """What is done next on an open whistle; None where it is left to a real person.

    Parameters
    ----------
    case : mapping
        ``state``, ``lng`` and ``lat``.
    whistle : mapping
        The last of ``whistles``, with its ``parties``, the lead first.
    """
    if case["state"] == "handled":
        return Move("confirm", f"street:{whistle['street']}")
    for party in whistle["parties"]:
        move = _party_move(case, party, chance)
        if move is not None:
            return move
    helpers = [p for p in whistle["parties"] if not p["lead"] and p["state"] == "answered"]
    if helpers:
        return Move("finish_part", f"department:{helpers[0]['department_code']}")
    return Move("finish_jointly", f"department:{whistle['parties'][0]['department_code']}")


def _party_move(case: Mapping[str, Any], party: Mapping[str, Any], chance: random.Random) -> Move | None:
    who, code = f"department:{party['department_code']}", party["department_code"]
    if party["state"] == "called":
        refuses = not party["lead"] and chance.random() < REFUSED_SHARE
        return Move("refuse_whistle", who, "不属于本部门职责") if refuses else Move("answer_whistle", who)
    if party["state"] == "refused":
        return Move("release_whistle", "centre:01", "经核实确不属其职责", {"department": code})
    if party["state"] == "answered" and party["arrived_at"] is None and case.get("lng") is not None:
        place = {"lng": case["lng"] + 2e-5 * chance.random(), "lat": case["lat"], "crs": "wgs84", "accuracy_m": 10}
        return Move("arrive", who, None, place)
    return None
