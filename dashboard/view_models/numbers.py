"""What is counted over the mirror, as JSON: figures, hours, ranking, series and hot places. Times are Unix seconds."""

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.i18n import LANGUAGES, Words, words
from dashboard.view_models.snapshot import case_as_json
from data.mirror.figures import Figures, Summary
from data.mirror.hot import HotPlace
from data.mirror.series import Series
from data.stores.overview import CaseRow


def summary_as_json(summary: Summary) -> dict[str, Any]:
    """``figures``; ``hours``: the first hour and 24 counts a channel; ``ranking``: [area code, open, overdue]."""
    return {
        "figures": figures_as_json(summary.figures),
        "hours": {"start": summary.hours.start, "counts": summary.hours.counts},
        "ranking": summary.ranking,
    }


def figures_as_json(figures: Figures) -> dict[str, Any]:
    """The key figures; ``dispatched`` in seconds, ``late`` as the share on time."""
    return {
        "today": figures.today,
        "open": figures.open,
        "overdue": figures.overdue,
        "urgent": figures.urgent,
        "undispatched": figures.undispatched,
        "tightest": figures.tightest,
        "dispatched": figures.dispatch_s,
        "late": figures.on_time,
        "closed": figures.closed_today,
    }


def series_as_json(series: Series) -> dict[str, Any]:
    """Counts by step, in all and by channel."""
    return {
        "start": series.start,
        "step": series.step,
        "opened": series.opened,
        "closed": series.closed,
        "open": series.open,
        "channels": series.channels,
    }


def hot_as_json(place: HotPlace, names: Mapping[str, str], rows: Sequence[CaseRow], place_layer: str) -> dict[str, Any]:
    """A place of the tour: its box, its name, a sentence in both languages, its most pressing cases."""
    return {
        "box": place.box,
        "area": place.area,
        "name": names.get(place.area or "", place.area),
        "open": place.open,
        "overdue": place.overdue,
        "urgent": place.urgent,
        "sentence": [sentence(place, words(language)) for language in LANGUAGES],
        "cases": [case_as_json(row, place_layer) for row in rows],
    }


def sentence(place: HotPlace, say: Words) -> str:
    """How much waits there."""
    parts = [say("hot.open", n=place.open)]
    parts += [say("hot.overdue", n=place.overdue)] if place.overdue else []
    parts += [say("hot.urgent", n=place.urgent)] if place.urgent else []
    return say("hot.comma").join(parts)
