"""``/m``: the document of the phone's page, its manifest, icons and service worker. No Dash, no framework, nothing inline.

The worker keeps the files of one version: its text names them all, so that it changes with any of them, and the phone takes the
new version the next time the page is opened, never while somebody writes.
"""

from hashlib import sha256
from html import escape
from importlib.resources import files as package
from pathlib import Path
from typing import Any, Final

import orjson
from fastapi import APIRouter, Request, Response

from dashboard.files import Files
from dashboard.i18n import LANGUAGES, Words, words
from dashboard.mobile.icons import SIZES, icon_png
from dashboard.preferences import HTML_LANGUAGE, Preferences, read_preferences
from dashboard.sheets import icon_rule

SHEET: Final = "phone/phone.css"
SKETCH: Final = "modules/sketch.mjs"
STARTER: Final = "modules/m.mjs"
#: What opens only when it is asked for, kept for the road all the same.
LATER: Final = ("modules/m_map.mjs", "modules/m_report.mjs", "modules/m_case.mjs", "modules/m_me.mjs")
WORKER: Final = "phone/worker.mjs"
STATIC: Final = "/static/phone"
#: Signs of the page by what they mean, each an icon.
GLYPHS: Final = {
    "tasks": "clipboard-list",
    "report": "circle-plus",
    "sent": "send",
    "me": "user",
    "back": "chevron-left",
    "close": "x",
    "pin": "map-pin",
    "cloud": "cloud-upload",
    "camera": "camera",
    "gallery": "image",
    "found": "badge-check",
    "calm": "inbox",
    "whistles": "megaphone",
    "checks": "eye",
    "navigate": "navigation",
}
DAY: Final = {"Cache-Control": "public, max-age=86400"}


def made_files(assets: Path) -> dict[str, str]:
    """Files that the phone's page is served besides the assets: its one style sheet, and the residents' map."""
    sheets = (assets / "css" / "tokens.css", *sorted((assets / "phone").glob("*.css")))
    return {
        SHEET: "\n".join([*(path.read_text(encoding="utf-8") for path in sheets), *glyphs(assets)]),
        SKETCH: package("forms").joinpath("assets", SKETCH).read_text(encoding="utf-8"),
    }


def glyphs(assets: Path) -> list[str]:
    """A class for each sign, its lines within the sheet."""
    folder = assets / "vendor" / "icons"
    rules = [icon_rule(icon, (folder / f"{icon}.svg").read_text(encoding="utf-8")) for icon in GLYPHS.values()]
    return [
        f".glyph-{name}{rule.removeprefix(f'.icon-{GLYPHS[name]}')}" for name, rule in zip(GLYPHS, rules, strict=True)
    ]


class MobilePages:
    """The phone's page in one server process."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self.modules = files.with_imports((STARTER,))
        self.later = [name for name in files.with_imports((*LATER,)) if name not in self.modules]
        self.router = APIRouter()
        self.router.add_api_route("/m", self.page, methods=["GET"])
        self.router.add_api_route("/m/sw.js", self.worker, methods=["GET"])
        self.router.add_api_route(f"{STATIC}/manifest.{{language}}.webmanifest", self.manifest, methods=["GET"])
        self.router.add_api_route(f"{STATIC}/icon-{{size}}-maskable.png", maskable_icon, methods=["GET"])
        self.router.add_api_route(f"{STATIC}/icon-{{size}}.png", icon, methods=["GET"])

    async def page(self, request: Request) -> Response:
        """The document, in the language and theme of the address or the cookies."""
        wanted = read_preferences(str(request.query_params), request.cookies)
        return Response(self.document(wanted), media_type="text/html", headers={"Cache-Control": "no-cache"})

    def document(self, wanted: Preferences) -> str:
        """The whole page: a frame, its words, and the addresses of its files."""
        say, root = wanted.say, self.files.root
        choice = wanted.theme or "auto"
        preload = "\n".join(f'<link rel="modulepreload" href="{root}/{name}">' for name in self.modules)
        settings = {"language": wanted.language, "root": root, "version": self.version, "words": say.under("m")}
        return f"""<!DOCTYPE html>
<html lang="{HTML_LANGUAGE[wanted.language]}" data-theme="{"dark" if choice == "dark" else "light"}" data-choice="{choice}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<meta name="theme-color" content="#0b63b0">
<meta name="mobile-web-app-capable" content="yes">
<meta name="apple-mobile-web-app-capable" content="yes">
<meta name="apple-mobile-web-app-status-bar-style" content="black-translucent">
<meta name="apple-mobile-web-app-title" content="{escape(say("m.app"))}">
<title>{escape(say("m.title"))}</title>
<link rel="stylesheet" href="{root}/{SHEET}">
<script src="{root}/head.js"></script>
{preload}
<link rel="preload" as="fetch" crossorigin href="/api/m/state">
<link rel="manifest" href="{STATIC}/manifest.{wanted.language}.webmanifest">
<link rel="icon" type="image/svg+xml" href="{root}/icon.svg">
<link rel="apple-touch-icon" href="{STATIC}/icon-180.png">
</head>
<body>
{frame(say)}
<script type="application/json" id="settings">{as_words(settings)}</script>
<script type="module" src="{root}/{STARTER}"></script>
</body>
</html>"""

    @property
    def version(self) -> str:
        """Changes with every file that the phone keeps, and with the words of the page."""
        said = orjson.dumps([words(language).under("m") for language in LANGUAGES])
        return sha256(self.files.root.encode() + said).hexdigest()[:12]

    async def worker(self) -> Response:
        """The service worker: what it keeps, then what it does."""
        root = self.files.root
        kept = [f"{root}/{name}" for name in (SHEET, SKETCH, "head.js", "icon.svg", *self.modules, *self.later)]
        told = {"version": self.version, "files": [*kept, *(f"/m?lang={language}" for language in LANGUAGES)]}
        text = f'import {{ keep }} from "{root}/{WORKER}";\nkeep({orjson.dumps(told).decode()});\n'
        headers = {"Cache-Control": "no-cache", "Service-Worker-Allowed": "/m"}
        return Response(text, media_type="text/javascript", headers=headers)

    async def manifest(self, language: str) -> Response:
        """What a home screen asks: name, icons, colours, where to begin."""
        if language not in LANGUAGES:
            return Response(status_code=404)
        content = orjson.dumps(manifest(words("en" if language == "en" else "zh")))
        return Response(content, media_type="application/manifest+json", headers=DAY)


def as_words(settings: dict[str, Any]) -> str:
    """JSON that stands in an element which runs nothing; ``</`` would end it."""
    return orjson.dumps(settings).decode().replace("</", "<\\/")


def frame(say: Words) -> str:
    """What stands before any script runs: the bars, and in their midst that it is loading."""
    tabs = "\n".join(
        f'<button type="button" class="tab" data-tab="{name}"><span class="glyph glyph-{name}" aria-hidden="true"></span>'
        f'<span>{escape(say(f"m.tab.{name}"))}</span><span class="badge" data-badge="{name}" hidden></span></button>'
        for name in ("tasks", "report", "sent", "me")
    )
    return f"""<header class="bar">
<h1 id="title">{escape(say("m.title"))}</h1>
<button type="button" id="net" class="pill" hidden></button>
<button type="button" id="duty" class="pill duty" aria-pressed="false" hidden></button>
</header>
<main id="screen" tabindex="-1"><p class="wait" role="status">{escape(say("m.loading"))}</p></main>
<nav class="tabs" aria-label="{escape(say("m.tabs"))}">
{tabs}
</nav>
<div id="toasts" role="status" aria-live="polite"></div>
<noscript><p class="wait">{escape(say("m.noscript"))}</p></noscript>"""


def manifest(say: Words) -> dict[str, Any]:
    """The manifest in one language."""
    kinds = (("any", ""), ("maskable", "-maskable"))
    icons = [
        {"src": f"{STATIC}/icon-{size}{tail}.png", "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
        for size in SIZES[1:]
        for purpose, tail in kinds
    ]
    return {
        "id": "/m",
        "name": say("m.title"),
        "short_name": say("m.app"),
        "description": say("m.about"),
        "lang": HTML_LANGUAGE[say.language],
        "start_url": "/m",
        "scope": "/m",
        "display": "standalone",
        "orientation": "portrait",
        "background_color": "#f3f6fa",
        "theme_color": "#0b63b0",
        "icons": icons,
        "shortcuts": [{"name": say("m.tab.report"), "url": "/m#report"}],
    }


async def icon(size: int) -> Response:
    """The icon of one size."""
    return png(size, maskable=False)


async def maskable_icon(size: int) -> Response:
    """The icon that a launcher may cut to its own shape."""
    return png(size, maskable=True)


def png(size: int, *, maskable: bool) -> Response:
    """A picture of one of ``SIZES``."""
    if size not in SIZES:
        return Response(status_code=404)
    return Response(icon_png(size, maskable=maskable), media_type="image/png", headers=DAY)
