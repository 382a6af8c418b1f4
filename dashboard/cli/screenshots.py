"""``needle screenshots``: a picture of every page, in both languages, both themes and the sizes of its screens.

Operators' pages are taken by an administrator of the installation, the field app by a team that has work, on a phone; signing
in and the residents' pages by nobody in particular.
"""

import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import urlencode

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from dashboard.cli.chromium import ARGUMENTS, CHROMIUM
from data.cluster import address_of
from data.settings import Settings, get_settings
from geo.errors import NeedleError

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from dashboard.cast import Cast

DESK: Final = (1920, 1080)
PHONE: Final = (390, 844)
WALLS: Final = (DESK, (3840, 2160), (3840, 1080))
LOGIN, FIELD, WALL = "/login", "/m", "/wall"
RESIDENTS: Final = ("/report", "/track", "/map", "/mine")
#: What stands on a page when its script has drawn it.
DRAWN: Final = {WALL: "body[data-ready]", "/desk": ".ag-row .cell:not(.cell-wait)"}
DRAWN_ELSEWHERE: Final = "body[data-ready], .frame main"
PATIENCE_MS: Final = 180_000
IDLE_MS: Final = 10_000
DEMO_SECONDS: Final = 300.0
SETTLE_MS: Final = 2_500
"""Maps fade their labels in, panels slide."""


@dataclass(frozen=True)
class Shot:
    """One picture: which page, how."""

    path: str
    language: str
    theme: str
    size: tuple[int, int]
    screen: bool = False

    @property
    def address(self) -> str:
        """The address below the server's."""
        query = {"lang": self.language, "theme": self.theme} | ({"screen": "1"} if self.screen else {})
        return f"{self.path}?{urlencode(query)}"

    @property
    def name(self) -> str:
        """The file: ``wall-zh-dark-1920x1080.png``."""
        width, height = self.size
        page = self.path.strip("/") + ("-screen" if self.screen else "")
        return f"{page}-{self.language}-{self.theme}-{width}x{height}.png"


def shots(paths: list[str]) -> Iterator[Shot]:
    """Every picture of these pages: phones for whoever walks, the wall also as video walls show it."""
    for path in paths:
        size = PHONE if path in (FIELD, *RESIDENTS) else DESK
        for language in ("zh", "en"):
            for theme in ("light",) if path in RESIDENTS else ("dark", "light"):
                yield Shot(path, language, theme, size)
            if path == WALL:
                yield from (Shot(path, language, "dark", size, screen=True) for size in WALLS)


def every_page() -> list[str]:
    """The paths of all pages: the registered ones, those around them, the residents'."""
    from dashboard.server import PAGES

    return [*(page.path for page in PAGES), LOGIN, FIELD, *RESIDENTS]


@dataclass(frozen=True)
class Place:
    """Where the pages are, and whose database lies under them."""

    operators: str
    residents: str
    database: str

    def server(self, path: str) -> str:
        """The server of a page."""
        return self.residents if path in RESIDENTS else self.operators

    def session(self, path: str) -> str | None:
        """The session's token with which a page is taken."""
        if path in (LOGIN, *RESIDENTS):
            return None
        return self._cast.token(self._team if path == FIELD else "admin")

    @cached_property
    def _cast(self) -> "Cast":
        from dashboard.cast import Cast

        return Cast(self.database)

    @cached_property
    def _team(self) -> str:
        """A team that has work, as actor."""
        import httpx

        headers = self._cast.headers("admin")
        answer = httpx.get(f"{self.operators}/api/wall/snapshot", headers=headers, timeout=60.0, trust_env=False)
        teams = sorted(answer.raise_for_status().json()["teams"], key=lambda team: (not team["on_duty"], -team["load"]))
        return f"team:{teams[0]['id']}"


def screenshots(
    folder: Annotated[Path, typer.Option(help="Where the pictures go.")] = Path("screenshots"),
    running: Annotated[
        bool, typer.Option(help="Of the city that runs here. Else a demo city of its own, gone after.")
    ] = False,
    pages: Annotated[list[str] | None, typer.Option("--page", help="Only this page, e.g. /wall; may repeat.")] = None,
) -> None:
    """Take a picture of every page, in both languages and themes, as screens of their size show it."""
    console = Console()
    check_browser()
    wanted = list(shots(pages or every_page()))
    if running:
        take(wanted, place_of(get_settings()), folder, console)
        return
    with own_demo(console) as place:
        take(wanted, place, folder, console)


def place_of(settings: Settings) -> Place:
    """Where an installation's pages are."""
    residents = f"http://{settings.portal_host}:{settings.residents_port}"
    return Place(f"http://{settings.host}:{settings.port}", residents, address_of(settings))


def check_browser() -> None:
    """Refuse early when Playwright or Chromium is missing."""
    if find_spec("playwright") is None or not CHROMIUM.exists():
        raise NeedleError("screenshots.no_browser")


@contextmanager
def own_demo(console: Console) -> Iterator[Place]:
    """A demo city in a folder of its own."""
    from dashboard.supervisor import needle_command

    with tempfile.TemporaryDirectory(prefix="needle-screenshots-") as home, socket.socket() as free:
        Path(home).chmod(0o755)
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
        free.close()
        command = needle_command("demo", "--port", str(port))
        with Path(home, "demo.log").open("wb") as log:
            demo = subprocess.Popen(command, env=os.environ | {"NEEDLE_HOME": home}, stdout=log, stderr=log)
        try:
            with console.status("building a demo city"):
                wait_for(demo, f"http://127.0.0.1:{port}", Path(home, "demo.log"))
            yield place_of(Settings(home=Path(home), port=port))
        finally:
            demo.send_signal(signal.SIGINT)
            demo.wait()


def wait_for(demo: "subprocess.Popen[bytes]", address: str, log: Path) -> None:
    """Return when the demo's server answers; raise with its last words when it ends or takes too long."""
    import httpx

    deadline = time.monotonic() + DEMO_SECONDS
    while demo.poll() is None and time.monotonic() < deadline:
        with suppress(httpx.HTTPError):
            if httpx.get(f"{address}/api/health", timeout=2.0, trust_env=False).is_success:
                return
        time.sleep(0.2)
    raise NeedleError("server.not_ready", log=log, last=log.read_text(encoding="utf-8")[-600:])


def take(wanted: list[Shot], place: Place, folder: Path, console: Console) -> None:
    """Take the pictures, with progress."""
    from playwright.sync_api import sync_playwright

    folder.mkdir(parents=True, exist_ok=True)
    columns = (TextColumn("{task.description:<44}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress, sync_playwright() as playwright:
        task = progress.add_task("", total=len(wanted))
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        for shot in wanted:
            progress.update(task, description=shot.name)
            picture(browser, place, shot, folder)
            progress.advance(task)
        browser.close()
    console.print(f"{len(wanted)} pictures in {folder}")


def picture(browser: "Browser", place: Place, shot: Shot, folder: Path) -> None:
    """Take one picture once the page has drawn itself."""
    from playwright.sync_api import TimeoutError

    from dashboard.sessions import COOKIE

    width, height = shot.size
    context = browser.new_context(viewport={"width": width, "height": height}, timezone_id="Asia/Shanghai")
    server, session = place.server(shot.path), place.session(shot.path)
    if session is not None:
        context.add_cookies([{"name": COOKIE, "value": session, "url": server}])
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(server + shot.address)
    page.wait_for_selector(DRAWN.get(shot.path, DRAWN_ELSEWHERE))
    # A page that goes on asking is taken as it stands then.
    with suppress(TimeoutError):
        page.wait_for_load_state("networkidle", timeout=IDLE_MS)
    page.wait_for_timeout(SETTLE_MS)
    page.screenshot(path=folder / shot.name)
    context.close()
