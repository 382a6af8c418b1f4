"""``needle channel``: the keys by which 12345 desks, apps and sensors are known at the Open311 endpoint."""

import secrets
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from data.cluster import ensure_database
from data.database import connect
from data.settings import get_settings
from data.stores import channel_keys

app = typer.Typer(help="Give systems keys to send reports with, list them, revoke them.", no_args_is_help=True)
KEY_BYTES = 24


@app.command()
def add(
    channel: Annotated[str, typer.Argument(help="Code of the channel: 12345, snap, grid, sensor …")],
    holder: Annotated[str, typer.Option(help="Which system will hold the key.")],
    per_minute: Annotated[int, typer.Option(min=1, help="Reports that it may send in a minute.")] = 600,
) -> None:
    """Make a key and print it. It is shown this once: only its hash is kept."""
    key = secrets.token_urlsafe(KEY_BYTES)
    with connect(ensure_database(get_settings())) as connection:
        channel_keys.save_key(connection, key, channel, holder, per_minute)
    print(key)


@app.command()
def keys() -> None:
    """List the keys: number, channel, holder, rate, since when, until when."""
    with connect(ensure_database(get_settings())) as connection:
        found = channel_keys.load_keys(connection)
    table = Table("number", "channel", "holder", "a minute", "since", "revoked")
    for key in found:
        revoked = key.revoked_at.isoformat(timespec="minutes") if key.revoked_at else ""
        since = key.created_at.isoformat(timespec="minutes")
        table.add_row(str(key.id), key.channel, key.holder, str(key.per_minute), since, revoked)
    Console().print(table if found else "no keys yet: needle channel add CHANNEL --holder NAME")


@app.command()
def revoke(number: Annotated[int, typer.Argument(help="The key's number, as needle channel keys lists it.")]) -> None:
    """Let a key open nothing any more."""
    with connect(ensure_database(get_settings())) as connection:
        channel_keys.revoke_key(connection, number)
    Console().print(f"key {number} is revoked.")
