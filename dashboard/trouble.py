"""What happens when a callback fails: the person reads a sentence, the log keeps the cause, and the page goes on."""

import time

import structlog
from dash import ctx, html, no_update, set_props

from dashboard.preferences import read_preferences
from geo.errors import NeedleError

log = structlog.get_logger()


def tell_trouble(error: Exception) -> object:
    """Say the error in the frame of the page that asked, and leave what it shows as it is."""
    say = read_preferences(None, ctx.cookies).say
    if isinstance(error, NeedleError):
        sentence = error.sentence(say.language)
    else:
        log.error("callback.failed", exc_info=error)
        sentence = say("frame.trouble")
    # A key of its own makes the same sentence appear anew.
    set_props("frame-trouble", {"children": html.Span(sentence, key=str(time.monotonic_ns()))})
    return no_update
