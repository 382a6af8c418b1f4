"""What the desk's forms choose from, in words: teams with their way and load, filing conditions with their limits."""

from collections.abc import Mapping
from typing import Any

from dashboard.i18n import Words
from dashboard.view_models.wording import say_distance
from data.stores.desk_cases import FoundTeam
from dispatch.matters import FilingCondition


def team_choice(team: FoundTeam, say: Words) -> dict[str, Any]:
    """A team as a line to choose: name, department, how far, how busy; whether its department has the power there."""
    department = say.pick(team.department_zh, team.department_en)
    far = [] if team.distance_m is None else [say_distance(team.distance_m, say)]
    load = say("choice.load", load=team.load, capacity=team.capacity)
    power = [] if team.empowered else [say("choice.no_power")]
    return {
        "id": team.id,
        "name": team.name,
        "department": team.department,
        "text": " · ".join([department, *far, load, *power]),
        "empowered": team.empowered,
        "full": team.load >= team.capacity,
    }


def condition_choice(condition: FilingCondition, say: Words) -> list[Any]:
    """A filing condition: its number, its words with the limit that it sets."""
    limit = say(f"limit.{condition.limit.unit}", n=f"{condition.limit.value:g}")
    return [condition.number, say("choice.condition", condition=condition.condition, limit=limit)]


def suggested_matter(one: Mapping[str, Any], say: Words) -> list[Any]:
    """A matter that the reporter's words suggest: key, name, and which of the words spoke for it."""
    spoke = say("hot.comma").join(one["words"])
    return [one["matter"], say.pick(one["name_zh"], one["name_en"]), say("choice.suggested", words=spoke)]
