"""``needle db``: the database by hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from data import backup as backups
from data import backup_files as files
from data import migrate as migrations
from data.cluster import address_of, admin_address_of, embedded_cluster, ensure_database
from data.settings import get_settings

app = typer.Typer(help="Start, stop, migrate, back up and restore the database.", no_args_is_help=True)
COLUMNS = (SpinnerColumn(), TextColumn("{task.description:<32}"), BarColumn(), TimeElapsedColumn())


@contextmanager
def telling(console: Console) -> Iterator[backups.Tell]:
    """One bar for the whole, its text the part under way."""
    with Progress(*COLUMNS, console=console) as progress:
        task = progress.add_task("starting", total=None)
        yield lambda label, done, total: progress.update(task, description=label, completed=done, total=max(total, 1))


@app.command()
def start() -> None:
    """Start the embedded database, made and migrated at first use; print its address."""
    with Console(stderr=True).status("starting the database"):
        url = ensure_database(get_settings())
    print(url)


@app.command()
def stop() -> None:
    """Stop the embedded database. Its data stay."""
    settings = get_settings()
    console = Console()
    if settings.database_url is not None:
        console.print("NEEDLE_DATABASE_URL names a database of your own; nothing to stop.")
        return
    with console.status("stopping the database"):
        embedded_cluster(settings).stop()
    console.print("stopped; the data are kept.")


@app.command()
def url() -> None:
    """Print the database's address, for psql and other programs; start nothing."""
    print(address_of(get_settings()))


@app.command()
def migrate() -> None:
    """Bring the database to the schema of this program."""
    console = Console()
    settings = get_settings()
    with console.status("migrating"):
        if settings.database_url is None:
            ensure_database(settings)
        else:
            migrations.upgrade(settings.database_url)
    console.print(f"schema {migrations.current(address_of(settings))}")


@app.command(hidden=True)
def revise(message: Annotated[str, typer.Argument(help="What changes, in a few words.")]) -> None:
    """Draft a migration from what data/tables/ has and the database has not (for developers)."""
    print(migrations.revise(ensure_database(get_settings()), message))


@app.command()
def backup(
    out: Annotated[Path | None, typer.Option(help="File to write. None: .needle/backups/, named by date.")] = None,
) -> None:
    """Write the database into one file, photos and files of answers into another beside it; keys into none."""
    console = Console()
    settings = get_settings()
    stamp = datetime.now().astimezone().strftime("%Y-%m-%d-%H%M%S")
    path = out or settings.home / "backups" / f"needle-{stamp}.dump"
    database = ensure_database(settings)
    with telling(console) as tell:
        backups.backup(database, path, tell)
        files.backup_files(settings.home, path, tell)
    for made in (path, files.files_beside(path)):
        console.print(f"{made}  {made.stat().st_size / 1e6:,.1f} MB", highlight=False, soft_wrap=True)


@app.command()
def restore(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A file that needle db backup wrote.")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Also when the database holds data.")] = False,
) -> None:
    """Put a backup in the database's place. The old data go only when the backup stands whole beside them."""
    console = Console()
    settings = get_settings()
    database = ensure_database(settings)
    with telling(console) as tell:
        files.restore_files(settings.home, path, tell)
        backups.restore(database, admin_address_of(settings), path, tell, overwrite=overwrite)
    console.print(f"restored from {path}", highlight=False, soft_wrap=True)
