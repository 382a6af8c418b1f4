"""``needle registry``: import tables, link records of one and the same, say how good that is, keep purposes."""

from datetime import UTC, datetime, time
from pathlib import Path
from typing import Annotated, Any, Final

import pandas as pd
import typer
from rich.console import Console
from rich.table import Table

from dashboard.cli import registry_keys, registry_link
from dashboard.cli.layer_args import steps_on
from data.cluster import ensure_database
from data.database import connect
from data.importers import registry as tables
from data.importers.registry_writing import write_rows
from data.linkage.evaluating import Quality
from data.linkage.evaluating import evaluate as compare
from data.registry.claims import ANY_PURPOSE, VERIFICATIONS, Source
from data.registry.fields import KINDS, EntityKind, fields_of
from data.registry.purposes import load_purposes
from data.settings import get_settings
from data.stores.registry_linking import load_roots
from data.stores.registry_purposes import save_purposes
from geo.errors import NeedleError

app = typer.Typer(help="Bring tables into the registry, link what is one and the same.", no_args_is_help=True)
app.command()(registry_link.link)
app.command()(registry_link.follow)
app.add_typer(registry_keys.app, name="key")
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
    consent: Annotated[
        str | None, typer.Option(help="Mark of the consent that it rests on. None: a law or a duty.")
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
        "import", tables.digest_of(file), label or file.name, tuple(purpose or (ANY_PURPOSE,)), consent, by="console"
    )
    with steps_on(Console()) as steps:
        total = len(checked.rows)
        url = ensure_database(get_settings())
        written = write_rows(
            url,
            entity,
            checked.rows,
            source,
            moment,
            proof,
            lambda done: steps.say(f"row {done:,} of {total:,}", done / total),
        )
    Console().print(
        f"{written.new} new, {written.known} about entities that were there, {written.again} imported before."
    )


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
