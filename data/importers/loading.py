"""Bring a table of past events into the base: each row a report and, where it can be one, a case with its history.

A row whose key one of the file's channels already has is left alone, so a second import adds nothing. Rows go in by
COPY, a batch of reports, cases and events in one transaction: an import that was stopped goes on where it was.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from data.copy import copy_rows
from data.database import Connection
from data.importers.events import EventTable
from data.importers.locating import locate_events
from data.importers.matters import key_of
from data.importers.rows import REPORT_COLUMNS, Import, KnownMatter, case_row, report_row
from data.stores.announcing import tell_many_cases
from data.stores.cases import CASE_COLUMNS, EVENT_COLUMNS, next_case_ids
from data.stores.reference import load_matters
from geo.atlas import Atlas
from geo.h3grid import h3_cells

Progress = Callable[[int, int], None]
"""Told how many of how many rows are done."""

BATCH = 5_000
LOCK = 7_311_641  # any number of our own: the advisory lock that imports take turns on

LOCK_IMPORTS = "select pg_advisory_xact_lock(%s)"
KNOWN_KEYS = "select idempotency_key from report where channel = any(%s) and idempotency_key = any(%s)"
DEPARTMENTS = "select code from department"
NEXT_REPORT_IDS = "select nextval(pg_get_serial_sequence('report', 'id')) from generate_series(1, %s)"


@dataclass(frozen=True)
class Loaded:
    """What became of the rows of a file. ``read = already + repeated + reports``, and ``reports >= cases``."""

    read: int = 0
    already: int = 0
    repeated: int = 0
    reports: int = 0
    cases: int = 0
    unknown_location: int = 0
    ambiguous: int = 0
    problems: Counter[str] = field(default_factory=Counter)


def prepare(
    connection: Connection,
    events: EventTable,
    matter_keys: Sequence[str | None],
    atlas: Atlas,
    *,
    uncertainty_m: float,
    number_prefix: str,
    source: str,
) -> Import:
    """Locate the events and look up what they refer to.

    ``matter_keys[i]`` is the matter key of event ``i``, ``None`` where it names none.
    """
    known = {key_of(m): KnownMatter(m.id, m.name_zh) for m in load_matters(connection) if m.id is not None}
    departments = frozenset(row[0] for row in connection.execute(DEPARTMENTS))
    connection.commit()
    return Import(
        events=events,
        whereabouts=locate_events(events, atlas, uncertainty_m),
        matter=[known.get(key) if key else None for key in matter_keys],
        departments=departments,
        h3_9=h3_cells(events.lng, events.lat),
        uncertainty_m=uncertainty_m,
        number_prefix=number_prefix,
        source=source,
        now=datetime.now(UTC),
    )


def import_events(connection: Connection, job: Import, progress: Progress | None = None) -> Loaded:
    """Load all rows that the base does not have yet, batch by batch, each its own transaction."""
    already = repeated = reports = cases = 0
    seen: set[str] = set()
    channels = sorted(set(job.events.channel.tolist()))
    for start in range(0, len(job.events), BATCH):
        batch = range(start, min(start + BATCH, len(job.events)))
        with connection.transaction():
            connection.execute(LOCK_IMPORTS, [LOCK])
            new, doubles, known = unseen(connection, job.events, channels, batch, seen)
            cases += write(connection, job, new)
        repeated, already, reports = repeated + doubles, already + known, reports + len(new)
        if progress is not None:
            progress(batch.stop, len(job.events))
    everything = Counter(code for i in range(len(job.events)) for code in job.problems(i))
    return Loaded(
        read=len(job.events),
        already=already,
        repeated=repeated,
        reports=reports,
        cases=cases,
        unknown_location=int((job.events.location_problem != "").sum()),
        ambiguous=everything["event.area_ambiguous"],
        problems=everything,
    )


def unseen(
    connection: Connection, events: EventTable, channels: list[str], batch: range, seen: set[str]
) -> tuple[list[int], int, int]:
    """The rows of a batch to load, how many repeat an earlier row of the file, and how many the base has already."""
    keys = [str(events.key[i]) for i in batch]
    known = {row[0] for row in connection.execute(KNOWN_KEYS, [channels, keys])} - seen
    new, doubles, already = [], 0, 0
    for i, key in zip(batch, keys, strict=True):
        if key in seen:
            doubles += 1
        elif key in known:
            already += 1
        else:
            new.append(i)
        seen.add(key)
    return new, doubles, already


def write(connection: Connection, job: Import, rows: Sequence[int]) -> int:
    """Copy reports, cases and events of some rows; returns the number of cases.

    Walls are told once that much has changed, not of 60,000 old cases one by one.
    """
    report_ids = [row[0] for row in connection.execute(NEXT_REPORT_IDS, [len(rows)])]
    with_case = [i for i in rows if job.problem(i) is None]
    case_ids = dict(zip(with_case, next_case_ids(connection, len(with_case)), strict=True))
    made = [case_row(job, i, case_ids[i], matter) for i in with_case if (matter := job.matter[i]) is not None]
    reports = [report_row(job, i, number, case_ids.get(i)) for i, number in zip(rows, report_ids, strict=True)]
    copy_rows(connection, "report", REPORT_COLUMNS, reports)
    copy_rows(connection, "cases", CASE_COLUMNS, (in_order(case, CASE_COLUMNS) for case, _ in made))
    copy_rows(connection, "case_event", EVENT_COLUMNS, (in_order(e, EVENT_COLUMNS) for _, h in made for e in h))
    if made:
        tell_many_cases(connection)
    return len(made)


def in_order(row: object, columns: Sequence[str]) -> list[Any]:
    """A row's values in the order of the columns."""
    return [getattr(row, name) for name in columns]
