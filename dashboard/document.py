"""The HTML document of each page: its language, theme and title from the first byte, its files asked for at once, and no more."""

import json
import re
from collections.abc import Sequence
from html import escape
from typing import Any, Final

from dash import Dash
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard import sheets
from dashboard.files import Files
from dashboard.page import Page, page_at
from dashboard.preferences import HTML_LANGUAGE, Preferences, Theme, read_preferences

#: What Dash tells every browser though the page works without; told of its own socket, the browser would open it beside ours.
NOT_TOLD: Final = (
    "dash_version",
    "python_version",
    "dash_version_url",
    "ddk_version",
    "plotly_version",
    "validation_layout",
    "websocket",
)
#: A table that no page uses, though Dash sends it with every page.
NOT_SENT: Final = "/dash/dash_table/"
SCRIPT: Final = re.compile(r'<script src="[^"]*/_dash-component-suites/([\w.-]+)/[^"]*"></script>\n?')
CONFIG: Final = re.compile(r'(<script id="_dash-config"[^>]*>)(.*?)(</script>)', flags=re.DOTALL)
ENTRY: Final = (
    '<div id="react-entry-point"><div class="first"><span class="state-needle" aria-hidden="true"></span></div></div>'
)
FONT: Final = "vendor/fonts/inter/files/inter-latin-wght-normal.woff2"


class DocumentDash(Dash):  # type: ignore[misc]  # Dash is untyped here
    """Dash that writes our documents."""

    def describe(self, files: Files, pages: Sequence[Page]) -> None:
        """Say which files there are and which page each address has."""
        self.files, self.by_path = files, {page.path: page for page in pages}

    def interpolate_index(self, config: str = "", scripts: str = "", renderer: str = "", **_parts: str) -> str:
        """The document for the request that is being answered."""
        request = self.backend.request_adapter()
        wanted = read_preferences(str(request.args), request.cookies)
        page = page_at(request.path, self.by_path)
        packages = ("dash", *(page.packages if page else ()))
        foot = thin(config) + needed(scripts, packages) + renderer
        return document(page, wanted, self.files, foot)


def document(page: Page | None, wanted: Preferences, files: Files, foot: str) -> str:
    """The whole document. ``page``: None for an address that has none; ``foot``: Dash's own scripts."""
    choice: Theme = wanted.theme or (page.theme if page else "auto")
    shown = "light" if choice == "light" else "dark"
    title = escape(wanted.say(page.title if page else "page.none"))
    attributes = f'lang="{HTML_LANGUAGE[wanted.language]}" data-theme="{shown}" data-choice="{choice}"'
    return f"""<!DOCTYPE html>
<html {attributes}>
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>{title}</title>
    {head(page, wanted, files)}
  </head>
  <body>
    {ENTRY}
    <footer>{foot}</footer>
  </body>
</html>"""


def head(page: Page | None, wanted: Preferences, files: Files) -> str:
    """Links to what the page needs, most urgent first."""
    modules = files.with_imports(("modules/frame.mjs", *(page.modules if page else ())))
    fetches = page.fetches if page and wanted.plain else ()
    starters = sorted(name for name in files.paths if "/" not in name and name.endswith(".js") and name != "head.js")
    lines = [
        f'<script src="{files.root}/head.js"></script>',
        f'<link rel="stylesheet" href="{files.root}/{sheets.NAME}">',
        *(f'<link rel="stylesheet" href="{files.root}/{name}">' for name in (page.sheets if page else ())),
        *(f'<link rel="preload" as="fetch" crossorigin href="{address}">' for address in fetches),
        f'<link rel="preload" as="font" type="font/woff2" crossorigin href="{files.root}/{FONT}">',
        *(f'<link rel="modulepreload" href="{files.root}/{name}">' for name in modules),
        *(f'<script src="{files.root}/{name}"></script>' for name in starters),
        f'<script type="module" src="{files.root}/modules/frame.mjs"></script>',
        f'<link rel="icon" type="image/svg+xml" href="{files.root}/icon.svg">',
    ]
    return "\n    ".join(lines)


def thin(config: str) -> str:
    """Dash's configuration without what tells an attacker which weaknesses to try, and without the layouts of all pages.

    The layouts are for a check of ids that browsers would repeat with every page; a test makes it once.
    """

    def thinned(match: re.Match[str]) -> str:
        content: dict[str, Any] = {k: v for k, v in json.loads(match[2]).items() if k not in NOT_TOLD}
        content |= {"disable_version_check": True, "suppress_callback_exceptions": True}
        return match[1] + json.dumps(content, separators=(",", ":")).replace("/", "\\u002f") + match[3]

    return CONFIG.sub(thinned, config)


def needed(scripts: str, packages: Sequence[str]) -> str:
    """The scripts of these packages, without those that no page needs; inline scripts stay."""

    def kept(match: re.Match[str]) -> str:
        return match[0] if match[1] in packages and NOT_SENT not in match[0] else ""

    return SCRIPT.sub(kept, scripts)


class Missing:
    """ASGI middleware: Dash answers every unknown address with a document and 200; this says 404 with it."""

    def __init__(self, app: ASGIApp, addresses: Sequence[str], inside: Sequence[str] = ()) -> None:
        self.app = app
        self.addresses, self.inside = frozenset(addresses), tuple(f"{address}/" for address in ("/api", *inside))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; a document for an address that has no page gets status 404. Below ``/api`` nothing is Dash's."""
        if scope["type"] != "http" or scope["path"] in self.addresses or scope["path"].startswith(self.inside):
            await self.app(scope, receive, send)
            return

        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:
                kind = Headers(raw=message["headers"]).get("content-type", "")
                message["status"] = 404 if kind.startswith("text/html") else 200
            await send(message)

        await self.app(scope, receive, send_marked)
