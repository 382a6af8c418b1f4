"""``needle portal`` and ``needle courier``: the residents' zone, and the only one that goes between the zones."""

import time
from typing import Annotated, Final

import typer
from rich.console import Console

from data.settings import Settings, get_settings
from geo.errors import NeedleError

PATIENCE_S: Final = 120.0
NOT_YET: Final = ("portal.no_mailbox", "database.unreachable")

Host = Annotated[str | None, typer.Option(help="Address to serve the residents' pages on.")]
Port = Annotated[int | None, typer.Option(help="Port to serve the residents' pages on.")]


def portal(host: Host = None, port: Port = None) -> None:
    """Serve the residents' pages; knows the mailbox's database and no other."""
    from forms.portal.app import serve

    settings = get_settings()
    serve(wait_for_mailbox(settings), host or settings.portal_host, port or settings.residents_port)


def wait_for_mailbox(settings: Settings) -> str:
    """The mailbox's address once the courier has made it; raises what is in the way when that takes too long."""
    from data.portal.mailbox import portal_url

    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return portal_url(settings)
        except NeedleError as error:
            if error.code not in NOT_YET or time.monotonic() > deadline:
                raise
        time.sleep(0.5)


def courier(
    per_minute: Annotated[float, typer.Option(min=1, help="Mails that it takes in a minute at most.")] = 600.0,
    rotate: Annotated[bool, typer.Option("--rotate", help="Make a new key pair for new mail, and stop.")] = False,
    status: Annotated[bool, typer.Option("--status", help="Say what lies in the mailbox, and stop.")] = False,
    retry: Annotated[bool, typer.Option("--retry", help="Try again the mails that were given up, and stop.")] = False,
) -> None:
    """Fetch residents' sealed mail, open it, file it, and write back how it stands; one process, in the foreground."""
    import asyncio

    from dashboard.mailroom import run_courier
    from forms.keys import KeyRing

    settings = get_settings()
    keys = KeyRing(settings.home / "secrets")
    if rotate:
        Console().print(f"key {keys.rotate()}; a courier that runs uses it within its next round")
        return
    if status or retry:
        asyncio.run(look_into(settings, retry=retry))
        return
    asyncio.run(run_courier(settings, keys, per_minute))


async def look_into(settings: Settings, *, retry: bool) -> None:
    """Say what lies in the mailbox; before that, let what was given up be tried again."""
    from data.database import open_pool
    from data.portal.courier_side import CourierSide
    from data.portal.mailbox import courier_url

    console = Console()
    async with open_pool(courier_url(settings), size=1) as pool:
        mailbox = CourierSide(pool)
        if retry:
            console.print(f"{await mailbox.retry()} mails are tried again")
        found = await mailbox.waiting()
    since = f", the oldest since {found.oldest_at:%Y-%m-%d %H:%M:%S %Z}" if found.oldest_at else ""
    console.print(f"{found.mails} mails wait{since}")
    if found.stuck_since is not None:
        console.print(
            f"[yellow]{found.stuck} of them failed too often, since {found.stuck_since:%Y-%m-%d %H:%M:%S %Z}[/]"
        )
        console.print("see the courier's log, then: needle courier --retry")
