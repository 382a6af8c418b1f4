"""Icons: lines that take the colour and size of the text around them (``icons.txt`` lists the ones we have)."""

from functools import cache
from pathlib import Path
from typing import Final

from dash import html

LIST: Final = Path(__file__).parent.with_name("icons.txt")


@cache
def icon_names() -> tuple[str, ...]:
    """Every icon that pages may use."""
    return tuple(LIST.read_text(encoding="utf-8").split())


def icon(name: str) -> html.Span:
    """An icon beside a text, or on a control that has its own label; screen readers pass over it.

    Raises
    ------
    KeyError
        ``icons.txt`` does not list it: a mistake of the programmer.
    """
    if name not in icon_names():
        raise KeyError(name)
    return html.Span(className=f"icon icon-{name}", **{"aria-hidden": "true"})
