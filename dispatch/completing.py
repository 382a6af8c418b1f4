"""A command completed with what only the database knows, before the protocol judges it: limits, distances, the witness."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np

from data.stores import cases, reference
from data.stores.cases import AsyncConnection
from data.stores.merges import load_facts, load_main, lock_cases
from data.stores.nearby import grid_workers_near, load_own
from dispatch.case import CLASSIFIED, Case
from dispatch.commands import Command
from dispatch.correcting import POINT
from dispatch.duplicates import check_merge, metres_between
from dispatch.matters import UNCLASSIFIED
from dispatch.reference import matter_of
from dispatch.whistle_guards import arrival
from dispatch.witness import choose_verifier
from geo.crs import check_lnglat, parse_crs
from geo.errors import NeedleError


async def completed(connection: AsyncConnection, case: Case, command: Command, now: datetime) -> Command:
    """The command with what it leaves open.

    *accept* may name the ``matter`` (key), and must for a case that nobody could classify. *file* gets the limit of the
    condition that it names (the first where it names none), *arrive* its place in WGS84 and the distance to the case,
    *request_check* the grid worker who is asked, *merge* the distance to its main case.

    Raises
    ------
    NeedleError
        ``case.command_invalid``, ``coordinate.…``, ``crs.…`` for a place that cannot be believed; ``merge.…``.
    """
    if CLASSIFIED in command.data:
        raise NeedleError("case.command_invalid", problem=f"{CLASSIFIED}: matter")
    completes = {
        "accept": _accept,
        "file": _file,
        "arrive": _arrive,
        "request_check": _request_check,
        "merge": _merge,
    }.get(command.action)
    if completes is None:
        return command
    return replace(command, data=await completes(connection, case, command.data, now))


async def _accept(
    connection: AsyncConnection, case: Case, data: Mapping[str, Any], _now: datetime
) -> Mapping[str, Any]:
    """What it is about: said by the operator, or known already."""
    key = data.get("matter")
    row = await reference.load_matter(connection, await cases.matter_of_case(connection, case.id))
    if key is None:
        if matter_of(row).key == UNCLASSIFIED.key:
            raise NeedleError("case.matter_missing")
        return data
    if not isinstance(key, str):
        raise NeedleError("case.command_invalid", problem="matter: key")
    found = await reference.matter_by_key(connection, key)
    title = await cases.retitled(connection, case.id, found.name_zh)
    return {**data, CLASSIFIED: {"id": found.id, "key": key, "title": title}}


async def _file(connection: AsyncConnection, case: Case, data: Mapping[str, Any], _now: datetime) -> Mapping[str, Any]:
    if "limit" in data:
        return data
    matter = matter_of(await reference.load_matter(connection, await cases.matter_of_case(connection, case.id)))
    limit, number = matter.limit_of(data.get("condition"))
    return {**data, "condition": number, "limit": {"value": limit.value, "unit": limit.unit}}


async def _arrive(
    connection: AsyncConnection, case: Case, data: Mapping[str, Any], _now: datetime
) -> Mapping[str, Any]:
    place = place_of(data)
    own = await load_own(connection, case.id)
    return arrival(data, place, metres_between((place["lng"], place["lat"]), own.point if own else None))


def place_of(data: Mapping[str, Any]) -> dict[str, Any]:
    """The point that somebody sends (``lng``, ``lat``, ``crs``, ``accuracy_m``) in WGS84, with what was sent.

    Raises
    ------
    NeedleError
        ``case.command_invalid`` for what is no number, ``crs.…``, ``coordinate.…``.
    """
    x, y, accuracy = data.get("lng"), data.get("lat"), data.get("accuracy_m", 0)
    if any(isinstance(v, bool) or not isinstance(v, int | float) for v in (x, y, accuracy)) or accuracy < 0:
        raise NeedleError("case.command_invalid", problem="lng, lat, accuracy_m: number")
    crs, east, north = parse_crs(data.get("crs"), "crs"), np.array([x], np.float64), np.array([y], np.float64)
    lng, lat = crs.to_wgs84(east, north)
    given = str(check_lnglat(east, north)[0]) if crs.is_degrees else ""
    problem = given or str(check_lnglat(lng, lat)[0])
    if problem:
        raise NeedleError(problem, x=x, y=y)
    sent = {name: data[name] for name in POINT if name in data}
    return {"lng": float(lng[0]), "lat": float(lat[0]), "accuracy_m": float(accuracy), "sent": sent}


async def _request_check(
    connection: AsyncConnection, case: Case, data: Mapping[str, Any], now: datetime
) -> Mapping[str, Any]:
    if "verifier" in data:
        return data
    own = await load_own(connection, case.id)
    point = own.point if own is not None else None
    near = await grid_workers_near(connection, point, now) if point is not None else []
    verifier = choose_verifier(case.reporter, near, case.handlers)
    return data if verifier is None else {**data, "verifier": verifier}


async def _merge(connection: AsyncConnection, case: Case, data: Mapping[str, Any], _now: datetime) -> Mapping[str, Any]:
    main = data.get("main_case")
    if not isinstance(main, int) or isinstance(main, bool) or main == case.id:
        raise NeedleError("case.main_case_missing")
    await lock_cases(connection, (case.id, main))
    facts = await load_facts(connection, (case.id, main))
    if main not in facts or case.id not in facts:
        raise NeedleError("case.unknown", case_id=main)
    metres = check_merge(facts[case.id], facts[main], await load_main(connection, main) is not None)
    return {**data, "distance_m": None if metres is None else round(metres, 1), "main_number": facts[main].number}
