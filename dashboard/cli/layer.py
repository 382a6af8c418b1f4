"""``needle layer``: boundaries into the database, generation after generation."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from dashboard.cli.layer_args import show_report, steps_on
from data.cluster import ensure_database
from data.database import connect
from data.settings import get_settings
from data.stores.layers import LayerRow, list_layers, save_layer
from geo.files import read_layer_file
from geo.layers import make_layer

app = typer.Typer(help="Bring in boundaries and see which there are.", no_args_is_help=True)


class Kind(StrEnum):
    """What a layer's polygons are."""

    area = "area"
    jurisdiction = "jurisdiction"
    grid = "grid"


@app.command("import")
def import_layer(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="GeoJSON, GeoPackage, Shapefile, GeoParquet.")],
    name: Annotated[str, typer.Option(help="The layer: district, subdistrict, community, cell, police, …")],
    kind: Annotated[Kind, typer.Option(help="area: administrative; jurisdiction: a department's; grid: unit cells.")],
    code: Annotated[str, typer.Option(help="Field with each polygon's code.")],
    name_field: Annotated[str | None, typer.Option(help="Field with each polygon's name. None: the code.")] = None,
    parent_field: Annotated[str | None, typer.Option(help="Field with the code of the area above.")] = None,
    crs: Annotated[
        str | None, typer.Option(help="Declared CRS: EPSG:n, gcj02, bd09. None: what the file says.")
    ] = None,
    title_zh: Annotated[str | None, typer.Option(help="Title in Chinese. None: as before, or the name.")] = None,
    title_en: Annotated[str | None, typer.Option(help="Title in English. None: as before, or the name.")] = None,
    rank: Annotated[int | None, typer.Option(help="Order, 0 widest. None: as before, or last.")] = None,
    valid_from: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day. None: today.")] = None,
) -> None:
    """Import a file of boundaries as the layer's new generation; the one before stays for the cases of its time."""
    console = Console()
    with steps_on(console) as steps:
        steps.say(f"reading {path.name}")
        layer, report = make_layer(read_layer_file(path, crs), name, code, name_field, parent_field)
        show_report(report, console)
        steps.say("starting the database")
        with connect(ensure_database(get_settings())) as connection:
            known = {row.name: row for row in list_layers(connection)}
            before = known.get(name)
            steps.say(f"saving {len(layer):,} polygons")
            number = save_layer(
                connection,
                layer,
                kind.value,
                title_zh or (before.title_zh if before else name),
                title_en or (before.title_en if before else name),
                rank_of(rank, before, known),
                f"{path.name} ({crs or 'CRS of the file'})",
                (valid_from or datetime.now().astimezone()).date(),
                report.as_dict(),
            )
    console.print(f"[bold]{name}[/bold]: generation {number} is in force.", highlight=False)


def rank_of(asked: int | None, before: LayerRow | None, known: dict[str, LayerRow]) -> int:
    """The rank asked for, or the layer's own from before, or after all others."""
    if asked is not None:
        return asked
    return before.rank if before else max((row.rank + 1 for row in known.values()), default=0)


@app.command("list")
def list_all() -> None:
    """The layers, widest first, with the generation in force."""
    with connect(ensure_database(get_settings())) as connection:
        rows = list_layers(connection)
    if not rows:
        Console().print("no layers yet: needle layer import, needle city load or needle demo bring some.")
        return
    table = Table()
    for column in ("layer", "title", "kind", "polygons", "generation", "since", "source"):
        table.add_column(column, justify="right" if column in ("polygons", "generation") else "left")
    for row in rows:
        title = f"{row.title_zh} {row.title_en}"
        since = str(row.valid_from or "")
        table.add_row(row.name, title, row.kind, f"{row.areas:,}", str(row.generation or ""), since, row.source or "")
    Console().print(table)
