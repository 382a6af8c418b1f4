"""What the commands over files of boundaries share: their arguments, reading with reports, and the progress bar."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from geo.codes import is_cell_code
from geo.errors import NeedleError
from geo.files import read_layer_file
from geo.layers import Layer, make_layer
from geo.repair import RepairReport, shortened

CELL = "cell"
"""Name of the layer of unit grid cells."""


@dataclass(frozen=True)
class LayerSource:
    """A layer that an argument names: where it is, which column is the code, and the CRS declared for it."""

    name: str
    path: Path
    field: str
    crs: str | None = None


def parse_source(text: str, *, named: bool) -> LayerSource:
    """Read ``NAME=FILE:CODE_FIELD``, or ``FILE:CODE_FIELD`` named after its file.

    Raises
    ------
    NeedleError
        ``layer.argument``.
    """
    match = re.fullmatch(r"(?:(?P<name>\w+)=)?(?P<path>.+):(?P<field>[^:]+)", text)
    if not match or (named and not match["name"]):
        raise NeedleError("layer.argument", text=text, form="NAME=FILE:CODE_FIELD" if named else "FILE:CODE_FIELD")
    path = Path(match["path"]).expanduser()
    return LayerSource(match["name"] or path.name.partition(".")[0], path, match["field"])


def parse_sources(layers: Sequence[str], cells: str | None, *, named: bool) -> list[LayerSource]:
    """Every layer of the arguments, the cells last; two of one name are refused (``layer.name_taken``)."""
    sources = [parse_source(text, named=named) for text in layers]
    if cells is not None:
        grid = parse_source(cells, named=False)
        sources.append(LayerSource(CELL, grid.path, grid.field))
    names = [source.name for source in sources]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise NeedleError("layer.name_taken", layer=twice)
    return sources


def declare(sources: Sequence[LayerSource], tags: Sequence[str]) -> list[LayerSource]:
    """The sources with what ``--layer-crs`` declares: ``CRS`` for all, ``NAME=CRS`` for one.

    Raises
    ------
    NeedleError
        ``layer.unknown`` for a name that is none of the layers'.
    """
    declared = {name: crs for name, _, crs in (tag.rpartition("=") for tag in tags)}
    names = {source.name for source in sources}
    stranger = next((name for name in declared if name and name not in names), None)
    if stranger is not None:
        raise NeedleError("layer.unknown", layer=stranger, known=", ".join(sorted(names)))
    return [
        LayerSource(source.name, source.path, source.field, declared.get(source.name, declared.get("")))
        for source in sources
    ]


def read_layers(sources: Sequence[LayerSource], console: Console, steps: "Steps") -> list[Layer]:
    """Read each layer and show what its reading repaired."""
    layers = []
    for source in sources:
        steps.say(f"reading {source.path.name}")
        layer, report = make_layer(read_layer_file(source.path, source.crs), source.name, source.field)
        show_report(report, console)
        layers.append(layer)
        if source.name == CELL:
            warn_of_codes(layer, console)
    return layers


def show_report(report: RepairReport, console: Console) -> None:
    """Print what was read, and each repair in both languages."""
    console.print(f"[bold]{report.layer}[/bold]: {report.areas:,} areas of {report.rows_read:,} rows", highlight=False)
    for zh, en in zip(report.sentences("zh"), report.sentences("en"), strict=True):
        console.print(f"  {zh}\n  {en}", style="yellow", markup=False, highlight=False, soft_wrap=True)


def warn_of_codes(cells: Layer, console: Console) -> None:
    """Say which cells have codes that the unit grid's standard does not allow; a database would refuse them."""
    odd = [code for code in cells.codes if not is_cell_code(code)]
    if odd:
        text = (
            f"  {len(odd)} 个网格的编码不是 15 位数字或大写字母:{shortened(odd)}\n"
            f"  {len(odd)} cells have codes that are not 15 digits or capital letters: {shortened(odd)}"
        )
        console.print(text, style="yellow", markup=False, highlight=False, soft_wrap=True)


@dataclass(frozen=True)
class Steps:
    """A progress bar of steps that follow each other."""

    progress: Progress

    def say(self, what: str, done: float | None = None) -> None:
        """Show the step under way and how much of it is done, 0 to 1; None where that is not known."""
        total = None if done is None else 1.0
        self.progress.update(self.progress.task_ids[0], description=what, completed=done or 0.0, total=total)


@contextmanager
def steps_on(console: Console) -> Iterator[Steps]:
    """A progress bar that vanishes when the work is done."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        progress.add_task("starting", total=None)
        yield Steps(progress)
