"""The one style sheet of all pages, made at start from ``assets/css`` and the icons."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote

#: Values first, what builds on them after, print last; all others between, by name.
FIRST: Final = ("tokens", "fonts", "base", "states", "frame")
LAST: Final = ("print",)
NAME: Final = "css/all.css"


def style_sheet(assets: Path, icons: Sequence[str]) -> str:
    """Every sheet of ``assets/css`` in its order, then the icons."""
    sheets = sorted((assets / "css").glob("*.css"), key=lambda path: (place(path.stem), path.stem))
    return "\n".join([*(path.read_text(encoding="utf-8") for path in sheets), *icon_rules(assets, icons)])


def place(stem: str) -> int:
    """Where a sheet stands among the others."""
    if stem in FIRST:
        return FIRST.index(stem)
    return len(FIRST) + (1 if stem in LAST else 0)


def icon_rules(assets: Path, icons: Sequence[str]) -> list[str]:
    """A class for each icon: its lines as a mask, so that it takes the colour of the text around it.

    The lines travel inside the sheet: a page with twenty icons asks for no file more.
    """
    folder = assets / "vendor" / "icons"
    return [icon_rule(name, (folder / f"{name}.svg").read_text(encoding="utf-8")) for name in icons]


def icon_rule(name: str, drawing: str) -> str:
    """``.icon-map { --icon: url("data:…") }``."""
    lines = " ".join(drawing.split("-->")[-1].split())
    return f'.icon-{name} {{ --icon: url("data:image/svg+xml,{quote(lines, safe=" =:/<>()+,")}"); }}'
