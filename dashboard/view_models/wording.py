"""Times, durations and distances as a dispatcher reads them."""

from datetime import datetime
from zoneinfo import ZoneInfo

from dashboard.i18n import Words


def say_duration(seconds: float, say: Words) -> str:
    """A length of time in its two largest useful units: minutes, hours and minutes, days and hours."""
    minutes = max(0, round(seconds / 60))
    hours, minutes_left = divmod(minutes, 60)
    days, hours_left = divmod(hours, 24)
    if days:
        return say("time.days_hours", days=days, hours=hours_left)
    if hours:
        return say("time.hours_minutes", hours=hours, minutes=minutes_left)
    return say("time.minutes", minutes=minutes)


def say_moment(moment: datetime, now: datetime, timezone: str, say: Words) -> str:
    """A moment by the city's clock: the time alone on the same day, with the date on another."""
    zone = ZoneInfo(timezone)
    local = moment.astimezone(zone)
    clock = f"{local:%H:%M}"
    if local.date() == now.astimezone(zone).date():
        return clock
    return say("time.date_clock", month=local.month, day=local.day, clock=clock)


def say_distance(metres: float, say: Words) -> str:
    """A distance: metres below a kilometre (one decimal below ten metres), kilometres above."""
    if metres < 10:
        return say("distance.metres", value=f"{metres:.1f}")
    if metres < 1000:
        return say("distance.metres", value=f"{metres:.0f}")
    return say("distance.kilometres", value=f"{metres / 1000:.1f}")


def say_coordinates(lng: float, lat: float) -> str:
    """A point in degrees, longitude first."""
    return f"{lng:.5f}, {lat:.5f}"
