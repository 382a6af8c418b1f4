"""The report of a period as a PDF: every indicator with its interval, the run up to it, leagues, how all was counted."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from io import BytesIO
from math import isnan
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from dashboard.i18n import Words
from dashboard.indicators.counting import FEW, Line, Tally, intervals, score, score_code
from dashboard.indicators.definitions import Definition, Rate, counted, definitions, rounded
from dashboard.indicators.periods import Period
from dashboard.indicators.report_sheet import Block, Chart, Heading, Note, Panel, Table, Title, build
from dashboard.indicators.scores import rating
from dashboard.indicators.view import Counted, rank

FONT: Final = Path(__file__).parents[1] / "assets" / "vendor" / "fonts" / "noto-sans-sc"
CHARTED: Final = ("ontime_dispose_rate", "close_rate", "rework_rate", "accurate_dispatch_rate")
SUMMED: Final = ("ontime_dispose_rate", "close_rate")
LEAGUE: Final = ("ontime_dispose_rate", "close_rate", "rework_rate")
RANKED_BY: Final = "ontime_dispose_rate"
BLANK: Final = "—"


@dataclass(frozen=True)
class Report:
    """What a report is made of. ``leagues``: the same period counted by one grouping each; ``titles``: names of groupings."""

    say: Words
    city: str
    timezone: str
    now: int
    author: str
    leagues: tuple[Counted, ...]
    titles: Mapping[str, str]
    name: Callable[[str, Any], str]


def render(report: Report) -> bytes:
    """The PDF."""
    out, say = BytesIO(), report.say
    title = say("indicators.report.title", city=report.city)
    foot = f"{title} · {period_name(report.leagues[0].period, say)}"
    build(out, foot, report.author, FONT, list(blocks(report)))
    return out.getvalue()


def blocks(report: Report) -> Iterable[Block]:
    """The report from top to bottom."""
    first, say = report.leagues[0], report.say
    at = datetime.fromtimestamp(report.now, ZoneInfo(report.timezone))
    stamp = say("indicators.report.stamp", time=f"{at:%Y-%m-%d %H:%M}", author=report.author)
    yield Title(say("indicators.report.title", city=report.city), period_name(first.period, say), stamp)
    yield Panel(summary(first, say))
    yield Heading(say("indicators.report.main"))
    yield indicator_table(first, say)
    yield Note(say("indicators.report.interval_note"))
    yield Heading(say("indicators.report.trend"))
    yield Chart([(named(code, say), short_names(first), values_of(first, code)) for code in CHARTED])
    for one in report.leagues:
        yield Heading(say("indicators.report.league", by=report.titles.get(one.by, one.by)))
        yield league_table(one, report)
    yield Heading(say("indicators.report.notes"))
    yield from (Note(text) for text in notes(report))


def named(code: str, say: Words) -> str:
    """The name of a definition."""
    return say.pick(definitions()[code].zh, definitions()[code].en)


def period_name(period: Period, say: Words) -> str:
    """A period in words."""
    year, _, rest = period.key.partition("-")
    return say(f"indicators.period.{period.kind}", year=year, n=rest.lstrip("QW0"))


def short_names(found: Counted) -> list[str]:
    """The periods of the run below a chart."""
    return [period.key for period, _ in found.run]


def values_of(found: Counted, code: str) -> list[float | None]:
    """A rate in per cent over the run; None where nothing is below the line."""
    values = [tally.rate(definitions()[code]).value for _, tally in found.run]
    return [None if value is None else float(value) * 100 for value in values]


def percent(rate: Rate) -> str:
    """A rate as printed; a dash for a blank."""
    value = rate.percent()
    return BLANK if value is None else f"{value}%"


def change(now: Rate, before: Rate) -> str:
    """The difference in percentage points, with its sign."""
    if now.value is None or before.value is None:
        return BLANK
    points = rounded((now.value - before.value) * 100, 2)
    return f"{points:+}" if points else "0.00"


def rate_before(found: Counted, one: Definition) -> Rate:
    """The rate of the period before."""
    return found.before.rate(one) if found.before else Rate(Decimal(0), Decimal(0))


def summary(found: Counted, say: Words) -> list[tuple[str, str, str]]:
    """The figures at the top: name, value, what is beside it."""
    opened, value = found.total.opened, score(found.total, score_code("area"))
    filed = say("indicators.report.filed", n=f"{opened['valid']:,}")
    shown = [(say("indicators.report.reported"), f"{opened['reported']:,}", filed)]
    for code in SUMMED:
        one = definitions()[code]
        rate = found.total.rate(one)
        moved = change(rate, rate_before(found, one))
        key = "indicators.report.no_before" if moved == BLANK else "indicators.report.moved"
        shown.append((named(code, say), percent(rate), say(key, points=moved)))
    graded = (BLANK, "") if value is None else (f"{value:.2f}", say("indicators.report.grade", grade=rating(value)))
    return [*shown, (say("indicators.report.score"), *graded)]


def indicator_table(found: Counted, say: Words) -> Table:
    """Every indicator of the period beside the one before."""
    head = [
        say(f"indicators.report.column.{name}")
        for name in ("indicator", "now", "interval", "before", "change", "counts")
    ]
    return Table(head, [indicator_row(found, one, say) for one in counted()], (34, 18, 29, 18, 16, 32))


def indicator_row(found: Counted, one: Definition, say: Words) -> tuple[str, ...]:
    """A line of the table of indicators."""
    rate, before = found.total.rate(one), rate_before(found, one)
    counts = f"{rate.numerator:,} / {rate.denominator:,}"
    return (
        named(one.code, say),
        percent(rate),
        interval(found.total, one),
        percent(before),
        change(rate, before),
        counts,
    )


def interval(one: Tally, definition: Definition) -> str:
    """Wilson's interval as printed."""
    low, high = intervals([one], definition)
    return BLANK if isnan(low[0]) else f"{low[0] * 100:.2f} – {high[0] * 100:.2f}"


def league_table(found: Counted, report: Report) -> Table:
    """Areas or departments in order; those of too few cases below, without a place."""
    best, say = definitions()[RANKED_BY], report.say
    columns = [
        say(f"indicators.report.column.{name}") for name in ("place", "name", "owed", "interval", "score", "grade")
    ]
    head = [*columns[:3], *(named(code, say) for code in LEAGUE), *columns[3:]]
    lines = [found.lines[k] for k in rank(found.lines, best)]
    ranked = sum(line.tally.counts(best)[best.denominator] >= FEW for line in lines)
    rows = [league_row(line, at + 1 if at < ranked else None, found.by, report.name) for at, line in enumerate(lines)]
    return Table(head, rows, (11, 38, 16, 20, 17, 17, 27, 15, 12), names=2, faint_from=ranked)


def league_row(line: Line, place: int | None, by: str, name: Callable[[str, Any], str]) -> tuple[str, ...]:
    """A row of a league; no place: too few cases."""
    value = score(line.tally, score_code(by)) if place is not None else None
    best = definitions()[RANKED_BY]
    rates = (percent(line.tally.rate(definitions()[code])) for code in LEAGUE)
    graded = (BLANK, BLANK) if value is None else (f"{value:.2f}", rating(value))
    owed = f"{line.tally.counts(best)[best.denominator]:,}"
    return (str(place or BLANK), name(by, line.code), owed, *rates, interval(line.tally, best), *graded)


def notes(report: Report) -> list[str]:
    """How all was counted, and what a league does not say."""
    say, asked = report.say, report.leagues[0].asked
    said = [
        say(f"indicators.report.basis.{asked.basis}"),
        say("indicators.report.ranked", indicator=named(RANKED_BY, say), few=FEW),
    ]
    said += [say(f"indicators.report.{name}") for name in ("fairness", "overlap")]
    said += [say(f"indicators.formula.{code}") for code in dict.fromkeys(score_code(one.by) for one in report.leagues)]
    said.append(say("indicators.report.grades"))
    return said + [
        say("indicators.report.definition", name=named(one.code, say), code=one.code, version=one.version,
            note=say.pick(one.note_zh, one.note_en))
        for one in counted()
    ]  # fmt: skip
