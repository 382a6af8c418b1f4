"""The desk around its table: toolbar, filters, the map's tools. ``assets/modules/desk*.mjs`` fill what has a ``data-slot``."""

from typing import Final

from dash import html
from dash.development.base_component import Component
from dash_ag_grid import AgGrid  # type: ignore[import-untyped]

from dashboard.components.icon import icon
from dashboard.i18n import Words

FACETS: Final = ("state", "channel", "major", "matter", "area", "department", "team", "time")
FLAGS: Final = ("open", "overdue", "urgent")
FORMATS: Final = ("xlsx", "csv", "geojson", "gpkg")


def toolbar(say: Words) -> Component:
    """Title and count, search, saved views, columns, export."""
    return html.Header(
        className="desk-bar",
        children=[
            html.H1(say("desk.title")),
            html.P(className="desk-total", role="status", **{"data-slot": "total"}),
            html.Button(className="desk-news", type="button", hidden=True, **{"data-slot": "news"}),
            html.Div(className="desk-surges", **{"data-slot": "surges", "aria-live": "polite"}),
            html.Label(
                className="desk-search",
                children=[
                    icon("search"),
                    html.Span(say("desk.search"), className="unseen"),
                    html.Div(className="desk-search-field", **{"data-slot": "search"}),
                    html.Kbd("/"),
                ],
            ),
            html.Div(
                className="desk-menus",
                children=[menu(name, drawing, say) for name, drawing in MENUS],
            ),
        ],
    )


MENUS: Final = (("views", "save"), ("columns", "sliders-horizontal"), ("export", "download"))


def menu(name: str, drawing: str, say: Words) -> Component:
    """A button and what it opens."""
    return html.Div(
        className="desk-menu",
        children=[
            html.Button(
                [icon(drawing), html.Span(say(f"desk.{name}")), icon("chevron-down")],
                type="button",
                className="desk-button",
                **{"data-menu": name, "aria-haspopup": "dialog", "aria-expanded": "false"},
            ),
            html.Div(
                className="desk-popover",
                role="dialog",
                hidden=True,
                **{"data-slot": f"menu-{name}", "aria-label": say(f"desk.{name}")},
            ),
        ],
    )


def filter_bar(say: Words) -> Component:
    """Flags to press, facets to choose from, what is chosen as chips."""
    return html.Div(
        className="desk-filters",
        role="group",
        **{"aria-label": say("desk.filters")},
        children=[
            html.Div([flag(name, say) for name in FLAGS], className="desk-flags"),
            html.Div([facet(name, say) for name in FACETS], className="desk-facets"),
            html.Div(className="desk-chips", **{"data-slot": "chips"}),
            html.Button(
                say("desk.clear"), type="button", className="desk-clear", hidden=True, **{"data-slot": "clear"}
            ),
        ],
    )


def flag(name: str, say: Words) -> Component:
    """A filter that is on or off."""
    return html.Button(
        [html.Span(className=f"mark mark-{name}"), say(f"desk.flag.{name}")],
        type="button",
        className="desk-flag",
        **{"data-flag": name, "aria-pressed": "false"},
    )


def facet(name: str, say: Words) -> Component:
    """A facet that opens the values to choose from."""
    return html.Div(
        className="desk-menu",
        children=[
            html.Button(
                [say(f"desk.facet.{name}"), html.Span(className="desk-count"), icon("chevron-down")],
                type="button",
                className="desk-facet",
                **{"data-facet": name, "aria-haspopup": "dialog", "aria-expanded": "false"},
            ),
            html.Div(
                className="desk-popover",
                role="dialog",
                hidden=True,
                **{"data-slot": f"facet-{name}", "aria-label": say(f"desk.facet.{name}")},
            ),
        ],
    )


def table(grid: str, say: Words) -> Component:
    """The table: rows come from the server as they come into view."""
    return html.Section(
        className="desk-table",
        **{"aria-label": say("desk.table")},
        children=[
            AgGrid(
                id=grid,
                rowModelType="infinite",
                getRowId="params.data.id + ''",
                columnDefs=[],
                dashGridOptions={
                    "theme": "themeQuartz",
                    "rowHeight": 34,
                    "headerHeight": 36,
                    "cacheBlockSize": 100,
                    "maxBlocksInCache": 30,
                    "cacheOverflowSize": 2,
                    # No bound: what Dash asks of its own source, which nobody answers, would use it up.
                    "maxConcurrentDatasourceRequests": -1,
                    "blockLoadDebounceMillis": 40,
                    "animateRows": False,
                    "suppressDragLeaveHidesColumns": True,
                    "suppressCellFocus": True,
                    "rowSelection": {
                        "mode": "multiRow",
                        "checkboxes": True,
                        "headerCheckbox": False,
                        "enableClickSelection": True,
                    },
                    "selectionColumnDef": {"width": 40, "pinned": "left", "suppressHeaderMenuButton": True},
                },
                style={"height": "100%", "width": "100%"},
                className="desk-grid",
            ),
            html.Div(className="desk-state", **{"data-slot": "state"}),
        ],
    )


def action_bar(say: Words) -> Component:
    """Below the table: what may be done with the chosen cases, and what became of it."""
    return html.Section(
        className="act-dock",
        **{"aria-label": say("desk.act.bar")},
        children=[
            html.Div(className="act-bar", role="toolbar", **{"data-slot": "acts", "aria-label": say("desk.act.bar")}),
            html.Div(className="act-outcome", role="status", **{"data-slot": "act-told"}),
        ],
    )


def queue_bar(say: Words) -> Component:
    """The queues, each with what waits in it."""
    return html.Nav(className="desk-queues", **{"data-slot": "queues", "aria-label": say("desk.queues")})


def map_tools(say: Words) -> Component:
    """Choose on the map: a lasso, a box, or whatever the map shows."""
    tools = (("lasso", "lasso"), ("box", "square-dashed-mouse-pointer"), ("extent", "maximize"), ("fit", "map-pin"))
    return html.Div(
        className="desk-tools",
        role="toolbar",
        **{"aria-label": say("desk.tools")},
        children=[
            html.Button(
                icon(drawing),
                type="button",
                className="desk-tool",
                title=say(f"desk.tool.{name}"),
                **{"data-tool": name, "aria-label": say(f"desk.tool.{name}"), "aria-pressed": "false"},
            )
            for name, drawing in tools
        ],
    )
