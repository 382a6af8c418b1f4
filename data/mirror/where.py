"""Which cases: one filter for the wall, the desk, tiles and exports, as a value, as the query of an address, over the mirror.

Within one facet (channels, states, the areas of one layer, …) any of the named values fits; the facets must all fit.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from data.mirror.columns import CaseMirror
from data.mirror.hexes import ancestors
from data.mirror.inside import inside, mercator_units
from data.mirror.judging import BIT, QUANTITIES, judged, verdicts
from geo.errors import NeedleError
from geo.h3grid import RESOLUTION

Bools = NDArray[np.bool_]
Value = TypeVar("Value")
MOST_VERTICES: Final = 2_000
FEWEST_VERTICES: Final = 3
LONGEST_TEXT: Final = 200
RESOLUTION_SHIFT: Final = 52


class TextSearch(Protocol):
    """What finds words in the texts of the mirror's rows (``data.mirror.texts``)."""

    def containing(self, wanted: str) -> Bools:
        """Whether each row's number, title or address contains ``wanted``; shape (rows,)."""
        ...


@dataclass(frozen=True)
class Where:
    """A filter of cases; an empty one is every case.

    Attributes
    ----------
    ids, matters, teams : frozenset[int]
        Ids.
    majors : frozenset[str]
        ``edition:kind:major code``, e.g. ``2026:event:01``.
    areas : frozenset[tuple[str, str]]
        (layer, code).
    departments : frozenset[str]
        Who leads.
    hands : frozenset[str]
        Departments that each lead or help (协办).
    open, overdue : bool or None
        Not closed; not closed and past its deadline. None: either.
    reported_from, reported_to : int or None
        Unix seconds, the first inclusive, the second exclusive.
    due_from, due_to : int or None
        Of the deadline, Unix seconds, the first inclusive, the second exclusive.
    judged : frozenset[str]
        Verdicts of ``data.mirror.judging`` that all hold.
    hexes : frozenset[int]
        H3 cells, of one resolution up to 9.
    cells : frozenset[str]
        Codes of unit cells.
    box : tuple or None
        West, south, east, north in degrees (WGS84), borders included.
    polygon : tuple or None
        Vertices as (longitude, latitude); its edges are straight on the map.
    text : str or None
        Words that number, title or address contain, in any case.
    """

    ids: frozenset[int] = frozenset()
    channels: frozenset[str] = frozenset()
    matters: frozenset[int] = frozenset()
    majors: frozenset[str] = frozenset()
    areas: frozenset[tuple[str, str]] = frozenset()
    states: frozenset[str] = frozenset()
    departments: frozenset[str] = frozenset()
    hands: frozenset[str] = frozenset()
    teams: frozenset[int] = frozenset()
    urgent: bool | None = None
    open: bool | None = None
    overdue: bool | None = None
    reported_from: int | None = None
    reported_to: int | None = None
    due_from: int | None = None
    due_to: int | None = None
    judged: frozenset[str] = frozenset()
    hexes: frozenset[int] = frozenset()
    cells: frozenset[str] = frozenset()
    box: tuple[float, float, float, float] | None = None
    polygon: tuple[tuple[float, float], ...] | None = None
    text: str | None = None


EVERYTHING: Final = Where()


# --- as the query of an address -------------------------------------------------------------------------------


def parse_where(query: Mapping[str, str]) -> Where:
    """The filter that an address asks for; keys of other things are passed over, an empty value asks for nothing.

    Raises
    ------
    NeedleError
        ``filter.invalid``, naming the key and what it takes.
    """
    said: dict[str, Any] = {}
    for key, (name, read, form) in GRAMMAR.items():
        text = query.get(key, "").strip()
        if text:
            try:
                said[name] = read(text)
            except (ValueError, OverflowError):
                raise NeedleError("filter.invalid", key=key, value=text[:80], form=form) from None
    return Where(**said)


def write_where(where: Where) -> dict[str, str]:
    """The filter as the query of an address; equal filters are written alike."""
    written = {
        "id": _listed(where.ids),
        "channel": _listed(where.channels),
        "matter": _listed(where.matters),
        "major": _listed(where.majors),
        "area": _listed(f"{layer}:{code}" for layer, code in where.areas),
        "state": _listed(where.states),
        "department": _listed(where.departments),
        "hand": _listed(where.hands),
        "team": _listed(where.teams),
        "urgent": _flag(where.urgent),
        "open": _flag(where.open),
        "overdue": _flag(where.overdue),
        "from": "" if where.reported_from is None else str(where.reported_from),
        "to": "" if where.reported_to is None else str(where.reported_to),
        "due_from": "" if where.due_from is None else str(where.due_from),
        "due_to": "" if where.due_to is None else str(where.due_to),
        "judged": _listed(where.judged),
        "hex": _listed(format(cell, "x") for cell in where.hexes),
        "cell": _listed(where.cells),
        "box": ",".join(map(_degrees, where.box or ())),
        "polygon": ";".join(f"{_degrees(lng)} {_degrees(lat)}" for lng, lat in where.polygon or ()),
        "text": where.text or "",
    }
    return {key: text for key, text in written.items() if text}


def _listed(values: Iterable[object]) -> str:
    """Numbers in their order, words in theirs."""
    return ",".join(map(str, sorted(values, key=lambda value: (value if isinstance(value, int) else 0, str(value)))))


def _flag(value: bool | None) -> str:
    return "" if value is None else str(int(value))


def _degrees(value: float) -> str:
    return repr(int(value)) if value == int(value) else repr(float(value))


def _words(text: str) -> frozenset[str]:
    return frozenset(word for word in (part.strip() for part in text.split(",")) if word)


def _ids(text: str) -> frozenset[int]:
    ids = frozenset(map(int, _words(text)))
    if any(abs(value) > np.iinfo(np.int32).max for value in ids):
        raise ValueError(text)
    return ids


def _areas(text: str) -> frozenset[tuple[str, str]]:
    pairs = [word.partition(":") for word in _words(text)]
    if not all(layer and code for layer, _, code in pairs):
        raise ValueError(text)
    return frozenset((layer, code) for layer, _, code in pairs)


def _yes_no(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError(text)
    return text == "1"


def _verdicts(text: str) -> frozenset[str]:
    words = _words(text)
    if not words <= BIT.keys():
        raise ValueError(text)
    return words


def _hexes(text: str) -> frozenset[int]:
    cells = frozenset(int(word, 16) for word in _words(text))
    if len({cell >> RESOLUTION_SHIFT for cell in cells}) != 1 or not all(0 < cell < 1 << 60 for cell in cells):
        raise ValueError(text)
    if _resolution(cells) > RESOLUTION:
        raise ValueError(text)
    return cells


def _resolution(cells: frozenset[int]) -> int:
    return next(iter(cells)) >> RESOLUTION_SHIFT & 0xF


def _moment(text: str) -> int:
    """Unix seconds, or a moment of ISO 8601 with its offset (a ``+`` that an address turned into a space included)."""
    if text.lstrip("-").isdigit():
        seconds = int(text)
        if abs(seconds) >= 1 << 40:
            raise ValueError(text)
        return seconds
    moment = datetime.fromisoformat(text.replace(" ", "+"))
    if moment.tzinfo is None:
        raise ValueError(text)
    return int(moment.timestamp())


def _point(text: Sequence[str]) -> tuple[float, float]:
    lng, lat = map(float, text)
    if not (-180 <= lng <= 180 and -90 <= lat <= 90):
        raise ValueError(text)
    return lng, lat


def _box(text: str) -> tuple[float, float, float, float]:
    w, s, e, n = text.split(",")
    (west, south), (east, north) = _point((w, s)), _point((e, n))
    if west > east or south > north:
        raise ValueError(text)
    return west, south, east, north


def _polygon(text: str) -> tuple[tuple[float, float], ...]:
    vertices = tuple(_point(part.split()) for part in text.split(";") if part.strip())
    if not FEWEST_VERTICES <= len(vertices) <= MOST_VERTICES:
        raise ValueError(text)
    return vertices


def _text(text: str) -> str:
    if len(text) > LONGEST_TEXT or "\0" in text:
        raise ValueError(text)
    return text


GRAMMAR: Final[Mapping[str, tuple[str, Callable[[str], Any], str]]] = {
    "id": ("ids", _ids, "id,id"),
    "channel": ("channels", _words, "code,code"),
    "matter": ("matters", _ids, "id,id"),
    "major": ("majors", _words, "edition:kind:code,…"),
    "area": ("areas", _areas, "layer:code,layer:code"),
    "state": ("states", _words, "code,code"),
    "department": ("departments", _words, "code,code"),
    "hand": ("hands", _words, "code,code"),
    "team": ("teams", _ids, "id,id"),
    "urgent": ("urgent", _yes_no, "1|0"),
    "open": ("open", _yes_no, "1|0"),
    "overdue": ("overdue", _yes_no, "1|0"),
    "from": ("reported_from", _moment, "2026-11-01T00:00+08:00"),
    "to": ("reported_to", _moment, "2026-11-02T00:00+08:00"),
    "due_from": ("due_from", _moment, "2026-11-01T00:00+08:00"),
    "due_to": ("due_to", _moment, "2026-11-02T00:00+08:00"),
    "judged": ("judged", _verdicts, "|".join(QUANTITIES)),
    "hex": ("hexes", _hexes, "89318cd2d47ffff,…"),
    "cell": ("cells", _words, "code,code"),
    "box": ("box", _box, "west,south,east,north"),
    "polygon": ("polygon", _polygon, "lng lat;lng lat;lng lat"),
    "text": ("text", _text, "…"),
}
"""Key of the query -> field of ``Where``, how it is read, what it takes."""


# --- over the mirror ------------------------------------------------------------------------------------------


def matching(mirror: CaseMirror, where: Where, now: int, texts: TextSearch | None = None) -> Bools:
    """Which of the mirror's rows fit.

    Parameters
    ----------
    mirror : CaseMirror
    where : Where
    now : int
        Unix seconds, for ``overdue``.
    texts : TextSearch, optional
        Needed by a filter with ``text``.

    Returns
    -------
    NDArray[bool]
        Shape (mirror.count,).

    Raises
    ------
    NeedleError
        ``filter.text_unready`` where the texts are asked for and not there (yet).
    """
    fits = np.ones(mirror.count, np.bool_)
    for part in (_vocabularies, _flags, _times, _judged, _places):
        part(mirror, where, now, fits)
    if where.text is not None:
        if texts is None:
            raise NeedleError("filter.text_unready")
        found = texts.containing(where.text)
        fits[: len(found)] &= found[: len(fits)]
        fits[len(found) :] = False
    return fits


def _vocabularies(mirror: CaseMirror, where: Where, _now: int, fits: Bools) -> None:
    count = mirror.count
    for wanted, column, known in (
        (where.channels, mirror.channel, mirror.channels),
        (where.states, mirror.state, mirror.states),
        (where.departments, mirror.department, mirror.departments),
        (where.matters, mirror.matter, mirror.matters),
        (where.majors, mirror.matter, mirror.majors),
    ):
        if wanted:
            fits &= _among(column[:count], known, wanted)
    for code in where.hands:
        leads = _among(mirror.department[:count], mirror.departments, frozenset({code}))
        fits &= leads | mirror.helped_by(frozenset({code}))[mirror.helpers[:count]]
    if where.ids:
        fits &= np.isin(mirror.id[:count], np.array(sorted(where.ids), np.int64))
    if where.teams:
        fits &= np.isin(mirror.team[:count], np.array(sorted(where.teams), np.int32))
    if where.cells:
        fits &= _among(mirror.cell[:count], mirror.cells, where.cells)
    if where.hexes:
        parents = ancestors(mirror.hex[:count], _resolution(where.hexes))
        fits &= np.isin(parents, np.fromiter(where.hexes, np.int64, len(where.hexes)))
    for layer in {layer for layer, _ in where.areas}:
        codes = frozenset(code for of, code in where.areas if of == layer)
        areas = mirror.areas.get(layer)
        fits &= False if areas is None else _among(areas[:count], mirror.area_codes[layer], codes)


def _among(column: NDArray[Any], known: Sequence[Value], wanted: frozenset[Value]) -> Bools:
    """Whether each index stands for a wanted value; -1, which stands for none, is the table's last place."""
    table = np.zeros(len(known) + 1, np.bool_)
    table[[at for at, value in enumerate(known) if value in wanted]] = True
    found: Bools = table[column]
    return found


def _flags(mirror: CaseMirror, where: Where, now: int, fits: Bools) -> None:
    count = mirror.count
    if where.urgent is not None:
        fits &= mirror.urgent[:count] == where.urgent
    if where.open is not None:
        fits &= (mirror.closed[:count] == 0) == where.open
    if where.overdue is not None:
        due = mirror.due[:count]
        fits &= ((mirror.closed[:count] == 0) & (due != 0) & (due < now)) == where.overdue


def _times(mirror: CaseMirror, where: Where, _now: int, fits: Bools) -> None:
    reported = mirror.reported[: mirror.count]
    if where.reported_from is not None:
        fits &= reported >= where.reported_from
    if where.reported_to is not None:
        fits &= reported < where.reported_to
    due = mirror.due[: mirror.count]
    if where.due_from is not None:
        fits &= (due != 0) & (due >= where.due_from)
    if where.due_to is not None:
        fits &= (due != 0) & (due < where.due_to)


def _judged(mirror: CaseMirror, where: Where, now: int, fits: Bools) -> None:
    if where.judged:
        fits &= judged(verdicts(mirror, now), where.judged)


def _places(mirror: CaseMirror, where: Where, _now: int, fits: Bools) -> None:
    count = mirror.count
    if where.box is None and where.polygon is None:
        return
    fits &= mirror.placed[:count]
    x, y = mirror.x[:count], mirror.y[:count]
    if where.box is not None:
        west, south, east, north = where.box
        corners = mercator_units(np.array([[west, north], [east, south]]))
        (left, top), (right, bottom) = np.round(corners)
        fits &= (x >= left) & (x <= right) & (y >= top) & (y <= bottom)
    if where.polygon is not None:
        inside(x, y, mercator_units(np.array(where.polygon)), fits)
