"""``needle registry``: import tables, link records of one and the same, say how good that is, keep purposes."""

import asyncio
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, Any, Final

import pandas as pd
import typer
from rich.console import Console
from rich.table import Table

from dashboard.cli.layer_args import Steps, steps_on
from data.cluster import ensure_database
from data.database import Connection, connect, open_pool
from data.importers import registry as tables
from data.linkage.evaluating import Quality
from data.linkage.evaluating import evaluate as compare
from data.linkage.linking import Links, link_frame
from data.registry.claims import ANY_PURPOSE, VERIFICATIONS, Source, Verification
from data.registry.fields import KINDS, EntityKind, fields_of
from data.registry.purposes import load_purposes
from data.settings import get_settings
from data.stores.registry_bulk import Loaded, highest_entity, load_batch
from data.stores.registry_claims import add_said
from data.stores.registry_doubts import FoundDoubt, save_doubts
from data.stores.registry_linking import keep_links, load_records, load_roots, mark_stale
from data.stores.registry_purposes import save_purposes
from geo.errors import NeedleError

app = typer.Typer(help="Bring tables into the registry, link what is one and the same.", no_args_is_help=True)
BATCH: Final = 20_000
MERGES_A_COMMIT: Final = 200
LINKER: Final = "linker"
TRUTH: Final = ("code", "person")


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="XLSX, CSV (UTF-8) or Parquet, one entity a row.")],
    kind: Annotated[str, typer.Option(help="person, household, building, room or enterprise.")] = "person",
    column: Annotated[
        list[str] | None, typer.Option("--map", help="HEADING=FIELD, where headings do not say it.")
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Write it; without it the file is only looked through.")
    ] = False,
    at: Annotated[datetime | None, typer.Option(help="The day of which it tells. None: today.")] = None,
    label: Annotated[str, typer.Option(help="What people read as its source. None: the file's name.")] = "",
    verification: Annotated[
        str, typer.Option(help=f"How its values were proved: {', '.join(VERIFICATIONS)}.")
    ] = "none",
    purpose: Annotated[
        list[str] | None, typer.Option(help="What it may be used for; several times. None: all.")
    ] = None,
    rejects: Annotated[Path | None, typer.Option(help="Where rows go that cannot be taken. None: beside it.")] = None,
) -> None:
    """Import a table: look through it first, then again with --write."""
    entity = one_of(kind, KINDS, "kind")
    proof = one_of(verification, VERIFICATIONS, "verification")
    table = tables.read_table(file)
    mapping = tables.propose_mapping(list(table.columns), entity) | said_mapping(column or [], table, entity)
    show_mapping(table, mapping, entity)
    checked = tables.check(table, entity, mapping)
    show_rejects(checked)
    if checked.rejects:
        aside = rejects or file.with_name(f"{file.stem}.rejects.csv")
        tables.write_rejects(aside, table, checked.rejects)
        Console().print(f"{len(checked.rejects)} rows cannot be taken: {aside}")
    if not write:
        Console().print(f"{len(checked.rows)} of {len(table)} rows can be taken. Nothing is written yet: add --write.")
        return
    moment = datetime.combine((at or datetime.now(UTC)).date(), time(), UTC)
    source = Source(
        "import", tables.digest_of(file), label or file.name, tuple(purpose or (ANY_PURPOSE,)), by="console"
    )
    new, known, again = write_rows(entity, checked.rows, source, moment, proof)
    Console().print(f"{new} new, {known} about entities that were there, {again} imported before.")


def one_of(said: str, known: tuple[Any, ...], what: str) -> Any:
    """An option's value, if it is one that is known."""
    if said not in known:
        raise NeedleError("registry.option", option=what, said=said, known=", ".join(known))
    return said


def said_mapping(written: list[str], table: pd.DataFrame, kind: EntityKind) -> dict[str, str]:
    """Columns that the user names, HEADING=FIELD."""
    found = {}
    for each in written:
        heading, _, field = each.partition("=")
        one_of(heading, tuple(map(str, table.columns)), "--map")
        found[heading] = one_of(field, tuple(fields_of(kind)), "--map")
    return found


def show_mapping(table: pd.DataFrame, mapping: dict[str, str], kind: EntityKind) -> None:
    """Which column is taken as which field, with a value of each."""
    shown = Table("column", "field", "字段", "for example")
    for heading in map(str, table.columns):
        field = fields_of(kind).get(mapping.get(heading, ""))
        example = next((str(v) for v in table[heading].tolist() if v not in ("", None)), "")
        shown.add_row(heading, field.name if field else "–", field.zh if field else "不导入", example[:30])
    Console().print(shown)


def show_rejects(checked: tables.Checked) -> None:
    """The first rows that cannot be taken."""
    if checked.rejects:
        shown = Table("line", "问题", "problem")
        for reject in checked.rejects[:10]:
            shown.add_row(str(reject.line), reject.zh, reject.en)
        Console().print(shown)


def write_rows(
    kind: EntityKind, rows: list[dict[str, Any]], source: Source, at: datetime, verification: Verification
) -> tuple[int, int, int]:
    """Write rows batch by batch: how many are new, about known entities, imported before. Cut off, it goes on where it was."""
    new = known = again = 0
    url = ensure_database(get_settings())
    with connect(url) as connection, steps_on(Console()) as steps:
        before = highest_entity(connection)
        for start, batch in tables.batches(rows, BATCH):
            named = Source(source.kind, f"{source.reference}#{start}", source.label, source.purposes, None, source.by)
            loaded = load_batch(connection, kind, named, batch, at, verification, before)
            if loaded is None:
                again += len(batch)
            else:
                new, known = new + loaded.new, known + len(batch) - loaded.new
                add_rest(connection, url, loaded)
            done = start + len(batch)
            steps.say(f"row {done:,} of {len(rows):,}", done / len(rows))
    return new, known, again


def add_rest(connection: Connection, url: str, loaded: Loaded) -> None:
    """Commit a batch, then what it says of entities that were there."""
    connection.commit()
    if loaded.added:
        asyncio.run(add_claims_of(url, loaded))


async def add_claims_of(url: str, loaded: Loaded) -> None:
    """Add claims to entities that were there."""
    async with open_pool(url, size=1) as pool, pool.connection() as base:
        await add_said(base, [(loaded.source, loaded.added)])


@app.command()
def link() -> None:
    """Find records of one and the same person: merge what is sure, put what is doubtful before a person."""
    url = ensure_database(get_settings())
    with connect(url) as connection:
        mark_stale(connection)
        connection.commit()
        records = load_records(connection)
    with steps_on(Console()) as steps:
        links = link_frame(records, date.today(), steps.say)  # noqa: DTZ011
        merged, apart, doubts = asyncio.run(keep(url, links, steps))
    Console().print(
        f"{len(records)} records: {merged} merged, {apart} kept apart as decided before, {doubts} doubtful."
    )


async def keep(url: str, links: Links, steps: Steps) -> tuple[int, int, int]:
    """Keep merges in small transactions, then doubts; how many merged, kept apart, doubtful."""
    pairs = links.pairs
    sure, doubtful = [list(pairs.index[pairs[name]]) for name in ("linked", "doubtful")]
    merged = apart = 0
    async with open_pool(url, size=1) as pool, pool.connection() as base:
        for start in range(0, len(sure), MERGES_A_COMMIT):
            some = [pair_of(links, row) for row in sure[start : start + MERGES_A_COMMIT]]
            joined, refused = await keep_links(base, some, LINKER)
            await base.commit()
            merged, apart = merged + joined, apart + refused
            done = start + len(some)
            steps.say(f"merging {done:,} of {len(sure):,}", done / len(sure))
        doubts = [FoundDoubt(*pair_of(links, row), cluster_of(links, row)) for row in doubtful]
        kept = await save_doubts(base, doubts)
    return merged, apart, kept


def pair_of(links: Links, row: int) -> tuple[int, int, float, list[dict[str, Any]]]:
    """A pair of ``links.pairs``: two numbers, weight, evidence as it is kept."""
    left, right, weight = (links.pairs[name].iloc[row] for name in ("id_l", "id_r", "weight"))
    evidence = [
        {
            "field": one.comparison,
            "level": one.level,
            "zh": one.label_zh,
            "en": one.label_en,
            "weight": round(one.weight, 3),
        }
        for one in links.evidence(row)
    ]
    return int(left), int(right), float(weight), evidence


def cluster_of(links: Links, row: int) -> int:
    """What a doubtful pair hangs together with: the lesser of both."""
    return min(int(links.pairs["id_l"].iloc[row]), int(links.pairs["id_r"].iloc[row]))


@app.command()
def evaluate(
    truth: Annotated[Path, typer.Option(help="CSV or Parquet: code (of the registry), person (whoever it is).")],
) -> None:
    """Say how good linkage is against a truth: precision, recall and F1 of pairs and of clusters."""
    table = tables.read_table(truth)
    missing = [name for name in TRUTH if name not in table.columns]
    if missing:
        raise NeedleError("registry.truth_columns", missing=", ".join(missing))
    codes = [str(code) for code in table["code"]]
    with connect(ensure_database(get_settings())) as connection:
        roots = load_roots(connection, codes)
    known = [place for place, code in enumerate(codes) if code in roots]
    found = compare([roots[codes[place]] for place in known], table["person"].iloc[known].astype(str).to_numpy())
    shown = Table("", "precision", "recall", "F1")
    for name, quality in (("pairs", found.pairs), ("clusters", found.clusters)):
        shown.add_row(name, *figures(quality))
    Console().print(shown)
    Console().print(f"{len(known)} of {len(codes)} records of the truth are in the registry.")


def figures(quality: Quality) -> tuple[str, str, str]:
    """Precision, recall, F1 as text."""
    return f"{quality.precision:.4f}", f"{quality.recall:.4f}", f"{quality.f1:.4f}"


@app.command()
def purposes(
    file: Annotated[Path, typer.Argument(help="CSV (UTF-8): code, zh, en, needs, basis.")],
) -> None:
    """Keep what the registry may be called for; one of the same code is replaced."""
    found = load_purposes(file)
    with connect(ensure_database(get_settings())) as connection:
        save_purposes(connection, found, replace=True)
    Console().print(f"{len(found)} purposes are kept: {', '.join(purpose.code for purpose in found)}.")
