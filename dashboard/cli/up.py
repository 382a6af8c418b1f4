"""``needle up``, ``serve``, ``worker`` and ``status``: the processes of one installation."""

import time
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import httpx
import typer
from rich.console import Console
from rich.table import Table

from dashboard.supervisor import Part, Supervisor, last_lines, needle_command, stop_signals
from data.cluster import embedded_cluster, ensure_database
from data.settings import Settings, get_settings
from geo.errors import NeedleError

READY_SECONDS = 60.0
Host = Annotated[str | None, typer.Option(help="Address to serve the pages on.")]
Port = Annotated[int | None, typer.Option(help="Port to serve the pages on.")]


def chosen_settings(host: str | None, port: int | None) -> Settings:
    """The settings with what the command line says over them."""
    given = {key: value for key, value in {"host": host, "port": port}.items() if value is not None}
    return get_settings().model_copy(update=given)


def address(settings: Settings) -> str:
    """Where the operators' pages are."""
    return f"http://{settings.host}:{settings.port}"


def parts(settings: Settings) -> list[Part]:
    """The processes that make an installation work: the operators' server, the worker, the deliverer, the residents' two."""
    serve = needle_command("serve", "--host", settings.host, "--port", str(settings.port))
    portal = needle_command("portal", "--host", settings.portal_host, "--port", str(settings.residents_port))
    return [
        Part("server", serve),
        Part("worker", needle_command("worker")),
        Part("deliverer", needle_command("deliver")),
        Part("courier", needle_command("courier")),
        Part("identity", needle_command("identity", "serve")),
        Part("linker", needle_command("registry", "follow")),
        Part("portal", portal, hidden=frozenset({"NEEDLE_DATABASE_URL"})),
    ]


def is_answering(settings: Settings) -> bool:
    """Whether an operators' server answers at the address."""
    try:
        return httpx.get(f"{address(settings)}/api/health", timeout=2.0, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def wait_until_ready(supervisor: Supervisor, settings: Settings) -> None:
    """Return when the server answers; raise with its last words when it dies or takes too long."""
    deadline = time.monotonic() + READY_SECONDS
    server = supervisor.children[0]
    while not supervisor.stopping:
        if is_answering(settings):
            return
        if server.process.poll() is not None or time.monotonic() > deadline:
            log = supervisor.log_folder / "server.log"
            raise NeedleError("server.not_ready", log=log, last="\n".join(last_lines(log)))
        time.sleep(0.1)


def run_together(
    settings: Settings,
    url: str,
    more: list[Part],
    console: Console,
    accounts: Table | None = None,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Run an installation's processes until Ctrl-C or SIGTERM; then stop them, and the embedded database, cleanly.

    ``accounts``: who may sign in, where that may be said aloud. ``environment``: what every process is told besides.
    """
    if is_answering(settings):
        raise NeedleError("server.address_taken", address=address(settings))
    supervisor = Supervisor(settings.home / "log", {"NEEDLE_DATABASE_URL": url, **environment})
    with stop_signals(supervisor):
        try:
            for part in parts(settings):
                supervisor.start(part)
            with console.status("starting the server, the worker and the deliverer"):
                wait_until_ready(supervisor, settings)
            for part in more:
                supervisor.start(part)
            announce(settings, console, accounts)
            watch(supervisor, console)
        finally:
            with console.status("stopping"):
                supervisor.stop()
                if settings.database_url is None:
                    embedded_cluster(settings).stop()
            console.print("stopped; the data are kept.")


def announce(settings: Settings, console: Console, accounts: Table | None) -> None:
    """Say where to look, and as whom."""
    console.print(f"\n  指挥大屏 wall map   [bold cyan]{address(settings)}/wall[/bold cyan]")
    console.print(
        f"  居民门户 residents  [bold cyan]http://{settings.portal_host}:{settings.residents_port}/report[/bold cyan]"
    )
    if accounts is not None:
        console.print(accounts)
    console.print("\n  停止 stop           Ctrl-C\n")


def watch(supervisor: Supervisor, console: Console) -> None:
    """Keep the processes alive until told to stop."""
    while not supervisor.stopping:
        for child in supervisor.tend():
            log = supervisor.log_folder / f"{child.part.name}.log"
            console.print(f"[yellow]{child.part.name} ended and was started again; see {log}[/yellow]")
        time.sleep(0.2)


def up(host: Host = None, port: Port = None) -> None:
    """Start the database, the operators' server, the worker, the deliverer, the courier and the residents' portal."""
    console = Console()
    settings = chosen_settings(host, port)
    with console.status("starting the database"):
        url = ensure_database(settings)
    run_together(settings, url, [], console)


def serve(host: Host = None, port: Port = None) -> None:
    """Run the operators' server alone, in the foreground."""
    from dashboard.server import serve as run_server

    run_server(chosen_settings(host, port))


def worker() -> None:
    """Run one worker alone, in the foreground; several may run side by side."""
    from dispatch.worker import run

    run(ensure_database(get_settings()))


def deliver() -> None:
    """Tell other systems of cases and take their answers; one process, in the foreground."""
    import asyncio

    from dispatch.delivery.addresses import networks
    from dispatch.delivery.deliverer import deliver as run

    settings = get_settings()
    allowed = networks(settings.outgoing_networks)
    asyncio.run(run(ensure_database(settings), settings.home / "secrets", allowed, settings.poll_seconds))


def rehearse(
    url: Annotated[str, typer.Option(help="The operators' server.")],
    per_minute: Annotated[
        float | None, typer.Option(min=0.1, help="Reports a minute. None: as many as the city had lately.")
    ] = None,
    elsewhere: Annotated[
        list[str] | None, typer.Option(help="A department that works in a system of its own; may repeat.")
    ] = None,
) -> None:
    """Let the demo city's people live: they report, and teams work, over HTTP alone."""
    import asyncio
    from datetime import UTC, datetime

    from dashboard.cast import Cast
    from data.database import connect
    from data.demo.live import pace, reports_live
    from dispatch.rehearsal import rehearse as run_people

    start, base = datetime.now(UTC), ensure_database(get_settings())
    with connect(base) as connection:
        stream = reports_live(connection, start.microsecond, start, per_minute or pace(connection))
        first = next(stream)
    own = frozenset(elsewhere or ())
    asyncio.run(run_people(url, chain([first], stream), Cast(base).headers, elsewhere=own))


def status(host: Host = None, port: Port = None) -> None:
    """Say what runs, which city is loaded and how much work is waiting."""
    from data.stores.status import read_status

    settings = chosen_settings(host, port)
    running = settings.database_url is not None or embedded_cluster(settings).is_running()
    table = Table(show_header=False, box=None)
    table.add_row("database", "running" if running else "stopped")
    table.add_row("server", f"{address(settings)} answers" if is_answering(settings) else "not answering")
    if running:
        for label, value in read_status(ensure_database(settings)).items():
            table.add_row(label, value)
    table.add_row("home", str(Path(settings.home)))
    Console().print(table)
