"""``needle link``: ask persons, households, buildings or an area by links; list, revoke, issue anew and export them."""

import csv
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from data.cluster import ensure_database
from data.database import Connection, connect
from data.settings import get_settings
from data.stores import links
from data.stores.audit import Deed, add_entry
from forms.links import issuing
from forms.links.lists import codes_in, read_list
from forms.links.tokens import LinkSecret, link_secret
from geo.errors import NeedleError

app = typer.Typer(
    help="Ask persons, households, buildings or an area by links; revoke, reissue, export them.", no_args_is_help=True
)
TIMES = ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d"]
Outreach = Annotated[int, typer.Argument(help="Number of the asking, as needle link list shows it.")]
Links = Annotated[list[int] | None, typer.Option("--link", help="Only this link, by its number; may repeat.")]
Every = Annotated[bool, typer.Option("--all", help="All links of the asking.")]


@app.command()
def issue(
    form: Annotated[str, typer.Option(help="Key of the form that is asked.")],
    title: Annotated[str, typer.Option(help="What it is about, as residents read it.")],
    asks: Annotated[str, typer.Option(help="Who asks, as residents read it.")],
    until: Annotated[datetime, typer.Option(formats=TIMES, help="Until when, in the city's time.")],
    to: Annotated[
        Literal["building", "area", "person", "household"], typer.Option(help="What gets a link each.")
    ] = "building",
    area: Annotated[str | None, typer.Option(help="LAYER:CODE: only buildings there; or the area itself.")] = None,
    use: Annotated[list[str] | None, typer.Option(help="Only buildings of this use; may repeat.")] = None,
    list_file: Annotated[
        Path | None, typer.Option("--list", exists=True, dir_okay=False, help="CSV of persons or households.")
    ] = None,
    uses: Annotated[
        int | None, typer.Option(min=1, help="How often each link may be used; none: once, or any number on a wall.")
    ] = None,
    remind: Annotated[
        list[datetime] | None, typer.Option(formats=TIMES, help="When to remind who has not answered; may repeat.")
    ] = None,
) -> None:
    """Ask a form: issue a link to everybody who is asked. The portal has them a moment later, when the courier runs."""
    settings = get_settings()
    secret = link_secret(settings.home / "secrets")
    with connect(ensure_database(settings)) as connection:
        zone = ZoneInfo(links.load_zone(connection))
        moments = tuple(sorted(at.replace(tzinfo=zone) for at in remind or ()))
        asking = links.Asking(form, title, asks, until.replace(tzinfo=zone), moments)
        outreach = links.load_outreach(connection, links.add_outreach(connection, asking))
        found = targets(connection, to, read_area(area), use, list_file)
        allowed = uses if uses is not None else (None if to in issuing.POSTED else 1)
        count = with_progress(connection, outreach, found, secret, allowed)
        if not count:
            raise NeedleError("link.nobody")
        note(connection, "link.issue", outreach.id, count)
    Console().print(f"asking {outreach.id}: {count} links")


def targets(
    connection: Connection,
    to: str,
    within: tuple[str, str] | None,
    uses: list[str] | None,
    list_file: Path | None,
) -> Iterable[links.Target]:
    """Who is asked, as they come."""
    if to == "building":
        return links.load_buildings(connection, within, uses)
    if to == "area":
        if within is None:
            raise NeedleError("link.no_area", area="")
        return [links.load_area(connection, *within)]
    if list_file is None:
        raise NeedleError("link.list_columns", missing="--list")
    houses = {house.target: house for house in links.load_buildings(connection, None, None, codes_in(list_file))}
    return read_list(list_file, to, houses)


def with_progress(
    connection: Connection,
    outreach: links.OutreachRow,
    found: Iterable[links.Target],
    secret: LinkSecret,
    allowed: int | None,
) -> int:
    """Issue links, and say how far it is."""
    columns = (SpinnerColumn(), TextColumn("{task.completed:,.0f} links"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("links", total=None)
        return issuing.issue(
            *(connection, outreach, found, secret, allowed, outreach.until),
            progress=lambda done: progress.update(task, completed=done),
        )


@app.command("list")
def list_links(
    outreach: Annotated[int | None, typer.Argument(help="Number of an asking; none: all askings.")] = None,
) -> None:
    """List the askings, or one asking's links: for whom, how often used, until when."""
    with connect(ensure_database(get_settings())) as connection:
        if outreach is None:
            table = Table("asking", "form", "title", "who asks", "until")
            for row in links.load_outreaches(connection):
                table.add_row(str(row.id), row.form, row.title, row.asks, row.until.isoformat(timespec="minutes"))
        else:
            links.load_outreach(connection, outreach)
            table = Table("link", "kind", "for", "issue", "used", "state")
            for link in links.load_links(connection, outreach):
                used = f"{link.uses}/{link.uses_allowed}" if link.uses_allowed is not None else str(link.uses)
                table.add_row(str(link.id), link.kind, link.label, str(link.issue), used, state_of(link))
    Console().print(table if table.row_count else "nothing asked yet: needle link issue")


def state_of(link: links.LinkRow) -> str:
    """How a link stands, for a list."""
    if link.revoked_at is not None:
        return "revoked"
    if link.expires_at <= datetime.now(link.expires_at.tzinfo):
        return "expired"
    return "open" if link.is_published else "open, not at the portal yet"


@app.command()
def revoke(outreach: Outreach, link: Links = None, every: Every = False) -> None:
    """Let links take no more answers."""
    with connect(ensure_database(get_settings())) as connection:
        count = links.revoke_links(connection, chosen(connection, outreach, link, every))
        note(connection, "link.revoke", outreach, count)
    Console().print(f"{count} links are revoked")


@app.command()
def reissue(outreach: Outreach, link: Links = None, every: Every = False) -> None:
    """Give links another token: the old ones lead nowhere. Uses count anew."""
    settings = get_settings()
    with connect(ensure_database(settings)) as connection:
        until = links.load_outreach(connection, outreach).until
        ids = chosen(connection, outreach, link, every)
        count = issuing.reissue(connection, outreach, ids, link_secret(settings.home / "secrets"), until)
        note(connection, "link.reissue", outreach, count)
    Console().print(f"{count} links are issued anew: export them, or print their posters, again")


@app.command()
def export(
    outreach: Outreach,
    file: Annotated[Path, typer.Argument(dir_okay=False, help="CSV file to write.")],
) -> None:
    """Write an asking's open links with their addresses: whoever has the file can answer for everybody in it."""
    settings = get_settings()
    secret = link_secret(settings.home / "secrets")
    with connect(ensure_database(settings)) as connection, file.open("w", encoding="utf-8-sig", newline="") as out:
        links.load_outreach(connection, outreach)
        writer = csv.writer(out)
        writer.writerow(("link", "kind", "key", "label", "address", "short_code", "used"))
        found = links.load_links(connection, outreach, open_only=True)
        rows = [
            (link.id, link.kind, link.target, link.label, url, short or "", link.uses)
            for link, url, short in issuing.addresses(found, secret, settings.residents_address)
        ]
        writer.writerows(rows)
        note(connection, "export", outreach, len(rows))
    file.chmod(0o600)
    Console().print(f"{len(rows)} links: {file}")


def chosen(connection: Connection, outreach: int, wanted: list[int] | None, every: bool) -> list[int]:
    """The links that are meant, of this asking."""
    links.load_outreach(connection, outreach)
    if not wanted and not every:
        raise NeedleError("link.which")
    return [link.id for link in links.load_links(connection, outreach, None if every else wanted)]


def read_area(said: str | None) -> tuple[str, str] | None:
    """Layer and code of ``LAYER:CODE``."""
    if said is None:
        return None
    layer, _, code = said.partition(":")
    if not layer or not code:
        raise NeedleError("link.no_area", area=said)
    return layer, code


def note(connection: Connection, action: str, outreach: int, count: int) -> None:
    """Write into the audit what was done at the console."""
    add_entry(connection, Deed("console", action, f"outreach:{outreach}", "", {"links": count}))
