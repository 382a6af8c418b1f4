"""``needle audit``: are the boundaries fit to decide by?"""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from dashboard.cli.layer_args import CELL, Steps, declare, parse_sources, read_layers, steps_on
from data.cluster import ensure_database
from data.database import connect
from data.settings import get_settings
from data.stores.layers import load_layers
from geo.audit import KINDS, AuditReport, audit_boundaries
from geo.audit_picture import TITLES, audit_page
from geo.errors import NeedleError
from geo.files import check_writable, write_table
from geo.layers import Layer

app = typer.Typer(no_args_is_help=True, help="Check what was loaded before anybody decides by it.")


@app.callback()
def group() -> None:
    """Keep ``boundaries`` a word of its own, however many commands there are."""


@app.command()
def boundaries(
    layers: Annotated[
        list[str] | None, typer.Argument(help="FILE:CODE_FIELD or NAME=FILE:CODE_FIELD. None: the database's layers.")
    ] = None,
    cells: Annotated[str | None, typer.Option(help="FILE:CODE_FIELD of the unit grid.")] = None,
    layer_crs: Annotated[
        list[str] | None, typer.Option(help="CRS of the files that do not declare it; NAME=CRS for one.")
    ] = None,
    out: Annotated[
        Path, typer.Option(help="Map file of the findings (.geojson, .gpkg, .parquet); beside it comes a page.")
    ] = Path("audit.geojson"),
) -> None:
    """Report gaps, overlaps, slivers, and cells that leave, cross or contradict the areas above them.

    Prints a table, and writes every finding to a map file and to a page (.html) that opens in any browser.
    """
    console = Console(stderr=True)
    check_writable(out)
    with steps_on(console) as steps:
        if layers or cells:
            sources = declare(parse_sources(layers or [], cells, named=False), layer_crs or [])
            everything = read_layers(sources, console, steps)
        else:
            everything = layers_of_database(steps)
        areas = [layer for layer in everything if layer.name != CELL]
        grid = next((layer for layer in everything if layer.name == CELL), None)
        report = audit_boundaries(areas, grid, lambda what, done: steps.say(f"auditing {what}", done))
        steps.say("writing")
        write_table(report.to_frame(), out)
        page = out.with_suffix(".html")
        page.write_text(audit_page(report, everything), encoding="utf-8")
    show(report, console)
    console.print(f"map file: {out}\npage to look at: {page}", highlight=False, soft_wrap=True)


def layers_of_database(steps: Steps) -> list[Layer]:
    """The layers in force of the database, refused when it has none (``layer.none``)."""
    steps.say("reading the database")
    with connect(ensure_database(get_settings())) as connection:
        layers = load_layers(connection)
    if not layers:
        raise NeedleError("layer.none")
    return layers


def show(report: AuditReport, console: Console) -> None:
    """Print how many findings of each kind each layer has, and the largest of them."""
    table = Table(title="边界核查 Boundary audit", title_justify="left")
    table.add_column("layer")
    table.add_column("finding")
    for heading in ("count", "largest m²", "total m²"):
        table.add_column(heading, justify="right")
    for name, count in report.layers:
        table.add_row(name, f"{count:,} polygons", style="bold")
        for kind in KINDS:
            areas = [f.area_m2 for f in report.findings if (f.layer, f.kind) == (name, kind)]
            if areas:
                table.add_row("", TITLES[kind], f"{len(areas):,}", f"{max(areas):,.1f}", f"{sum(areas):,.1f}")
    console.print(table)
