"""The wall's data as JSON: one snapshot when a wall opens, the same shapes again in live messages.

Names travel as ``[zh, en]``, times as Unix seconds, points as longitude and latitude (WGS84).
"""

from datetime import datetime
from typing import Any

from dashboard.wall_state import Ground
from data.stores.overview import CaseRow, Figures, StateRow, TeamRow

TONES = {
    "collection": "new",
    "filing": "new",
    "dispatch": "work",
    "handling": "work",
    "whistle": "work",
    "evaluation": "work",
    "feedback": "check",
    "verification": "check",
}
"""Stage -> the tone in which the map and the lists paint a case; whatever is terminal is ``done``."""


def seconds(moment: datetime | None) -> int | None:
    """Unix seconds of a moment."""
    return None if moment is None else int(moment.timestamp())


def tone(state: StateRow) -> str:
    """The tone of a state: new, work, check or done."""
    return "done" if state.terminal else TONES.get(state.stage, "new")


def case_as_json(row: CaseRow) -> dict[str, Any]:
    """A case as lists and live messages carry it."""
    return {
        "id": row.id,
        "number": row.number,
        "title": row.title,
        "matter": [row.matter_zh, row.matter_en],
        "channel": row.channel,
        "address": row.address,
        "area": row.area,
        "at": None if row.lng is None else [round(row.lng, 6), round(row.lat or 0.0, 6)],
        "state": row.state,
        "urgent": row.urgent,
        "team_id": row.team_id,
        "team": row.team,
        "reported": seconds(row.reported_at),
        "due": seconds(row.due_at),
        "closed": seconds(row.closed_at),
        "updated": row.updated_at.timestamp(),
    }


def figures_as_json(figures: Figures) -> dict[str, Any]:
    """The key figures under ``figures``, and the nearest deadline as the moment it is."""
    return {
        "figures": {
            "today": figures.today,
            "open": figures.open,
            "overdue": figures.overdue,
            "urgent": figures.urgent,
            "undispatched": figures.undispatched,
            "tightest": seconds(figures.tightest_at),
            "dispatched": figures.dispatch_s,
            "late": figures.on_time,
            "closed": figures.closed_today,
        }
    }


def teams_as_json(teams: list[TeamRow]) -> list[dict[str, Any]]:
    """Teams as the map draws them."""
    return [
        {
            "id": team.id,
            "name": team.name,
            "department": [team.department_zh, team.department_en],
            "at": [round(team.lng, 6), round(team.lat, 6)],
            "on_duty": team.on_duty,
            "load": team.load,
            "capacity": team.capacity,
            "task": team.task,
        }
        for team in teams
    ]


def ground_as_json(ground: Ground) -> dict[str, Any]:
    """The city, its layers and every name that cases refer to by code."""
    city = ground.city
    return {
        "version": ground.version,
        "city": None
        if city is None
        else {
            "name": [city.name_zh, city.name_en],
            "timezone": city.timezone,
            "bounds": city.bounds,
            "view": city.settings.get("view"),
        },
        "layers": [
            {
                "name": layer.name,
                "kind": layer.kind,
                "title": [layer.title_zh, layer.title_en],
                "rank": layer.rank,
                "polygons": layer.polygons,
            }
            for layer in ground.layers
        ],
        "place_layer": ground.place_layer,
        "areas": ground.areas,
        "channels": ground.channels,
        "matters": ground.matters,
        "states": {s.code: {"name": [s.name_zh, s.name_en], "tone": tone(s)} for s in ground.states},
    }
