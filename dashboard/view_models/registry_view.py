"""The registry's first page as plain values: totals, rows of areas, ages and sexes; numbers of too few are never told."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from dashboard.i18n import Words
from data.mirror.registry_density import KINDS, LEAST, WIDTH, Ints
from data.mirror.suppression import Bools
from data.registry.fields import Field, fields_of
from data.stores.registry_reading import Filling, Line

BAND: Final = 5
OLDEST: Final = 90
SEXES: Final = ("male", "female")
LONG_ENOUGH: Final = 7


def counts_as_json(counts: Ints | Sequence[int], hidden: Sequence[bool] | Bools) -> dict[str, dict[str, int | None]]:
    """Counts of shape (``WIDTH``,) by kind: records, and of them with something missing, with something stale.

    ``hidden``: by kind, whether it may not be told (`data.mirror.suppression`); it is None then.
    """
    found: dict[str, dict[str, int | None]] = {}
    for at, kind in enumerate(KINDS):
        entities, incomplete, stale = (int(value) for value in counts[3 * at : 3 * at + 3])
        known = None if hidden[at] else entities
        found[kind] = {
            "n": known,
            "missing": None if known is None else percent(incomplete, entities),
            "stale": None if known is None else percent(stale, entities),
        }
    return found


def percent(part: int, whole: int) -> int | None:
    """A share in whole percent, never rounded to none or all; None of nothing."""
    if not whole:
        return None
    share = round(100 * part / whole)
    return min(max(share, 1 if part else 0), 100 if part == whole else 99)


def rows_of(
    found: Mapping[str, Ints], hidden: Mapping[str, Bools], names: Mapping[str, str], kind: str, sort: str, most: int
) -> list[dict[str, Any]]:
    """Rows of a layer's places by ``sort`` (n, missing, stale, name), the largest first; those that are not told last."""
    at = 3 * KINDS.index(kind)
    nothing = np.zeros(len(KINDS), np.bool_)
    part = {"missing": 1, "stale": 2}.get(sort)

    def key(item: tuple[str, Ints]) -> tuple[bool, float, str]:
        counts = item[1]
        entities = int(counts[at])
        share = entities if part is None else counts[at + part] / max(entities, 1)
        kept = bool(hidden.get(item[0], nothing)[at // 3]) or not entities
        return (kept, 0.0 if sort == "name" or kept else -float(share), names.get(item[0], item[0]))

    chosen = sorted(found.items(), key=key)[:most]
    return [
        {"code": code, "name": names.get(code, code), "counts": counts_as_json(counts, hidden.get(code, nothing))}
        for code, counts in chosen
    ]


def added(found: Mapping[str, Ints]) -> Ints:
    """All places together."""
    return np.sum(list(found.values()), axis=0, dtype=np.int64) if found else np.zeros(WIDTH, np.int64)


def filling_as_json(filling: Filling) -> dict[str, Any]:
    """The two figures: questions that nobody had to be asked, and the share of bound fields that filled themselves in."""
    return {
        "avoided": filling.kept,
        "filled": filling.filled,
        "asked": filling.asked,
        "share": percent(filling.filled, filling.asked),
        "corrected": filling.corrected,
    }


def bands(rows: Sequence[tuple[str, int, int]], year: int) -> list[dict[str, Any]]:
    """Persons by sex in bands of five years, the youngest first; the last is open. A band of too few of a sex is None.

    Numbers are told to the nearest five, so that the bands of an area and of its parts, or of all bands and a total, tell of one
    that is not told no more than its bounds (Hundepool et al. 2012, sec. 5.4.3, rounding).
    """
    counts = {sex: [0] * (OLDEST // BAND + 1) for sex in SEXES}
    for sex, born, persons in rows:
        if sex in counts and born:
            counts[sex][min(max(year - born, 0), OLDEST) // BAND] += persons
    made = []
    for at in range(OLDEST // BAND + 1):
        low = at * BAND
        label = f"{low}+" if low >= OLDEST else f"{low}–{low + BAND - 1}"
        made.append({"ages": label, **{sex: rounded(counts[sex][at]) for sex in SEXES}})
    return made


def rounded(number: int, least: int = LEAST) -> int | None:
    """A number to the nearest ``least``; None where it is of fewer, but for none at all."""
    return None if 0 < number < least else least * ((2 * number + least) // (2 * least))


# --- lines ------------------------------------------------------------------------------------------------------


def line_as_json(row: Line, say: Words, *, plain: bool = False) -> dict[str, Any]:
    """An entity in a list; its telephone by the last digits only, unless ``plain``."""
    return {
        "code": row.code,
        "kind": row.kind,
        "name": row.name or say("registry.unnamed"),
        "phone": row.phone if plain else mask(row.phone, "phone"),
        "born": row.birth_date.year if row.birth_date else None,
        "sex": row.sex,
        "place": place_of(row, say),
        "missing": row.incomplete,
        "stale": row.stale,
    }


def place_of(row: Line, say: Words) -> str:
    """Address, unit and room in one line."""
    parts = [row.address, say("registry.unit", unit=row.unit) if row.unit else None, row.room]
    known = [str(part) for part in parts if part]
    return " ".join(part for at, part in enumerate(known) if at == 0 or part not in known[0])


def mask(value: Any, kind: str) -> Any:
    """A value as who may not see it in full is shown it: the last digits of numbers, dots for all else."""
    if value is None:
        return None
    text = str(value)
    if kind in ("phone", "id_number") and len(text) > LONG_ENOUGH:
        kept = 3 if kind == "phone" else 0
        return text[:kept] + "•" * (len(text) - kept - 4) + text[-4:]
    return "••••"


def field_of(kind: str, name: str) -> Field:
    """A field of a kind."""
    return fields_of(kind)[name]


def said_value(field: Field, value: Any, say: Words) -> str:
    """A value in words: names of choices, everything else as it is."""
    if value is None:
        return ""
    names = {choice.value: say.pick(choice.zh, choice.en) for choice in field.choices}
    if isinstance(value, list):
        return say("list.comma").join(names.get(str(each), str(each)) for each in value)
    return names.get(str(value), str(value))
