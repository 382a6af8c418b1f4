"""A what-if as a job: past cases from the mirror, both sides replayed, held against each other, kept."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from dashboard import jobs
from dashboard.jobs import Jobs, Stopped, run
from dashboard.whatif.asked import Asked, asked_as_json
from dashboard.whatif.cells import cells_as_json, cells_of
from data.database import connect
from data.mirror.columns import CaseMirror
from data.mirror.inside import mercator_degrees
from data.stores.reference import load_matters
from data.stores.rulebook import load_departments
from data.stores.what_ifs import keep_what_if, load_tried_layer
from dispatch.rules import check_rules, parse_rules, rules_invalid
from dispatch.what_if import PastCases, replay
from dispatch.what_if_changes import Changes, Stage, side_as_is, side_with
from dispatch.what_if_compare import Comparison, compare
from dispatch.what_if_stage import codes_of, matter_indices
from geo.errors import NeedleError
from geo.stats.bootstrap import Interval

Bools = np.ndarray[tuple[int], np.dtype[np.bool_]]
LISTED_TEAMS: Final = 400
MINUTE: Final = 60


@dataclass(kw_only=True)
class Run(jobs.Job):
    """One what-if under way. ``made``: its id, once it is kept; ``result``: of other work, what came of it."""

    made: int | None = None
    answer: dict[str, Any] | None = None

    @property
    def finished(self) -> bool:
        """Whether it is kept."""
        return self.made is not None or self.answer is not None

    def result(self) -> dict[str, Any]:
        """Its id, or what it found."""
        return {"made": self.made} if self.answer is None else {"answer": self.answer}


class Runs(Jobs[Run]):
    """The what-ifs of one process."""

    def begin(self, owner: int, work: Callable[[Run], None]) -> dict[str, Any]:
        """Start one in a thread; what its watcher is told at first."""
        job_id = self.start(lambda _path: Run(owner=owner), lambda job: run(job, work))
        return self.jobs[job_id].as_dict(job_id)


@dataclass(frozen=True)
class Order:
    """What a job is given besides the question. ``rows``: of the mirror; ``scope``, ``where``: as addresses write them."""

    url: str
    owner: str
    scope: str
    where: Mapping[str, str]
    stage: Stage
    mirror: CaseMirror
    rows: Bools = field(repr=False)


def work_of(order: Order, asked: Asked) -> Callable[[Run], None]:
    """What the job does."""

    def work(job: Run) -> None:
        stage, (cases, hexes) = order.stage, past_of(order)
        if not len(cases):
            raise NeedleError("what_if.no_cases")
        job.tell(0, 2 * len(cases))
        sides = side_as_is(stage), side_with(stage, changes_of(order, asked))
        before = replay(sides[0], cases, lambda done, _total: job.tell(done, 2 * len(cases)))
        after = replay(sides[1], cases, lambda done, _total: job.tell(len(cases) + done, 2 * len(cases)))
        found = compare(cases, sides, (before, after), asked.promise_min * MINUTE)
        said = found_as_json(found) | {"cells": cells_as_json(cells_of(hexes, asked.grid, before, after))}
        if job.stopped:
            raise Stopped
        with connect(order.url) as connection:
            kept = asked_as_json(asked) | {"where": dict(order.where)}
            made = keep_what_if(connection, order.owner, order.scope, kept, said)
        job.made = made

    return work


def past_of(order: Order) -> tuple[PastCases, "np.ndarray[tuple[int], np.dtype[np.int64]]"]:
    """The cases as a replay takes them, and the hexagon of each."""
    mirror = order.mirror
    with mirror.lock:
        rows = np.flatnonzero(order.rows)
        placed = mirror.placed[rows]
        units = np.column_stack((mirror.x[rows], mirror.y[rows])).astype(np.float64)
        matter, hexes = mirror.matter[rows], np.where(placed, mirror.hex[rows], 0)
        reported, due, answered = mirror.reported[rows], mirror.due[rows], mirror.answered[rows]
        department, team = mirror.department[rows].astype(np.int32), mirror.team[rows].astype(np.int64)
    degrees = mercator_degrees(units)
    degrees[~placed] = np.nan
    known = np.append(matter_indices(order.stage, mirror.matters), -1).astype(np.int32)
    lng, lat = np.ascontiguousarray(degrees[:, 0]), np.ascontiguousarray(degrees[:, 1])
    return PastCases(
        known[matter], lng, lat, reported, due, answered, department, team, mirror.departments
    ), hexes.astype(np.int64)


def changes_of(order: Order, asked: Asked) -> Changes:
    """The changes, with rules read and checked, and boundaries fetched.

    Raises
    ------
    NeedleError
        ``rules.invalid``, ``what_if.unknown_boundary``.
    """
    with connect(order.url) as connection:
        layers = tuple(load_tried_layer(connection, one) for one in asked.boundaries)
        rules = None
        if asked.rules is not None:
            rules = parse_rules(asked.rules)
            departments = [row.code for row in load_departments(connection)]
            matters = [f"{row.edition}:{row.kind}:{row.code}" for row in load_matters(connection)]
            problems = check_rules(rules, matters, departments, codes_of(order.stage.atlas.layers))
            if problems:
                raise rules_invalid(problems)
    return Changes(rules, layers, asked.hours, dict(asked.moved), frozenset(asked.gone), asked.added)


# --- as it is kept ------------------------------------------------------------------------------------------------


def found_as_json(found: Comparison) -> dict[str, Any]:
    """What came of it, without the cells: every value with its interval as [value, low, high]."""
    figures = {
        name: {"before": _ends(one.before), "after": _ends(one.after), "difference": _ends(one.difference)}
        for name, one in found.figures.items()
    }
    changed = [load for load in found.loads if load.cases != (0, 0)]
    return {
        "cases": found.cases,
        "both": found.both,
        "moved": found.moved,
        "handed_over": found.handed_over,
        "nobody": list(found.nobody),
        "groups": found.groups,
        "likeness": None if found.likeness is None else [round(one, 4) for one in found.likeness],
        "figures": figures,
        "teams": len(changed),
        "loads": [
            {
                "team": load.team.id,
                "name": load.team.name,
                "department": load.team.department,
                "cases": list(load.cases),
                "difference": _ends(load.difference),
                "most_open": list(load.most_open),
                "capacity": load.team.capacity,
                "at": [round(load.team.lng, 6), round(load.team.lat, 6)],
            }
            for load in changed[:LISTED_TEAMS]
        ],
    }


def _ends(value: Interval) -> list[float]:
    return [round(value.value, 6), round(value.low, 6), round(value.high, 6)]
