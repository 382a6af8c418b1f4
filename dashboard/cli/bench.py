"""``needle bench``: measure beside the peers, print the ratios, write them as JSON."""

import json
from importlib import import_module
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from benchmarks.result import Result
from geo.errors import NeedleError

NAMES = (
    "locate_match_bulk",
    "locate_match_table",
    "locate_match_single",
    "road_match",
    "intake",
    "commands",
    "chain",
    "tiles",
    "pyramid",
    "desk",
    "export",
    "live",
    "wall_cold",
    "phone_cold",
    "form_cold",
    "publish",
    "links",
    "coverage",
    "submit",
    "gi_star",
    "analysis_tiles",
    "replay",
    "face",
    "linkage",
    "link_one",
    "geocode",
    "search",
    "golden",
)


def check_names(names: list[str]) -> list[str]:
    """The benchmarks asked for, or all of them; an unknown name is refused."""
    unknown = [n for n in names if n not in NAMES]
    if unknown:
        raise NeedleError("bench.unknown", names=", ".join(unknown), known=", ".join(NAMES))
    return names or list(NAMES)


def run_one(name: str, size: Literal["small", "city"], console: Console) -> Result:
    """Run one benchmark with a spinner that says what it is doing."""
    columns = (SpinnerColumn(), TextColumn("[bold]{task.fields[name]}[/bold] {task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("starting", total=None, name=name)
        module = import_module(f"benchmarks.{name}")
        result: Result = module.run(size, lambda what, _done: progress.update(task, description=what))
    return result


def show(result: Result, console: Console) -> None:
    """Print one result: ours, then each peer with its ratio."""
    table = Table(title=f"{result.name}: {'met' if result.met else '[red]NOT met[/red]'}", title_justify="left")
    table.add_column("who")
    table.add_column("measured")
    table.add_column("ratio", justify="right")
    table.add_row("[bold]needle[/bold]", numbers(result.ours), "1")
    for peer, measured in result.peers.items():
        rest = {k: v for k, v in measured.items() if k != "ratio"}
        table.add_row(peer, numbers(rest), f"{measured['ratio']:.1f}" if "ratio" in measured else "")
    console.print(table)
    console.print(f"  bar: {result.bar}\n", highlight=False, markup=False)


def numbers(measured: dict[str, float]) -> str:
    """``a 1.23, b 4`` for reading."""
    return ", ".join(f"{key} {value:,.4g}" for key, value in measured.items())


def bench(
    names: Annotated[list[str] | None, typer.Argument(help=f"Which: {', '.join(NAMES)}. None: all.")] = None,
    size: Annotated[
        Literal["small", "city"], typer.Option(help="small: under a minute each; city: full size")
    ] = "small",
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write the results to this file.")] = None,
) -> None:
    """Measure the hot paths beside their peers, in the same run, as ratios."""
    console = Console()
    results = []
    for name in check_names(names or []):
        result = run_one(name, size, console)
        show(result, console)
        results.append(result)
        if json_file is not None:
            text = json.dumps({r.name: r.as_dict() for r in results}, indent=2, ensure_ascii=False)
            json_file.write_text(text + "\n", encoding="utf-8")
    if not all(r.met for r in results):
        raise typer.Exit(1)
