"""The wall's time slider: the span, playback, the track with its histogram, and the way back to now."""

from dash import html

from dashboard.components.icon import icon
from dashboard.i18n import Words

SPANS = ("24h", "30d")


def time_slider(words: Words) -> html.Section:
    """The slider's frame; histogram and brush are drawn by the wall's script."""
    return html.Section(
        className="panel slider",
        **{
            "data-slot": "slider",
            "data-live": "true",
            "data-covers": "bottom",
            "aria-label": words("wall.slider.title"),
        },
        children=[
            html.Button(
                icon("play"),
                type="button",
                className="icon-button slider-play",
                title=words("wall.slider.play_hint"),
                **{"data-slot": "slider-play", "aria-label": words("wall.slider.play"), "aria-pressed": "false"},
            ),
            html.Button(
                "1×",
                type="button",
                className="slider-speed",
                title=words("wall.slider.speed"),
                **{"data-slot": "slider-speed"},
            ),
            html.Div(className="slider-track", **{"data-slot": "slider-track"}),
            html.Div(
                className="slider-side",
                children=[
                    html.Span("", className="slider-text", **{"data-slot": "slider-text"}),
                    html.Div([span_button(span, words) for span in SPANS] + [live_button(words)], className="spans"),
                ],
            ),
        ],
    )


def span_button(span: str, words: Words) -> html.Button:
    """Chooses how much time the slider shows."""
    label = words(f"wall.slider.span_{span}")
    return html.Button(label, type="button", className="span", **{"data-span": span, "aria-pressed": "false"})


def live_button(words: Words) -> html.Button:
    """The way back to now."""
    return html.Button(
        words("wall.slider.live"), type="button", className="span slider-live", **{"data-slot": "slider-live"}
    )
