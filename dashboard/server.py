"""The operators' process: one FastAPI server with Dash on it, its pool, its listener, its pages."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import uvicorn
from dash import Dash
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from dashboard import (
    accounts_api,
    audit_api,
    coverage_api,
    coverage_files_api,
    coverage_map,
    desk_api,
    exports,
    forms_room,
    hotspots_api,
    identity_api,
    indicators_api,
    live,
    office_api,
    outreach_api,
    patrol_api,
    patrol_day_api,
    patrol_sheets_api,
    sheets,
    surges,
    tiles,
    wall_api,
    whatif_api,
)
from dashboard.accounts import may
from dashboard.api import Api
from dashboard.attachments import attachment_room
from dashboard.audit_log import AuditLog
from dashboard.components.icon import icon_names
from dashboard.compression import Compression
from dashboard.connectors_api import Connectors
from dashboard.document import DocumentDash, Missing
from dashboard.door import Door
from dashboard.files import Files
from dashboard.live import Hub
from dashboard.login import Login
from dashboard.mobile.api import MobileApi
from dashboard.mobile.pages import MobilePages, made_files
from dashboard.oidc import Oidc, provider_of
from dashboard.open311_api import Open311
from dashboard.openrosa_api import OpenRosa
from dashboard.page import install
from dashboard.pages import accounts as accounts_page
from dashboard.pages import audit as audit_page
from dashboard.pages import cells as cells_page
from dashboard.pages import deliveries as deliveries_page
from dashboard.pages import department as department_page
from dashboard.pages import desk as desk_page
from dashboard.pages import forms as forms_page
from dashboard.pages import hotspots as hotspots_page
from dashboard.pages import hours as hours_page
from dashboard.pages import identity as identity_page
from dashboard.pages import indicators as indicators_page
from dashboard.pages import outreach as outreach_page
from dashboard.pages import registry as registry_page
from dashboard.pages import wall as wall_page
from dashboard.pages import whatif as whatif_page
from dashboard.pages import whistles as whistles_page
from dashboard.photos_api import PhotoDesk
from dashboard.registry_room import registry_router
from dashboard.security import Guard
from dashboard.sessions import CSRF_COOKIE, CSRF_HEADER, Asker, Gate, Sessions
from dashboard.trouble import tell_trouble
from dashboard.wall_state import Wall
from data.cluster import ensure_database
from data.database import open_pool
from data.settings import Settings, get_settings
from data.stores.photos import PhotoFolder
from geo.errors import NeedleError

ASSETS: Final = Path(__file__).with_name("assets")
PAGES: Final = (
    wall_page.PAGE,
    desk_page.PAGE,
    whistles_page.PAGE,
    department_page.PAGE,
    cells_page.PAGE,
    indicators_page.PAGE,
    hotspots_page.PAGE,
    whatif_page.PAGE,
    forms_page.PAGE,
    outreach_page.PAGE,
    registry_page.PAGE,
    deliveries_page.PAGE,
    hours_page.PAGE,
    identity_page.PAGE,
    accounts_page.PAGE,
    audit_page.PAGE,
)
OWN_PREFIXES: Final = ("api", "open311", "openrosa", "tiles", "ws", "static")
#: What Dash checks a document's frame for; ``document.py`` writes the document itself.
INDEX: Final = "{%app_entry%}{%config%}{%scripts%}{%renderer%}"


def create_app(url: str) -> FastAPI:
    """The whole process as an ASGI application.

    Parameters
    ----------
    url : str
        The database. Nothing is opened before the application's lifespan starts.
    """
    wall = Wall(open_pool(url))
    gate, audit = Gate(wall.pool), AuditLog(wall.pool)
    hub, api = Hub(wall, url, gate), Api(wall.pool)
    settings = get_settings()
    home, provider = settings.home, provider_of(settings)
    folder = PhotoFolder(home / "photos")
    open311, photos = Open311(wall.pool, api.intake, api.desk, folder), PhotoDesk(wall.pool, folder)
    connectors = Connectors(wall.pool, api.desk, home / "secrets")
    openrosa = OpenRosa(wall.pool, attachment_room(home))
    mobile = MobileApi(wall.pool, api.intake, api.desk, folder, get_settings().positions_kept)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with wall.pool, api, audit:
            await hub.start()
            yield
            await hub.stop()

    app = FastAPI(title="Needle", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.wall, app.state.hub, app.state.pool, app.state.audit = wall, hub, wall.pool, audit
    app.add_exception_handler(NeedleError, answer_error)
    app.add_exception_handler(Exception, answer_failure)
    app.add_api_route("/", to_first_page)
    app.add_api_route("/api/health", health)
    for part in (
        api,
        mobile,
        open311,
        openrosa,
        photos,
        connectors,
        tiles,
        wall_api,
        exports,
        desk_api,
        office_api,
        audit_api,
        accounts_api,
        identity_api,
        forms_room,
        coverage_api,
        coverage_map,
        patrol_day_api,
        patrol_api,
        patrol_sheets_api,
        outreach_api,
        coverage_files_api,
        indicators_api,
        hotspots_api,
        whatif_api,
        surges,
        live,
    ):
        app.include_router(part.router)
    app.include_router(registry_router(wall))
    files = Files(ASSETS, {sheets.NAME: sheets.style_sheet(ASSETS, icon_names()), **made_files(ASSETS)})
    app.include_router(MobilePages(files).router)
    files.serve(app)
    app.include_router(Login(Door(wall.pool, gate, audit), files, Oidc(provider, url) if provider else None).router)
    refuse_unknown(app)
    dash = create_dash(app, wall, files)
    own, inside = [page.path for page in PAGES], [page.path for page in PAGES if page.inside]
    app.add_middleware(Missing, addresses=["/login", "/m", *own], inside=inside)
    app.add_middleware(Compression)
    app.add_middleware(tiles.Tiles)
    app.add_middleware(Sessions, gate=gate)
    app.add_middleware(Guard, script_hashes=dash.csp_hashes)
    return app


def create_dash(app: FastAPI, wall: Wall, files: Files) -> Dash:
    """Dash on this server with every page."""
    dash = DocumentDash(
        __name__,
        server=app,
        title="Needle",
        update_title="",
        assets_folder=str(ASSETS),
        include_assets_files=False,
        index_string=INDEX,
        on_error=tell_trouble,
        csrf_token_name=CSRF_COOKIE,
        csrf_header_name=CSRF_HEADER,
    )
    dash.describe(files, PAGES)
    install(dash, wall, PAGES, files.root)
    return dash


def refuse_unknown(app: FastAPI) -> None:
    """404 below our own prefixes: Dash answers every other address with its page."""

    async def unknown() -> Response:
        """Nothing lives here."""
        return JSONResponse({"code": "request.unknown_address"}, status_code=404)

    for prefix in OWN_PREFIXES:
        app.add_api_route(f"/{prefix}/{{rest:path}}", unknown, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])


async def health() -> Response:
    """The process answers."""
    return JSONResponse({"ok": True}, headers={"Cache-Control": "no-store"})


async def to_first_page(account: Asker) -> Response:
    """The page where an account's work begins: the wall, or the phone's for who is in the field."""
    first = "/wall" if may(account, "page.wall") else "/m"
    return RedirectResponse(first, status_code=307)


async def answer_error(_request: Request, error: Exception) -> Response:
    """An error of the catalogue, in both languages, with its status."""
    if not isinstance(error, NeedleError):
        raise error
    return JSONResponse(error.as_dict(), status_code=error.entry.http_status)


async def answer_failure(_request: Request, _error: Exception) -> Response:
    """Something of ours failed: the same in a sentence. The server raises it again behind this, into the log."""
    failed = NeedleError("server.failed")
    return JSONResponse(failed.as_dict(), status_code=failed.entry.http_status)


def serve(settings: Settings) -> None:
    """Run the process until it is told to stop; starts the embedded database when the settings name no other."""
    app = create_app(ensure_database(settings))
    quiet: dict[str, Any] = {"log_level": "warning", "access_log": False, "server_header": False}
    uvicorn.run(app, host=settings.host, port=settings.port, ws="websockets-sansio", **quiet)
