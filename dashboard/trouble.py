"""What happens when a callback fails: the person reads a sentence, the log keeps the cause, and the page goes on."""

import time

import structlog
from dash import html, no_update, set_props

from dashboard.i18n import LANGUAGES, Words, words
from geo.errors import NeedleError

log = structlog.get_logger()


def tell_trouble(error: Exception) -> object:
    """Say the error in the frame of the page that asked, in both languages, and leave what the page shows as it is."""
    if not isinstance(error, NeedleError):
        log.error("callback.failed", exc_info=error)
    # A key of its own makes the same sentence appear anew.
    said = [html.Span(sentence(error, say), lang=say.language) for say in map(words, LANGUAGES)]
    set_props("frame-trouble", {"children": html.Span(said, key=str(time.monotonic_ns()))})
    return no_update


def sentence(error: Exception, say: Words) -> str:
    """What a person reads: the catalogue's sentence, or that something of ours failed."""
    return error.sentence(say.language) if isinstance(error, NeedleError) else say("frame.trouble")
