"""``needle identity``: who residents are at submission; the process that compares faces, thresholds, purposes, what is kept."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from data.cluster import ensure_database
from data.database import AsyncPool, open_pool
from data.settings import Settings, get_settings
from data.stores import identity_checks as checks
from data.stores import identity_purposes as purposes
from data.stores import identity_references as references
from data.stores.reading import reading
from forms.identity import opening
from forms.identity.retention import FILING_DAYS, add_workdays
from forms.identity.vault import open_vault

app = typer.Typer(help="Let residents say who they are: thresholds, purposes, what is kept.", no_args_is_help=True)
Found = TypeVar("Found")
Number = Annotated[int, typer.Argument(help="Number of the purpose.")]
By = Annotated[str, typer.Option(help="Who does this, by name.")]
Model = Annotated[str, typer.Option(help="A model of DeepFace; its weights lie under NEEDLE_HOME/deepface.")]
Detector = Annotated[str, typer.Option(help="A detector of DeepFace.")]


def over_base(work: Callable[[Settings, AsyncPool], Awaitable[Found]]) -> Found:
    """Do some work over the base database."""

    async def run() -> Found:
        settings = get_settings()
        async with open_pool(await asyncio.to_thread(ensure_database, settings), size=3) as base:
            return await work(settings, base)

    return asyncio.run(run())


@app.command()
def serve(model: Model = "Dlib", detector: Detector = "dlib") -> None:
    """Compare the faces that wait, delete what is past its time; one process, in the foreground."""
    from dashboard.identity_room import run_worker

    over_base(lambda settings, base: run_worker(settings, base, model, detector))


@app.command()
def calibrate(
    pairs: Annotated[
        Path, typer.Argument(help="CSV left,right,same, or a folder with a folder a person.", exists=True)
    ],
    fmr: Annotated[float, typer.Option(min=0.00001, max=0.5, help="False match rate that is asked for.")] = 0.001,
    data: Annotated[str, typer.Option(help="What the pictures are, as records name it; none: the path's name.")] = "",
    model: Model = "Dlib",
    detector: Detector = "dlib",
) -> None:
    """Measure FMR and FNMR on labelled pairs and keep the threshold for the rate that is asked for."""
    from forms.identity.engine import Engine
    from forms.identity.measuring import Pair, as_row, measure, read_pairs

    engine, console = Engine(get_settings().home, model, detector), Console()
    found_pairs: list[Pair] = read_pairs(pairs)
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("templates")
        found, faceless = measure(
            engine, found_pairs, fmr, lambda done, every: progress.update(task, completed=done, total=every)
        )
    row = as_row(found, engine, data or pairs.stem)

    async def keep(_settings: Settings, base: AsyncPool) -> int:
        async with reading(base) as connection:
            return await purposes.save_calibration(connection, row, "needle identity calibrate")

    number = over_base(keep)
    console.print(
        f"{number}: {row.model}, {row.detector}, {row.library}; {row.genuine} pairs of one person, {row.impostors} of two, "
        f"{faceless} pictures without a face\n"
        f"threshold {row.threshold:.4f}: FMR {row.fmr:.4%} (95 % upper bound {row.fmr_upper:.4%}), FNMR {row.fnmr:.2%}; "
        f"EER {row.eer:.2%}",
        highlight=False,
    )


@app.command()
def propose(file: Annotated[Path, typer.Argument(help="TOML; docs/identity.md shows one.")], by: By) -> None:
    """Write down what faces would be compared for, with its notice; nothing is open by that."""
    print(f"purpose {_change(lambda c, now: opening.propose(c, opening.read_proposal(file), by, now))}")


@app.command()
def approve(number: Number, by: By) -> None:
    """Approve the impact assessment as the settings make it now; it holds for a year, and for these settings only."""
    print(f"assessment {_change(lambda c, now: opening.approve(c, number, by, now))}")


@app.command("open")
def open_(number: Number) -> None:
    """Let faces be compared for a purpose; refused without notice, threshold and an approved assessment in force."""
    _change(lambda c, now: opening.open_now(c, number, now, last_day(now)))
    print(f"purpose {number} is open")


@app.command()
def end(number: Number) -> None:
    """End a purpose: compare no more for it and delete every template kept for it."""
    gone, receipt = _change(lambda c, now: opening.end(c, number, now, last_day(now)))
    print(f"purpose {number} has ended; {gone} templates deleted, receipt {receipt}")


def last_day(now: datetime) -> date:
    """The last day for telling the authority of a change."""
    from dashboard.identity_room import is_workday

    return add_workdays(now.date(), FILING_DAYS, is_workday)


def _change(work: Callable[[purposes.AsyncConnection, datetime], Awaitable[Found]]) -> Found:
    async def run(_settings: Settings, base: AsyncPool) -> Found:
        async with reading(base) as connection:
            return await work(connection, datetime.now(UTC))

    return over_base(run)


@app.command()
def enrol(
    subject: Annotated[
        str, typer.Argument(help="person:KEY as in the list of recipients, or entity:CODE of the registry.")
    ],
    photo: Annotated[Path, typer.Argument(help="A photo taken in person.", exists=True)],
    by: By,
    guardian: Annotated[str, typer.Option(help="Who consents for a child under 14.")] = "",
) -> None:
    """Keep somebody's template from a photo taken in person, with the consent given there; prints its receipt."""
    from forms.identity.worker import Bench
    from forms.identity.worker import enrol as enrol_face

    async def run(settings: Settings, base: AsyncPool) -> str:
        vault, bench = open_vault(settings.home / "secrets"), Bench(settings.home)
        return await enrol_face(base, vault, bench, subject, photo.read_bytes(), guardian, by, datetime.now(UTC))

    print(over_base(run))


@app.command()
def codes() -> None:
    """Show the codes that wait for their answer, where no gateway sends them: to be told by a person on the phone."""

    async def run(settings: Settings, base: AsyncPool) -> Table:
        vault, table = open_vault(settings.home / "secrets"), Table("check", "phone", "code", "until")
        async with reading(base) as connection:
            for row in await checks.load_codes(connection):
                phone = vault.open(row.phone or b"", f"phone:{row.begun_id}").decode()
                code = vault.open(row.sealed or b"", f"code:{row.begun_id}").decode()
                table.add_row(str(row.id), phone, code, f"{row.expires_at:%H:%M}")
        return table

    Console().print(over_base(run))


@app.command()
def status() -> None:
    """Say what is open, which threshold holds, how many persons' faces are stored."""

    async def run(_settings: Settings, base: AsyncPool) -> list[str]:
        async with reading(base) as connection:
            purpose, calibration = await purposes.load_open(connection), await purposes.load_calibration(connection)
            stored = await references.count_stored(connection)
        opened = (
            f"open: {purpose.id} {purpose.name}, until {purpose.until:%Y-%m-%d}" if purpose else "no purpose is open"
        )
        limit = (
            f"threshold {calibration.threshold:.4f} of {calibration.model}: "
            f"FMR {calibration.fmr:.4%}, FNMR {calibration.fnmr:.2%}"
            if calibration
            else "no threshold measured: needle identity calibrate"
        )
        return [opened, limit, f"faces of {stored} persons are stored"]

    for line in over_base(run):
        print(line)
