"""``needle message``: what is sent to residents, to whom not, and what could not be sent."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, Literal, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from dashboard.postroom import letterhead, send_round
from data.cluster import ensure_database
from data.database import AsyncPool, open_pool
from data.settings import Settings, get_settings
from data.stores import outbox_messages as outbox
from data.stores.reading import reading
from forms.messengers.texts import compose, wants_out
from geo.errors import NeedleError

app = typer.Typer(help="Send messages to residents, remind them, leave alone who wants none.", no_args_is_help=True)
Found = TypeVar("Found")
Address = Annotated[str, typer.Argument(help="A telephone number or an e-mail address.")]


def over_base(work: Callable[[Settings, AsyncPool], Awaitable[Found]]) -> Found:
    """Do some work over the base database."""

    async def run() -> Found:
        settings = get_settings()
        async with open_pool(await asyncio.to_thread(ensure_database, settings), size=4) as base:
            return await work(settings, base)

    return asyncio.run(run())


@app.command()
def spool(
    state: Annotated[
        Literal["waiting", "sending", "sent", "dropped", "dead"] | None, typer.Option(help="Only in this state.")
    ] = None,
    outreach: Annotated[int | None, typer.Option(help="Only of this asking.")] = None,
    words: Annotated[
        bool, typer.Option("--words", help="Show each message as it goes out, its link included.")
    ] = False,
    most: Annotated[int, typer.Option(min=1, help="So many at most, the newest.")] = 50,
) -> None:
    """Show the newest messages: to whom, how they stand, and what went wrong."""
    Console().print(over_base(lambda settings, base: shown(settings, base, state, outreach, most, words)))


async def shown(
    settings: Settings, base: AsyncPool, state: str | None, outreach: int | None, most: int, words: bool
) -> Table | str:
    """The messages as a table."""
    head = await letterhead(settings, base)
    async with reading(base) as connection:
        rows = await outbox.load_messages(connection, state, outreach, most)
    table = Table("message", "round", "to", "by", "state", "problem", *(["words"] if words else []))
    for row in rows:
        due, to = row.due, row.due.recipient.phone or row.due.recipient.email or ""
        url = head.url(due) or ""
        text = [compose(due, row.channel or "spool", to, url, head.base, head.zone).text] if words else []
        table.add_row(*(str(due.id), str(due.round), to, row.channel or "", row.state, row.problem or ""), *text)
    return table if rows else "no messages"


@app.command()
def send() -> None:
    """Send what is due now, and stop; the courier does so all the time. Nothing goes out in quiet hours."""

    async def all_of_it(settings: Settings, base: AsyncPool) -> int:
        tried = 0
        while count := await send_round(settings, base):
            tried += count
        return tried

    Console().print(f"{over_base(all_of_it)} messages tried: see needle message spool")


@app.command()
def remind(outreach: Annotated[int, typer.Argument(help="Number of the asking.")]) -> None:
    """Remind who has not answered an asking, once more, as soon as messages may go out."""

    async def once(_settings: Settings, base: AsyncPool) -> None:
        async with reading(base) as connection:
            await outbox.remind(connection, outreach, datetime.now(UTC))

    over_base(once)
    Console().print(f"asking {outreach}: who has not answered is reminded")


@app.command()
def leave(address: Address) -> None:
    """Send no more messages to an address."""

    async def once(_settings: Settings, base: AsyncPool) -> None:
        async with reading(base) as connection:
            await outbox.leave(connection, address.strip().lower(), "console")

    over_base(once)
    Console().print(f"no more messages to {address}")


@app.command()
def reply(address: Address, words: Annotated[str, typer.Argument(help="What came back.")]) -> None:
    """Take what a resident replied by SMS, as a gateway hands it over: TD, 退订, STOP … end further messages."""
    if not wants_out(words):
        raise NeedleError("message.reply", words=words)

    async def once(_settings: Settings, base: AsyncPool) -> None:
        async with reading(base) as connection:
            await outbox.leave(connection, address.strip().lower(), "reply")

    over_base(once)
    Console().print(f"no more messages to {address}")


@app.command()
def retry(
    unclear: Annotated[
        bool, typer.Option("--unclear", help="Also what may have arrived: somebody may get it twice.")
    ] = False,
) -> None:
    """Try again what was given up."""

    async def once(_settings: Settings, base: AsyncPool) -> int:
        async with reading(base) as connection:
            return await outbox.retry_dead(connection, unclear=unclear)

    Console().print(f"{over_base(once)} messages are tried again")
