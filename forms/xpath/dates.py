"""Functions over dates and times."""

import math
from datetime import date, datetime, time, timedelta, tzinfo

from forms.xpath.evaluation import Context
from forms.xpath.functions import function
from forms.xpath.values import DAY, EPOCH, Value, days, to_text

MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()  # noqa: SIM905
DAYS = "Mon Tue Wed Thu Fri Sat Sun".split()  # noqa: SIM905


def zone_of(context: Context) -> tzinfo:
    """The zone of dates that name none."""
    assert context.now.tzinfo is not None
    return context.now.tzinfo


@function("today", 0)
def _today(context: Context) -> Value:
    return context.now.date().isoformat()


@function("now", 0)
def _now(context: Context) -> Value:
    return context.now.isoformat(timespec="milliseconds")


@function("date", 1)
def _date(context: Context, value: Value) -> Value:
    moment = to_moment(context, value)
    return "" if moment is None else moment.date().isoformat()


@function("date-time", 1)
def _date_time(context: Context, value: Value) -> Value:
    moment = to_moment(context, value)
    return "" if moment is None else moment.isoformat(timespec="milliseconds")


@function("decimal-date-time", 1)
def _decimal(context: Context, value: Value) -> Value:
    return days(text, zone_of(context)) if DAY.fullmatch(text := to_text(value).strip()) else context.number(value)


@function("decimal-time", 1)
def _decimal_time(_: Context, value: Value) -> Value:
    try:
        clock = time.fromisoformat(to_text(value).strip())
    except ValueError:
        return math.nan
    return (clock.hour * 3600 + clock.minute * 60 + clock.second + clock.microsecond / 1e6) / 86400


@function("format-date", 2)
def _format_date(context: Context, value: Value, pattern: Value) -> Value:
    return formatted(to_moment(context, value), to_text(pattern))


@function("format-date-time", 2)
def _format_date_time(context: Context, value: Value, pattern: Value) -> Value:
    return formatted(to_moment(context, value), to_text(pattern))


def to_moment(context: Context, value: Value) -> datetime | None:
    """A moment of an ISO text or of days since 1970; None for neither."""
    text, zone = to_text(value).strip(), zone_of(context)
    try:
        if not DAY.fullmatch(text):
            number = context.number(value)
            return midnight(EPOCH, zone) + timedelta(days=number) if math.isfinite(number) else None
        if "T" not in text:
            return midnight(date.fromisoformat(text), zone)
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        return None
    return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)


def midnight(day: date, zone: tzinfo) -> datetime:
    """The first moment of a day."""
    return datetime.combine(day, time(), zone)


def formatted(moment: datetime | None, pattern: str) -> str:
    """A moment in ODK's pattern: ``%Y-%m-%d %H:%M:%S`` and ``%y %n %e %b %a %h %3``."""
    if moment is None:
        return ""
    parts = {
        "Y": f"{moment.year:04}",
        "y": f"{moment.year % 100:02}",
        "m": f"{moment.month:02}",
        "n": str(moment.month),
        "b": MONTHS[moment.month - 1],
        "d": f"{moment.day:02}",
        "e": str(moment.day),
        "H": f"{moment.hour:02}",
        "h": str(moment.hour),
        "M": f"{moment.minute:02}",
        "S": f"{moment.second:02}",
        "3": f"{moment.microsecond // 1000:03}",
        "a": DAYS[moment.weekday()],
        "%": "%",
    }
    first, *rest = pattern.split("%")
    return first + "".join(parts.get(each[:1], f"%{each[:1]}") + each[1:] for each in rest)
