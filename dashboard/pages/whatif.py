"""``/whatif``: past cases replayed with other rules, boundaries, hours or teams; where the next teams would help most."""

from typing import Final

from dash import Dash, html
from dash.development.base_component import Component

from dashboard.components.sheet import analysis_head, map_stage, scripted, start
from dashboard.components.states import skeleton
from dashboard.i18n import Words
from dashboard.page import Page, Role
from dashboard.pages.desk import date_words, shared_words
from dashboard.wall_state import Wall
from dashboard.whatif.files import FORMATS

NAME: Final = "whatif"
#: Words of hotspots' period and of what is saved, which this page shares with them.
SHARED: Final = ("window", "days", "custom", "since", "until", "apply", "every", "major", "channel", "save")


def layout(say: Words, assets: str) -> Component:
    """The page in one language: the map with its legend; beside it the plan, siting and the result, and what begins the run."""
    shared = {key: text for key, text in say.under("hotspots").items() if key in SHARED or key.startswith("saved")}
    config = {"words": shared_words(say) | date_words(say) | shared | say.under("whatif"), "assets": assets}
    head = analysis_head(say("whatif.title"), FORMATS)
    stage = map_stage("spots-map", say("whatif.map"))
    side = html.Aside(
        className="spots-side whatif-side",
        **{"aria-label": say("whatif.side")},
        children=[
            html.Div(
                className="indicators-choices whatif-tabs",
                role="group",
                **{"data-slot": "tabs", "aria-label": say("whatif.tabs")},
            ),
            html.Div(skeleton(3), className="cells-state", **{"data-slot": "state"}),
            html.Div(className="whatif-pane", **{"data-slot": "pane"}),
            html.Footer(className="whatif-foot", **{"data-slot": "run"}),
        ],
    )
    return scripted(NAME, say, config, "spots whatif", [head, stage, side])


def register(app: Dash, _wall: Wall) -> None:
    """Let the page's script begin when the page is there."""
    start(app, NAME)


PAGE = Page(
    path="/whatif",
    title="whatif.title",
    layout=layout,
    register=register,
    role=Role.PLANNER,
    icon="sliders-horizontal",
    modules=("modules/whatif.mjs",),
    sheets=("vendor/maplibre-gl.css",),
)
