"""The same open cases as Dash shows them out of the box: plotly's map and a chart by area.

``python -m benchmarks.peers.plotly_wall <database> <port>``
"""

import sys

import plotly.graph_objects as go
import uvicorn
from dash import Dash, dcc, html
from fastapi import FastAPI
from fastapi.responses import JSONResponse

from data.database import connect

OPEN = """
select st_x(c.geom), st_y(c.geom), coalesce(c.areas ->> 'subdistrict', '')
from cases c where c.closed_at is null and c.geom is not null
"""
STYLE = {
    "version": 8,
    "sources": {},
    "layers": [{"id": "g", "type": "background", "paint": {"background-color": "#0a1422"}}],
}


def create_app(url: str) -> FastAPI:
    """The page and its server."""
    app = FastAPI()

    @app.get("/api/health")
    async def health() -> JSONResponse:
        """The process answers."""
        return JSONResponse({"ok": True})

    dash = Dash(__name__, server=app, compress=True, assets_folder="none")
    rows = read(url)
    dash.layout = html.Div(
        [
            html.Div(dcc.Graph(figure=map_of(rows), style={"height": "1000px"}), id="map", style={"width": "70%"}),
            html.Div(dcc.Graph(figure=chart_of(rows)), id="chart", style={"width": "30%"}),
        ],
        style={"display": "flex"},
    )
    return app


def read(url: str) -> list[tuple[float, float, str]]:
    """Longitude, latitude and area of every open case."""
    with connect(url) as connection:
        return connection.execute(OPEN).fetchall()


def map_of(rows: list[tuple[float, float, str]]) -> go.Figure:
    """Every open case as a mark."""
    lng, lat = [row[0] for row in rows], [row[1] for row in rows]
    centre = {"lon": sum(lng) / len(lng), "lat": sum(lat) / len(lat)}
    figure = go.Figure(go.Scattermap(lon=lng, lat=lat, mode="markers"))
    return figure.update_layout(
        map={"style": STYLE, "center": centre, "zoom": 11}, margin={"l": 0, "r": 0, "t": 0, "b": 0}
    )


def chart_of(rows: list[tuple[float, float, str]]) -> go.Figure:
    """Open cases by area."""
    areas = sorted({row[2] for row in rows})
    return go.Figure(go.Bar(x=areas, y=[sum(row[2] == area for row in rows) for area in areas]))


if __name__ == "__main__":
    uvicorn.run(create_app(sys.argv[1]), port=int(sys.argv[2]), log_level="warning")
