"""Rows of the history as lines of text COPY: reports, cases, events with their hash chain, decisions, tasks."""

from collections.abc import Mapping
from hashlib import sha256

import numpy as np

from data.chain import GENESIS
from data.demo.assigning import REASONS, Assigner, Assignment
from data.demo.history import History
from data.demo.incidents import CHANNEL_CODES
from data.demo.iso import Texts, local_iso, utc_iso
from data.demo.joint import NEVER
from data.demo.lattice import Floats, Ints
from data.demo.limits import NO_CALENDAR, Longs
from data.demo.powers import HABITS
from data.demo.unfolding import Group
from data.demo.wording import Wording, actors, payloads

NULL = "\\N"


def moments(seconds: Longs) -> Texts:
    """Epoch seconds for COPY; null where never or not known."""
    iso = utc_iso(np.maximum(seconds, 0))
    empty = ((seconds == NEVER) | (seconds == NO_CALENDAR)).tolist()
    return [NULL if nothing else text for text, nothing in zip(iso, empty, strict=True)]


def points(lng: Floats, lat: Floats) -> Texts:
    """Points as hexadecimal EWKB in EPSG:4326; null where there is none."""
    text = np.column_stack([lng, lat]).astype("<f8").tobytes().hex()
    known = np.isfinite(lng).tolist()
    return [f"0101000020E6100000{text[32 * i : 32 * i + 32]}" if known[i] else NULL for i in range(len(lng))]


def event_lines(words: Wording, group: Group) -> tuple[Texts, list[bytes]]:
    """Events of a group, case by case, and the last hash of each case."""
    n = len(words.case_ids)
    previous = [GENESIS] * n
    lines: list[Texts] = []
    came_from = "draft"
    done = group.done.tolist()
    for j, (move, state) in enumerate(zip(group.course.moves, group.states, strict=True)):
        parts = zip(
            range(n),
            words.case_ids,
            utc_iso(group.at[:, j]),
            actors(words, group, j),
            payloads(words, group, j),
            strict=True,
        )
        column = [""] * n
        middle = f'"{move}","{came_from}","{state}"'
        tabbed = f"{move}\t{came_from}\t{state}"
        for i, case_id, at, actor, payload in parts:
            if j < done[i]:
                before = previous[i]
                text = f'[{case_id},{j + 1},"{at}","{actor}",{middle},{payload}]'
                after = sha256(before + text.encode()).digest()
                previous[i] = after
                column[i] = (
                    f"{case_id}\t{j + 1}\t{at}\t{actor}\t{tabbed}\t{payload}\t\\\\x{before.hex()}\t\\\\x{after.hex()}\n"
                )
        lines.append(column)
        came_from = state
    return ["".join(case) for case in zip(*lines, strict=True)], previous


EVENT_COLUMNS = "case_id, seq, at, actor, action, from_state, to_state, payload, previous_hash, hash"
DECISION_COLUMNS = "case_id, at, rule_set_id, rule, outcome, team_id, department_code, goes_up_to, travel_s, candidates"
TASK_COLUMNS = "case_id, team_id, assigned_at, accepted_at, done_at, due_at, outcome"


def task_lines(words: Wording, group: Group) -> Texts:
    """Tasks of a group."""
    tasks = group.tasks
    columns = zip(
        tasks.case.tolist(),
        tasks.team.tolist(),
        moments(tasks.assigned_s),
        moments(tasks.accepted_s),
        moments(tasks.done_s),
        moments(tasks.due_s),
        tasks.outcome.tolist(),
        strict=True,
    )
    return [
        f"{words.case_ids[c]}\t{words.team_ids[t]}\t{given}\t{taken}\t{done}\t{due}\t{outcome or NULL}\n"
        for c, t, given, taken, done, due, outcome in columns
    ]


def decision_lines(
    words: Wording, group: Group, assigner: Assigner, right: Assignment, wrong: Assignment, rule_set_id: int
) -> Texts:
    """One decision for each dispatch that took place."""
    lines: Texts = []
    for j, move in enumerate(group.course.moves):
        if move in ("dispatch", "reassign", "redispatch"):
            made = np.flatnonzero(group.done > j)
            chosen = wrong if group.astray[j] else right
            lines += _decisions(words, made, group.cases[made], group.at[made, j], assigner, chosen, rule_set_id)
    if group.course.moves[1] == "verify_info" and "dispatch" not in group.course.moves:
        nobody = f"{rule_set_id}\t{NULL}\tplace_unknown\t{NULL}\t{NULL}\t{NULL}\t{NULL}\t[]\n"
        lines += [f"{i}\t{at}\t{nobody}" for i, at in zip(words.case_ids, utc_iso(group.at[:, 0]), strict=True)]
    return lines


def _decisions(
    words: Wording, made: Ints, cases: Ints, at: Longs, assigner: Assigner, chosen: Assignment, rule_set_id: int
) -> Texts:
    candidates = _candidates(words, cases, assigner, chosen)
    columns = zip(
        made.tolist(),
        utc_iso(at),
        chosen.rule[cases].tolist(),
        chosen.team[cases].tolist(),
        chosen.department[cases].tolist(),
        chosen.travel_s[cases].tolist(),
        candidates,
        strict=True,
    )
    start = len(assigner.bureau) * assigner.bureau.shape[1]
    lines = []
    for i, moment, rule, team, department, travel, json in columns:
        outcome = "chosen" if team >= 0 else "nobody_on_duty"
        above = NULL if team >= 0 else ("district" if rule >= start else "city")
        who, way = (words.team_ids[team], f"{travel:.1f}") if team >= 0 else (NULL, NULL)
        lines.append(
            f"{words.case_ids[i]}\t{moment}\t{rule_set_id}\t{assigner.rules[rule]}\t{outcome}\t{who}\t"
            f"{assigner.departments[department]}\t{above}\t{way}\t{json}\n"
        )
    return lines


def _candidates(words: Wording, cases: Ints, assigner: Assigner, chosen: Assignment) -> Texts:
    """``[{team, reason, travel_s, cost_s, load, capacity}, …]`` of each decision."""
    teams, reasons = chosen.candidates[cases], chosen.reasons[cases]
    way, cost = (np.nan_to_num(np.round(a[cases])).astype(np.int64) for a in (chosen.way_s, chosen.cost_s))
    capacity = assigner.capacity[teams]
    columns = []
    for k in range(teams.shape[1]):
        parts = zip(*(a[:, k].tolist() for a in (teams, reasons, way, cost, chosen.load[cases], capacity)), strict=True)
        columns.append(
            [
                f'{{"team":{words.team_ids[t]},"reason":"{REASONS[r]}","travel_s":{w},"cost_s":{c},'
                f'"load":{n},"capacity":{m}}}'
                if t >= 0
                else ""
                for t, r, w, c, n, m in parts
            ]
        )
    return ["[" + ",".join(filter(None, row)) + "]" for row in zip(*columns, strict=True)]


def channel_of(index: Ints) -> Texts:
    """Channel codes."""
    return [CHANNEL_CODES[k] for k in index.tolist()]


CASE_COLUMNS = (
    "id, number, channel, matter_id, title, address, geom, uncertainty_m, cell_code, areas, borders, h3_9, state, "
    "urgent, department_code, team_id, reported_at, filed_at, dispatched_at, due_at, answered_at, closed_at, returns, "
    "reworks, seq, hash, updated_at"
)


def case_lines(
    words: Wording,
    group: Group,
    history: History,
    places: tuple[Texts, ...],
    hashes: list[bytes],
    matter_ids: Mapping[str, int],
) -> Texts:
    """Rows of `cases`: the fold of each chain."""
    incidents, cases = history.incidents, group.cases
    last = group.done - 1
    state = np.array(group.states, object)[last].tolist()
    filed_by = group.course.moves.index("file") if "file" in group.course.moves else len(group.course.moves)
    urgent = [
        "t" if d > filed_by and '"urgent":true' in said else "f"
        for d, said in zip(group.done, words.limits, strict=True)
    ]
    department = [(words.right[i], words.wrong[i], NULL)[d] for i, d in enumerate(group.department_now.tolist())]
    team = [str(words.team_ids[t]) if t >= 0 else NULL for t in group.team_now.tolist()]
    name_of = {habit.key: name for habit, name in zip(HABITS, history.matter_names, strict=True)}
    address = history.city.buildings.addresses[incidents.building[cases]].tolist()
    uncertainty = incidents.uncertainty_m[cases].tolist()
    updated = group.at[np.arange(len(cases)), last]
    day = [text[:10].replace("-", "") for text in local_iso(incidents.reported_s[cases])]
    head = zip(words.case_ids, day, channel_of(incidents.channel[cases]), words.matters, address, strict=True)
    place = zip(points(incidents.lng[cases], incidents.lat[cases]), uncertainty, *places, strict=True)
    moved = zip(state, urgent, department, team, strict=True)
    when = zip(
        *(
            moments(a)
            for a in (
                incidents.reported_s[cases],
                group.filed_s,
                group.dispatched_s,
                group.due_s,
                group.answered_s,
                group.closed_s,
            )
        ),
        strict=True,
    )
    rest = zip(
        group.returns.tolist(), group.reworks.tolist(), group.done.tolist(), hashes, moments(updated), strict=True
    )
    lines = []
    for (i, d, channel, key, home), (geom, m, *where), status, times, (returns, reworks, seq, tip, at) in zip(
        head, place, moved, when, rest, strict=True
    ):
        text = (str(i), f"{d}-{i:08d}", channel, str(matter_ids[key]), f"{name_of[key]} · {home}", home, geom)
        metres = NULL if m != m else str(m)
        lines.append(
            "\t".join((*text, metres, *where, *status, *times))
            + f"\t{returns}\t{reworks}\t{seq}\t\\\\x{tip.hex()}\t{at}\n"
        )
    return lines
