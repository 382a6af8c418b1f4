"""``needle collect``: let ODK Collect and other OpenRosa programs of field workers in, each by a password of its own."""

from pathlib import Path
from typing import Annotated

import qrcode
import typer
from rich.console import Console
from rich.table import Table

from dashboard.passwords import random_password
from data.cluster import ensure_database
from data.database import connect
from data.settings import get_settings
from data.stores.app_passwords import add_app_password, load_app_passwords, revoke_app_password
from data.stores.audit import Deed, add_entry
from forms.links.qr import png, svg
from forms.openrosa.collect_settings import collect_settings
from geo.errors import NeedleError

app = typer.Typer(help="Let field workers fill forms in with ODK Collect.", no_args_is_help=True)
SIZE_MM = 60.0


@app.command()
def add(
    username: Annotated[str, typer.Argument(help="The worker's account.")],
    url: Annotated[str, typer.Option(help="Where the phone finds this server: https://needle.example.gov.cn")],
    device: Annotated[str, typer.Option(help="Which phone it is for.")] = "Collect",
    to: Annotated[Path | None, typer.Option(help="Write the QR code here, .svg or .png; default: show it.")] = None,
) -> None:
    """Make a password for one phone and the QR code that sets Collect up. It is shown this once: only its hash is kept."""
    endpoint, password, name = f"{url.rstrip('/')}/openrosa", random_password(), username.strip().lower()
    with connect(ensure_database(get_settings())) as connection:
        number = add_app_password(connection, name, device, password)
        add_entry(connection, Deed("console", "app_password.add", f"account:{name}", "", {"number": number}))
    said = collect_settings(endpoint, name, password, "一根针 Needle")
    print(f"{number}: {endpoint}\n{name}\n{password}")
    if to is None:
        code = qrcode.QRCode(border=2)
        code.add_data(said)
        code.print_ascii(invert=True)
    else:
        to.write_bytes(png(said, SIZE_MM) if to.suffix == ".png" else svg(said, SIZE_MM).encode())
        print(to)


@app.command("list")
def list_passwords() -> None:
    """List who may come in by which phone, and when they last did."""
    with connect(ensure_database(get_settings())) as connection:
        found = load_app_passwords(connection)
    table = Table("number", "account", "for", "made", "last used", "revoked")
    for each in found:
        moments = (each.created_at, each.used_at, each.revoked_at)
        table.add_row(str(each.id), each.username, each.name, *(f"{m:%Y-%m-%d %H:%M}" if m else "" for m in moments))
    Console().print(table if found else "nobody yet: needle collect add USERNAME --url https://…")


@app.command()
def revoke(number: Annotated[int, typer.Argument(help="As the list names it.")]) -> None:
    """Let a password open nothing any more: a phone was lost."""
    with connect(ensure_database(get_settings())) as connection:
        if not revoke_app_password(connection, number):
            raise NeedleError("account.app_password", number=number)
        add_entry(connection, Deed("console", "app_password.revoke", f"app_password:{number}", "", {}))
    print(f"{number} is revoked")
