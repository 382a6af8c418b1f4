"""Writing the history: reports and cases of each batch, then the chains of events, decisions and tasks."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from psycopg import sql

from data.database import Connection
from data.demo.city import DemoCity
from data.demo.history import History, history_groups, is_urgent, make_history
from data.demo.iso import Texts
from data.demo.joint_rows import PARTY_COLUMNS, TIMER_COLUMNS, WHISTLE_COLUMNS, calls_of, whistle_lines
from data.demo.lattice import Ints
from data.demo.limits import MatterLike
from data.demo.load_people import LoadedPeople
from data.demo.powers import HABITS
from data.demo.report_rows import REPORT_COLUMNS, report_lines
from data.demo.rows import (
    CASE_COLUMNS,
    DECISION_COLUMNS,
    EVENT_COLUMNS,
    TASK_COLUMNS,
    case_lines,
    decision_lines,
    event_lines,
    task_lines,
)
from data.demo.unfolding import Group
from data.demo.whereabouts import Whereabouts, areas_json, borders_json
from data.demo.wording import Wording
from geo.h3grid import h3_cells

Progress = Callable[[str, int, int], None]
BATCH = 25_000


@dataclass(frozen=True, eq=False)
class Ids:
    """Numbers that the database gave: the first case and report, matters by key, teams by index, the rule set."""

    first_case: int
    first_report: int
    matters: Mapping[str, int]
    teams: tuple[int, ...]
    rule_set: int


def load_history(
    connection: Connection,
    city: DemoCity,
    people: LoadedPeople,
    matters: Sequence[MatterLike],
    reference: datetime,
    progress: Progress,
) -> None:
    """Write the history, batch by batch in order of time."""
    progress("incidents", 0, 1)
    history = make_history(city, matters, reference)
    progress("incidents", 1, 1)
    total = len(history.incidents.habit)
    rows = connection.execute("select id, edition || ':' || kind || ':' || code from matter").fetchall()
    ids = Ids(
        _reserve(connection, "cases", total),
        _reserve(connection, "report", total),
        {key: number for number, key in rows},
        people.team_ids,
        people.rule_set_id,
    )
    said = limits_json(matters)
    batches = [np.arange(start, min(start + BATCH, total), dtype=np.int32) for start in range(0, total, BATCH)]
    with ThreadPoolExecutor(1) as pool:  # the next batch is written down while the server takes in this one
        coming = pool.submit(batch_lines, history, batches[0], ids, said)
        for k, members in enumerate(batches):
            tables = coming.result()
            if k + 1 < len(batches):
                coming = pool.submit(batch_lines, history, batches[k + 1], ids, said)
            for table, columns, lines in tables:
                _copy(connection, table, columns, lines)
            progress("cases", int(members[-1]) + 1, total)


def limits_json(matters: Sequence[MatterLike]) -> Texts:
    """What *file* records for each habit: condition, limit, urgency."""
    known = {matter.key: matter for matter in matters}
    said = []
    for habit in HABITS:
        matter = known[habit.key]
        condition, limit = "1" if matter.conditions else "null", matter.limit
        urgent = "true" if is_urgent(habit.key, limit.unit) else "false"
        said.append(
            f'{{"condition":{condition},"limit":{{"unit":"{limit.unit}","value":{float(limit.value)!r}}},'
            f'"urgent":{urgent}}}'
        )
    return said


def batch_lines(history: History, members: Ints, ids: Ids, said: Texts) -> list[tuple[str, str, Texts]]:
    """All rows of one batch: table, columns and lines of text COPY, tables in the order of their references."""
    reports: Texts = []
    cases: Texts = []
    events: Texts = []
    decisions: Texts = []
    tasks: Texts = []
    whistles: tuple[Texts, Texts, Texts] = [], [], []
    places = Places(history, members)
    for group in history_groups(history, members):
        words = wording(history, group, ids, said)
        chains, hashes = event_lines(words, group)
        events += chains
        here = group.cases - members[0]
        cases += case_lines(words, group, history, places.of(here), hashes, ids.matters)
        reports += report_lines(words, group, history)
        decisions += decision_lines(words, group, history.assigner, history.right, history.wrong, ids.rule_set)
        tasks += task_lines(words, group)
        for table, lines in zip(whistles, whistle_lines(words.case_ids, words.calls, group), strict=True):
            table += lines
    return [
        ("report", REPORT_COLUMNS, sorted(reports)),
        ("cases", CASE_COLUMNS, sorted(cases)),
        ("case_event", EVENT_COLUMNS, events),
        ("decision", DECISION_COLUMNS, decisions),
        ("task", TASK_COLUMNS, tasks),
        ("whistle", WHISTLE_COLUMNS, whistles[0]),
        ("whistle_party", PARTY_COLUMNS, whistles[1]),
        ("case_timer", TIMER_COLUMNS, whistles[2]),
    ]


class Places:
    """Cell, areas, borders and hexagon of each case of a batch, as text for COPY."""

    def __init__(self, history: History, members: Ints) -> None:
        city, found = history.city, history.whereabouts
        part = slice(int(members[0]), int(members[-1]) + 1)
        incidents = history.incidents
        here = Whereabouts(found.where[:, part], found.other[:, part], found.border_m[:, part])
        codes = np.array([*city.jurisdictions.layer("cell").codes, "\\N"], object)
        h3 = h3_cells(incidents.lng[part], incidents.lat[part])
        self.columns = (
            codes[here.where[-1]],
            np.array(areas_json(city, here.where), object),
            np.array(borders_json(city, here, incidents.uncertainty_m[part]), object),
            np.array([str(cell) if cell else "\\N" for cell in h3.tolist()], object),
        )

    def of(self, here: Ints) -> tuple[Texts, ...]:
        """The columns of some cases of the batch."""
        return tuple(column[here].tolist() for column in self.columns)


def wording(history: History, group: Group, ids: Ids, said: Texts) -> Wording:
    """The words of a group."""
    cases, incidents, assigner = group.cases, history.incidents, history.assigner
    where = history.whereabouts.where[:, cases]
    layer = {layer.name: k for k, layer in enumerate(history.city.layers)}
    community = np.array([*history.city.jurisdictions.layer("community").codes, "000000000000"], object)
    street = np.array([*history.city.jurisdictions.layer("subdistrict").codes, "000000000000"], object)
    departments = np.array([*assigner.departments, "none"], object)
    habit = incidents.habit[cases]
    offices = street[where[layer["subdistrict"]]].tolist()
    return Wording(
        case_ids=(ids.first_case + cases.astype(np.int64)).tolist(),
        report_ids=(ids.first_report + cases.astype(np.int64)).tolist(),
        main_ids=(ids.first_case + incidents.main[cases].astype(np.int64)).tolist(),
        matters=[HABITS[h].key for h in habit.tolist()],
        limits=[said[h] for h in habit.tolist()],
        right=departments[history.right.department[cases]].tolist(),
        wrong=departments[history.wrong.department[cases]].tolist(),
        communities=community[where[layer["community"]]].tolist(),
        channels=incidents.channel[cases],
        team_ids=ids.teams,
        reported_s=incidents.reported_s[cases],
        calls=calls_of(history, group, offices, ids.teams),
    )


def _copy(connection: Connection, table: str, columns: str, lines: list[str]) -> None:
    """Send lines of text COPY in pieces of some megabytes."""
    names = sql.SQL(", ").join(map(sql.Identifier, columns.split(", ")))
    statement = sql.SQL("copy {} ({}) from stdin").format(sql.Identifier(table), names)
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for start in range(0, len(lines), 10_000):
            copy.write("".join(lines[start : start + 10_000]).encode())


def _reserve(connection: Connection, table: str, count: int) -> int:
    query = "select setval(s, nextval(s) + %s) - %s from (select pg_get_serial_sequence(%s, 'id') as s) as of_table"
    row = connection.execute(query, [count - 1, count - 1, table]).fetchone()
    assert row is not None
    return int(row[0])
