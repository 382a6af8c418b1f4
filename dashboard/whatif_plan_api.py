"""``/api/whatif``: what a plan can change: teams, hours, rules checked against the city, boundaries brought to be tried."""

import asyncio
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from dashboard.asking import Filter
from dashboard.desk_api import TheDesk
from dashboard.desk_state import as_json
from dashboard.hotspots_api import named_filters
from dashboard.i18n import language_of
from dashboard.view_models.snapshot import ground_as_json
from dashboard.wall_state import this_second
from dashboard.whatif import view
from dashboard.whatif.asked import DAY, LONGEST_RULES, invalid
from dashboard.whatif.asking import Planner, Said, TheStages, TheWall
from data.database import connect
from data.stores import what_ifs as store
from data.stores.rulebook import load_departments
from dispatch.rule_words import say as say_rule
from dispatch.rules import check_rules, parse_rules
from dispatch.what_if_stage import codes_of
from geo.errors import NeedleError
from geo.files import read_layer_file
from geo.layers import make_layer

DAYS: Final = 30
LARGEST_FILE: Final = 30_000_000

router = APIRouter()


@router.get("/api/whatif")
async def plan(
    request: Request, wall: TheWall, stages: TheStages, desk: TheDesk, where: Filter, _account: Planner
) -> Response:
    """What a plan begins with: the city, its teams and their hours, rules and layers, and how many cases the period has."""
    now, ground = this_second(), await wall.ground()
    whole = ground_as_json(ground)
    said = {
        "now": now,
        "timezone": ground.timezone,
        "ground": {key: whole[key] for key in ("version", "city", "layers", "attributions")},
    }
    if ground.city is None:
        return as_json(said | {"teams": [], "departments": [], "layers": [], "cases": 0})
    since, until = window_of(request, now)
    stage = await stages.stage()
    language = language_of(request.query_params.get("lang"))
    name = (await desk.names()).namer(language)
    rows = wall.fitting(replace(where, reported_from=since, reported_to=until, box=None), now)
    used = sorted({team.department for team in stage.teams}, key=lambda code: name("department", code))
    return as_json(
        said
        | {
            "since": since,
            "until": until,
            "cases": int(rows.sum()),
            "filters": named_filters(replace(where, reported_from=None, reported_to=None, box=None), name),
            "teams": [view.team_as_json(team) for team in stage.teams],
            "departments": [[code, name("department", code)] for code in used],
            "tried": [layer.name for layer in stage.atlas.layers],
            "rules": len(stage.rules.rules),
        }
    )


def window_of(request: Request, now: int) -> tuple[int, int]:
    """``since`` and ``until`` in Unix seconds, or the last ``days``."""
    query = request.query_params
    said = [query.get("since", ""), query.get("until", ""), query.get("days") or str(DAYS)]
    if not all(text.isascii() and text.isdigit() and len(text) < 12 for text in said if text):
        raise invalid("since")
    until = int(said[1]) if said[1] else now - now % 60 + 60
    since = int(said[0]) if said[0] else until - max(1, int(said[2])) * DAY
    if not 0 < until - since <= 20 * 366 * DAY:
        raise invalid("since")
    return since, until


@router.get("/api/whatif/rules")
async def rules(stages: TheStages, _account: Planner) -> Response:
    """The text of the rules in force, to begin with."""
    return as_json({"text": (await stages.stage()).rules.body})


@router.post("/api/whatif/rules")
async def check(stages: TheStages, desk: TheDesk, _account: Planner, said: Said, lang: str = "zh") -> Response:
    """Check a text of rules against the city: ``problems`` by line, or every rule ``said`` in words."""
    text, language, stage = said.get("text"), language_of(lang), await stages.stage()
    if not (isinstance(text, str) and len(text) <= LONGEST_RULES):
        raise invalid("rules")
    try:
        ruleset = parse_rules(text)
    except NeedleError as error:
        found = list(error.context.get("problems", []))
        return as_json({"problems": [[one.line, one.sentence(language)] for one in found], "said": []})
    name = (await desk.names()).namer(language)
    codes = await asyncio.to_thread(department_codes, stages.url)
    found = check_rules(ruleset, stage.matters, codes, codes_of(stage.atlas.layers))
    named = {code: name("department", code) for code in codes}
    named |= {
        f"{layer.name}:{code}": title
        for layer in stage.atlas.layers
        for code, title in zip(layer.codes, layer.names, strict=True)
    }
    named |= {key: name("matter", number) for key, number in zip(stage.matters, stage.matter_ids, strict=True)}
    return as_json(
        {
            "problems": [[one.line, one.sentence(language)] for one in found],
            "said": [say_rule(rule, language, named) for rule in ruleset.rules],
        }
    )


def department_codes(url: str) -> list[str]:
    """Every department of the city."""
    with connect(url) as connection:
        return [row.code for row in load_departments(connection)]


@router.post("/api/whatif/boundaries")
async def bring(
    request: Request, stages: TheStages, account: Planner, layer: str, file: str, code: str = "code", crs: str = "wgs84"
) -> Response:
    """Bring boundaries to be tried for a layer: the file as the body, ``file`` its name, ``code`` its field of codes."""
    content, stage = await request.body(), await stages.stage()
    if len(content) > LARGEST_FILE:
        raise NeedleError("what_if.large_file", megabytes=LARGEST_FILE // 1_000_000)
    now = {one.name: one for one in stage.atlas.layers}
    if layer not in now:
        raise NeedleError("what_if.unknown_layer", layer=layer, known=", ".join(now))

    def keep_it() -> dict[str, Any]:
        with tempfile.TemporaryDirectory(prefix="needle-whatif-") as folder:
            path = Path(folder) / Path(file).name
            path.write_bytes(content)
            made, repaired = make_layer(read_layer_file(path, crs), layer, code)
        with connect(stages.url) as connection:
            number = store.keep_tried_layer(connection, account.username, made, Path(file).name)
        gone = sorted(set(now[layer].codes) - set(made.codes))
        new = sorted(set(made.codes) - set(now[layer].codes))
        repairs = sum(len(one.rows) for one in repaired.repairs)
        return {"id": number, "layer": layer, "areas": len(made), "gone": gone, "new": new, "repaired": repairs}

    return as_json(await asyncio.to_thread(keep_it), 201)
