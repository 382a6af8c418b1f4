"""The operators' process: one FastAPI server with Dash on it, its pool, its listener, its pages."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Final

import uvicorn
from dash import Dash
from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse, JSONResponse, RedirectResponse

from dashboard import live, tiles, wall_api
from dashboard.api import Api
from dashboard.compression import Compression
from dashboard.live import Hub
from dashboard.page import install
from dashboard.pages import wall as wall_page
from dashboard.security import Guard
from dashboard.wall_state import Wall
from data.cluster import ensure_database
from data.database import open_pool
from data.settings import Settings
from geo.errors import NeedleError

ASSETS: Final = Path(__file__).with_name("assets")
PAGES: Final = (wall_page.PAGE,)
OWN_PREFIXES: Final = ("api", "tiles", "ws", "static")
MEDIA_TYPES: Final = {".mjs": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
INDEX: Final = """<!DOCTYPE html>
<html lang="zh">
  <head>
    {%metas%}
    <title>{%title%}</title>
    {%favicon%}
    <link rel="modulepreload" href="ASSETS/vendor/maplibre-gl.mjs">
    <link rel="modulepreload" href="ASSETS/modules/main.mjs">
    <link rel="stylesheet" href="ASSETS/vendor/maplibre-gl.css">
    {%css%}
  </head>
  <body>
    {%app_entry%}
    <footer>{%config%}{%scripts%}{%renderer%}</footer>
  </body>
</html>"""


def create_app(url: str) -> FastAPI:
    """The whole process as an ASGI application.

    Parameters
    ----------
    url : str
        The database. Nothing is opened before the application's lifespan starts.
    """
    wall = Wall(open_pool(url))
    hub, api = Hub(wall, url), Api(wall.pool)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with wall.pool, api:
            await hub.start()
            yield
            await hub.stop()

    app = FastAPI(title="Needle", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.wall, app.state.hub, app.state.pool = wall, hub, wall.pool
    app.add_exception_handler(NeedleError, answer_error)
    app.add_api_route("/", to_wall)
    app.add_api_route("/api/health", health)
    for router in (api.router, tiles.router, wall_api.router, live.router):
        app.include_router(router)
    version = serve_assets(app)
    refuse_unknown(app)
    dash = create_dash(app, wall, f"/static/{version}")
    app.add_middleware(Compression)
    app.add_middleware(Guard, script_hashes=dash.csp_hashes)
    return app


def create_dash(app: FastAPI, wall: Wall, assets: str) -> Dash:
    """Dash on this server with every page."""
    dash = Dash(
        __name__,
        server=app,
        title="Needle",
        update_title="",
        assets_folder=str(ASSETS),
        assets_path_ignore=["vendor", "modules"],
        index_string=INDEX.replace("ASSETS", assets),
    )
    install(dash, wall, PAGES, assets)
    # Dash sets itself up on the first request, after it has already answered it with a page without assets.
    dash._setup_server()
    return dash


def serve_assets(app: FastAPI) -> str:
    """Serve the assets under an address that changes with their content, so that browsers may keep them for good."""
    files = {path.relative_to(ASSETS).as_posix(): path for path in sorted(ASSETS.rglob("*")) if path.is_file()}
    digest = sha256()
    for name, path in files.items():
        digest.update(f"{name}:{path.stat().st_mtime_ns}:{path.stat().st_size}".encode())
    version = digest.hexdigest()[:12]

    async def asset(name: str) -> Response:
        """A file of the assets."""
        path = files.get(name)
        if path is None:
            return Response(status_code=404)
        headers = {"Cache-Control": "public, max-age=31536000, immutable"}
        return FileResponse(path, media_type=MEDIA_TYPES.get(path.suffix), headers=headers)

    app.add_api_route(f"/static/{version}/{{name:path}}", asset)
    return version


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


async def to_wall() -> Response:
    """The first page."""
    return RedirectResponse("/wall", status_code=307)


async def answer_error(_request: Request, error: Exception) -> Response:
    """An error of the catalogue, in both languages, with its status."""
    if not isinstance(error, NeedleError):
        raise error
    return JSONResponse(error.as_dict(), status_code=error.entry.http_status)


def serve(settings: Settings) -> None:
    """Run the process until it is told to stop; starts the embedded database when the settings name no other."""
    app = create_app(ensure_database(settings))
    uvicorn.run(app, host=settings.host, port=settings.port, log_level="warning", access_log=False, ws="websockets")
