"""``needle poster``: sheets for doors, one as a PDF or many as a ZIP."""

from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from data.cluster import ensure_database
from data.database import connect
from data.settings import get_settings
from data.stores.links import load_links, load_outreach, load_zone
from forms.links.tokens import link_secret
from forms.posters.archive import posters_of, stream_zip
from forms.posters.fonts import Slices, read_slices
from forms.posters.sheet import faces_for, render
from geo.errors import NeedleError


def poster(
    outreach: Annotated[int, typer.Argument(help="Number of the asking, as needle link list shows it.")],
    file: Annotated[Path, typer.Argument(dir_okay=False, help="What to write: a .pdf for one link, else a .zip.")],
    link: Annotated[list[int] | None, typer.Option(help="Only this link, by its number; may repeat.")] = None,
) -> None:
    """Print an asking's links on A4 sheets for doors: QR code, address to type, who asks and until when."""
    settings, slices = get_settings(), poster_font()
    with connect(ensure_database(settings)) as connection:
        asked = load_outreach(connection, outreach)
        zone = ZoneInfo(load_zone(connection))
        found = load_links(connection, outreach, link, open_only=True)
        secret = link_secret(settings.home / "secrets")
        posters = posters_of(asked, found, secret, settings.residents_address, zone)
    if not posters:
        raise NeedleError("poster.nothing")
    if file.suffix.lower() == ".pdf" and len(posters) == 1:
        file.write_bytes(render(posters[0], faces_for(posters, slices)))
    else:
        columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress, file.open("wb") as out:
            task = progress.add_task("posters", total=len(posters))
            for part in stream_zip(posters, slices, lambda done, _of: progress.update(task, completed=done)):
                out.write(part)
    Console().print(f"{len(posters)} posters: {file}")


def poster_font() -> Slices:
    """The font that the pages use, for posters too."""
    return read_slices(Path(__file__).parents[1] / "assets" / "vendor" / "fonts" / "noto-sans-sc")
