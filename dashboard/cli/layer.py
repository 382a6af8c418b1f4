"""``needle layer``: boundaries into the database, generation after generation, and the ground under them."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from dashboard.cli.layer_args import Steps, show_report, steps_on
from dashboard.cli.layer_ground import import_extract, import_file, pairs
from data.cluster import ensure_database
from data.database import connect
from data.settings import get_settings
from data.stores.layers import LayerRow, list_layers, save_layer
from geo.errors import NeedleError
from geo.files import read_layer_file
from geo.layers import Layer, make_layer
from geo.osm import is_osm
from geo.repair import RepairReport

app = typer.Typer(help="Bring in boundaries and see which there are.", no_args_is_help=True)


class Kind(StrEnum):
    """What a layer's polygons are."""

    area = "area"
    jurisdiction = "jurisdiction"
    grid = "grid"


class Content(StrEnum):
    """What a file holds."""

    boundaries = "boundaries"
    streets = "streets"
    landscape = "landscape"
    buildings = "buildings"


BOUNDARIES, GROUND, OSM = "Boundaries", "Streets, landscape, buildings", "OpenStreetMap"


@app.command("import")
def import_layer(
    path: Annotated[
        Path, typer.Argument(metavar="FILE", help="GeoJSON, GeoPackage, Shapefile, GeoParquet, or OSM's .osm.pbf.")
    ],
    content: Annotated[
        Content, typer.Option("--as", help="What the file holds; an .osm.pbf holds all of the ground.")
    ] = Content.boundaries,
    crs: Annotated[
        str | None, typer.Option(help="Declared CRS: EPSG:n, gcj02, bd09. None: what the file says.")
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(help="The layer: district, subdistrict, community, cell, police, …", rich_help_panel=BOUNDARIES),
    ] = None,
    kind: Annotated[
        Kind | None,
        typer.Option(
            help="area: administrative; jurisdiction: a department's; grid: unit cells.", rich_help_panel=BOUNDARIES
        ),
    ] = None,
    code: Annotated[
        str | None, typer.Option(help="Field with each polygon's code.", rich_help_panel=BOUNDARIES)
    ] = None,
    name_field: Annotated[
        str | None,
        typer.Option(help="Field with each polygon's name. None: the code.", rich_help_panel=BOUNDARIES),
    ] = None,
    parent_field: Annotated[
        str | None, typer.Option(help="Field with the code of the area above.", rich_help_panel=BOUNDARIES)
    ] = None,
    title_zh: Annotated[
        str | None,
        typer.Option(help="Title in Chinese. None: as before, or the name.", rich_help_panel=BOUNDARIES),
    ] = None,
    title_en: Annotated[
        str | None,
        typer.Option(help="Title in English. None: as before, or the name.", rich_help_panel=BOUNDARIES),
    ] = None,
    rank: Annotated[
        int | None,
        typer.Option(help="Order, 0 widest. None: as before, or last.", rich_help_panel=BOUNDARIES),
    ] = None,
    valid_from: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="First day. None: today.", rich_help_panel=BOUNDARIES),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FIELD=COLUMN",
            help="Which column is what, where the guess is wrong: code, name, class, speed, oneway (streets); "
            "code, name, kind (landscape); code, name, address, use, floors, height (buildings).",
            rich_help_panel=GROUND,
        ),
    ] = None,
    value: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WORD=VALUE",
            help="What a word of the file means: 支路=tertiary, 河=water; - leaves its rows out; "
            "* stands for all unknown words.",
            rich_help_panel=GROUND,
        ),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            help="Its name: an import again under it changes what differs. None: the file's name, or osm.",
            rich_help_panel=GROUND,
        ),
    ] = None,
    attribution: Annotated[
        str, typer.Option(help="What the map must say of it, e.g. © City of …", rich_help_panel=GROUND)
    ] = "",
    keep: Annotated[
        bool,
        typer.Option("--keep", help="Keep what an earlier import brought and this file lacks.", rich_help_panel=GROUND),
    ] = False,
    areas: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LEVEL=LAYER",
            help="Also take an admin_level as a layer of boundaries: 6=district (in China), 8=subdistrict.",
            rich_help_panel=OSM,
        ),
    ] = None,
) -> None:
    """Bring in boundaries, or the ground under them.

    [bold]Boundaries[/bold] become the layer's new generation; the one before stays for the cases of its time:

        needle layer import districts.gpkg --name district --kind area --code CODE --name-field NAME

    [bold]The ground[/bold] (streets, water and parks, buildings) is changed where it differs:

        needle layer import beijing.osm.pbf

        needle layer import roads.shp --as streets --column class=等级 --value 支路=tertiary
    """
    console = Console()
    with steps_on(console) as steps:
        if is_osm(path):
            import_extract(path, source, areas or [], keep, console, steps)
        elif content is not Content.boundaries:
            columns, values = pairs(column or [], "--column"), pairs(value or [], "--value")
            import_file(path, content.value, crs, columns, values, source, attribution, keep, console, steps)
        else:
            lacking = [f"--{option}" for option, given in (("name", name), ("kind", kind), ("code", code)) if not given]
            if name is None or kind is None or code is None:
                raise NeedleError("ground.options", missing=", ".join(lacking))
            titles = (title_zh, title_en)
            layer, report = make_layer(read_layer_file(path, crs), name, code, name_field, parent_field)
            show_report(report, console)
            note = f"{path.name} ({crs or 'CRS of the file'})"
            save_boundaries(layer, report, kind.value, titles, rank, note, valid_from, console, steps)


def save_boundaries(
    layer: Layer,
    report: RepairReport,
    kind: str,
    titles: tuple[str | None, str | None],
    rank: int | None,
    source: str,
    valid_from: datetime | None,
    console: Console,
    steps: Steps,
) -> None:
    """Save a layer as its new generation and say so; titles and rank stay as they were where none are given."""
    steps.say("starting the database")
    with connect(ensure_database(get_settings())) as connection:
        known = {row.name: row for row in list_layers(connection)}
        before = known.get(layer.name)
        steps.say(f"saving {len(layer):,} polygons")
        number = save_layer(
            connection,
            layer,
            kind,
            titles[0] or (before.title_zh if before else layer.name),
            titles[1] or (before.title_en if before else layer.name),
            rank_of(rank, before, known),
            source,
            (valid_from or datetime.now().astimezone()).date(),
            report.as_dict(),
        )
    console.print(f"[bold]{layer.name}[/bold]: generation {number} is in force.", highlight=False)


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
