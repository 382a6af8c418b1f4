"""Who gets one case at a spot, by what a worker holds of its city; and what is kept of that decision."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from data.stores.cases import DecisionRow
from dispatch.commands import Command
from dispatch.ground import Ground
from dispatch.match_values import Decision
from dispatch.matters import Matter
from dispatch.spots import Spot, other_sides

Doubts = list[dict[str, Any]]


def decide_spot(ground: Ground, matter: str, spot: Spot) -> Decision | None:
    """Decide, and count the task for the team at once: the next case must see it. None without rules or a place."""
    if ground.matcher is None or spot.place is None or spot.lng is None or spot.lat is None:
        return None
    decision = ground.matcher.decide(matter, spot.lng, spot.lat, spot.place)
    if decision.team_id is not None:
        team = ground.matcher.teams[ground.matcher.columns.index[decision.team_id]]
        ground.matcher.update_team(replace(team, load=team.load + 1))
    return decision


def doubts_of(ground: Ground, matter: str, spot: Spot, decision: Decision) -> Doubts:
    """The other sides of near borders where another department or team would act: for who confirms the place."""
    if ground.matcher is None or spot.place is None or spot.lng is None or spot.lat is None:
        return []
    doubts = []
    for layer, place in other_sides(spot.place, ground.atlas, spot.uncertainty_m):
        other = ground.matcher.decide(matter, spot.lng, spot.lat, place)
        if (other.department, other.team_id) != (decision.department, decision.team_id):
            k = ground.atlas.names.index(layer)
            code = ground.atlas.layers[k].codes[place.indices[k]]
            doubts.append({"layer": layer, "code": code, "department": other.department, "team": other.team_id})
    return doubts


def dispatch_command(decision: Decision, doubts: Sequence[dict[str, Any]]) -> Command:
    """The system sends a case where a decision says."""
    data: dict[str, Any] = {"department": decision.department, "team": decision.team_id}
    if doubts:
        data["doubts"] = list(doubts)
    return Command("dispatch", "system", data=data)


def commands_ahead(matter: Matter, decision: Decision | None, doubts: Sequence[dict[str, Any]]) -> list[Command]:
    """What the machine does by itself with a reported case whose place and matter are known.

    It takes the case in, files it under the first condition, and sends it where a team was found.
    """
    limit, number = matter.limit_of(None)
    urgent = decision is not None and decision.urgent
    filing = {"condition": number, "limit": {"value": limit.value, "unit": limit.unit}, "urgent": urgent}
    commands = [Command("accept", "system"), Command("file", "system", data=filing)]
    if decision is not None and decision.team_id is not None:
        commands.append(dispatch_command(decision, doubts))
    return commands


def decision_row(case_id: int, decision: Decision, rule_set_id: int, now: datetime) -> DecisionRow:
    """A decision as it is kept."""
    return DecisionRow(
        case_id=case_id,
        at=now,
        rule_set_id=rule_set_id,
        rule=decision.rule,
        outcome=decision.outcome,
        team_id=decision.team_id,
        department_code=decision.department,
        goes_up_to=decision.goes_up_to,
        travel_s=decision.travel_s,
        candidates=decision.candidates_json(),
    )
