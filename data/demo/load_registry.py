"""Writing the demo city's registry: buildings, residents, households, shops; who lives where; who may be the same."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice

from psycopg.types.json import Jsonb

from data.copy import copy_rows
from data.database import Connection
from data.demo.city import DemoCity
from data.demo.load import Progress, quiet
from data.demo.registry import SOURCES, Register, Word, make_register
from data.registry.claims import Claim, Source
from data.registry.fields import EntityKind
from data.stores.registry_buildings import FACTS, GROUND
from data.stores.registry_bulk import keep_source, measure, take, write_entities
from data.stores.registry_unlinked import note_all_linked

BATCH = 10_000
CODES = "select code from building order by id"
RELATION = ("subject_id", "kind", "object_id", "source_id")
DOUBT = ("left_id", "right_id", "cluster", "weight", "evidence")
EVIDENCE = (
    ("name", "exact", "姓名一致", "same name", 9.1),
    ("phone", "exact", "手机号一致", "same mobile", 6.4),
    ("address", "room", "同一楼栋房号", "same building and room", 5.2),
    ("id_number", "missing", "一方无身份证号", "one has no number", 0.0),
)


def load_registry(connection: Connection, city: DemoCity, now: datetime, progress: Progress = quiet) -> None:
    """Write what the demo city's registers say, beside a city that is loaded. The caller commits."""
    codes = [str(row[0]) for row in connection.execute(CODES)]
    register = make_register(city, codes, now)
    sources = {source.reference: keep_source(connection, source) for source in SOURCES}
    buildings = _write_buildings(connection, register, now)
    total = len(register.persons) + len(register.households) + len(register.enterprises)
    numbers: dict[EntityKind, list[int]] = {}
    done = 0
    kinds: tuple[tuple[EntityKind, list[list[Word]]], ...] = (
        ("household", register.households),
        ("person", register.persons),
        ("enterprise", register.enterprises),
    )
    for kind, said in kinds:
        numbers[kind] = take(connection, "registry_entity", len(said))
        for some in _batches(list(zip(numbers[kind], said, strict=True))):
            write_entities(connection, kind, _claims(connection, some, sources))
            done += len(some)
            progress("registry", done, total)
    _relate(connection, register, numbers, buildings, sources[SOURCES[0].reference])
    _doubt(connection, register, numbers["person"])
    note_all_linked(connection, ("person", "household", "enterprise"))
    measure(connection)


def _batches(rows: Sequence[tuple[int, list[Word]]]) -> Iterator[list[tuple[int, list[Word]]]]:
    rest = iter(rows)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _claims(
    connection: Connection, said: Sequence[tuple[int, list[Word]]], sources: dict[str, Source]
) -> dict[int, list[Claim]]:
    """Words as claims with their numbers."""
    numbers = iter(take(connection, "registry_claim", sum(len(words) for _, words in said)))
    return {
        entity: [
            Claim(next(numbers), entity, w.field, w.value, w.at, w.proof, sources[w.source.reference], w.at)
            for w in words
        ]
        for entity, words in said
    }


def _write_buildings(connection: Connection, register: Register, now: datetime) -> dict[str, int]:
    """Buildings that somebody lives or works in, by code."""
    said = (*register.households, *register.enterprises)
    codes = sorted({str(word.value) for words in said for word in words if word.field == "building"})
    ground = keep_source(connection, GROUND)
    names = ("building", "name", "address", "use", "floors")
    rows = connection.execute(FACTS, (codes,)).fetchall()
    numbers = take(connection, "registry_entity", len(rows))
    words = [
        [
            Word(ground, name, value, now, "department")
            for name, value in zip(names, row, strict=True)
            if value is not None
        ]
        for row in rows
    ]
    said_of = _claims(connection, list(zip(numbers, words, strict=True)), {ground.reference: ground})
    write_entities(connection, "building", said_of)
    return {str(row[0]): number for number, row in zip(numbers, rows, strict=True)}


def _relate(
    connection: Connection,
    register: Register,
    numbers: dict[EntityKind, list[int]],
    buildings: dict[str, int],
    source: Source,
) -> None:
    """Who lives in which household, and what is part of which building."""
    lives = [
        (person, "lives_in", numbers["household"][home], source.id)
        for person, home in zip(numbers["person"], register.home, strict=True)
    ]
    parts = [
        (number, "part_of", buildings[str(word.value)], source.id)
        for kind, said in (("household", register.households), ("enterprise", register.enterprises))
        for number, words in zip(numbers[kind], said, strict=True)  # type: ignore[index]
        for word in words
        if word.field == "building"
    ]
    copy_rows(connection, "registry_relation", RELATION, [*lives, *parts])


def _doubt(connection: Connection, register: Register, persons: Sequence[int]) -> None:
    """Pairs for the steward's review."""
    evidence = [dict(zip(("field", "level", "zh", "en", "weight"), one, strict=True)) for one in EVIDENCE]
    rows = [
        (persons[left], persons[right], persons[left], round(4.0 - 0.01 * (place % 300), 2), Jsonb(evidence))
        for place, (left, right) in enumerate(register.twice)
    ]
    copy_rows(connection, "registry_doubt", DOUBT, rows)
    connection.execute("select pg_notify('needle_registry', '*')")
