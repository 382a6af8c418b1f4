"""The wall's data as JSON: one snapshot when a wall opens, the same shapes again in live messages.

Names travel as ``[zh, en]``, times as Unix seconds, points as longitude and latitude (WGS84).
"""

from datetime import datetime
from typing import Any

from dashboard.wall_state import Ground
from data.mirror.alarms import Alarm
from data.mirror.tones import TONES, tone_of
from data.stores.overview import CaseRow, StateRow, TeamRow


def seconds(moment: datetime | None) -> int | None:
    """Unix seconds of a moment."""
    return None if moment is None else int(moment.timestamp())


def tone(state: StateRow) -> str:
    """The tone of a state: new, work, check or done."""
    return TONES[tone_of(state.stage, terminal=state.terminal)]


def case_as_json(row: CaseRow, place_layer: str) -> dict[str, Any]:
    """A case as lists and live messages carry it; ``area`` is its area of ``place_layer``."""
    return {
        "id": row.id,
        "seq": row.seq,
        "number": row.number,
        "title": row.title,
        "matter": [row.matter_zh, row.matter_en],
        "matter_id": row.matter_id,
        "channel": row.channel,
        "address": row.address,
        "area": row.areas.get(place_layer),
        "areas": row.areas,
        "at": None if row.lng is None else [round(row.lng, 6), round(row.lat or 0.0, 6)],
        "state": row.state,
        "urgent": row.urgent,
        "department": row.department_code,
        "team_id": row.team_id,
        "team": row.team,
        "reported": seconds(row.reported_at),
        "due": seconds(row.due_at),
        "closed": seconds(row.closed_at),
        "updated": row.updated_at.timestamp(),
    }


def alarm_as_json(alarm: Alarm, row: CaseRow, place_layer: str) -> dict[str, Any]:
    """A case that sounds an alarm, why, and since when."""
    return {**case_as_json(row, place_layer), "cause": alarm.cause, "since": alarm.since}


def teams_as_json(teams: list[TeamRow]) -> list[dict[str, Any]]:
    """Teams as the map draws them."""
    return [
        {
            "id": team.id,
            "name": team.name,
            "department": [team.department_zh, team.department_en],
            "at": [round(team.lng, 6), round(team.lat, 6)],
            "on_duty": team.on_duty,
            "shift_end": seconds(team.shift_end),
            "load": team.load,
            "capacity": team.capacity,
            "task": team.task,
            "task_title": None if team.task is None else [team.task_zh, team.task_en],
            "task_at": None if team.task_lng is None else [round(team.task_lng, 6), round(team.task_lat or 0.0, 6)],
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
        "attributions": ground.attributions,
        "place_layer": ground.place_layer,
        "areas": ground.areas,
        "channels": ground.words.channels,
        "matters": ground.words.matters,
        "majors": ground.words.majors,
        "matter_majors": ground.words.major_of,
        "departments": ground.words.departments,
        "states": {s.code: {"name": [s.name_zh, s.name_en], "tone": tone(s)} for s in ground.states},
    }
