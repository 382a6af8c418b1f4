"""The city's rhythm: hours of the day and days of the week of each kind of matter, and who is on duty when."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from data.demo.people import SHIFTS

Floats = NDArray[np.float64]
BEIJING = ZoneInfo("Asia/Shanghai")
UTC_OFFSET_S = 8 * 3600


def bumps(*peaks: tuple[float, float, float], floor: float = 0.02) -> Floats:
    """Weights of the 24 hours: a floor and bell curves of (hour, width, height), around midnight too."""
    hour = np.arange(24) + 0.5
    weight = np.full(24, floor)
    for at, width, height in peaks:
        apart = np.abs(hour - at)
        weight += height * np.exp(-0.5 * (np.minimum(apart, 24 - apart) / width) ** 2)
    return weight


HOURS: dict[str, Floats] = {
    "morning": bumps((7.8, 1.5, 1.0), (15.0, 2.5, 0.35)),
    "day": bumps((9.8, 1.6, 1.0), (15.6, 1.9, 0.85)),
    "office": bumps((10.0, 1.3, 1.0), (15.3, 1.4, 0.9), floor=0.005),
    "commute": bumps((8.2, 0.9, 1.0), (18.2, 1.2, 0.95), (12.6, 1.5, 0.25)),
    "market": bumps((7.2, 1.2, 0.8), (17.6, 1.4, 1.0)),
    "evening": bumps((20.0, 1.9, 1.0), (12.2, 1.0, 0.25)),
    "night": bumps((22.8, 1.8, 1.0), (19.8, 1.5, 0.3), floor=0.03),
}
"""Local hours; a dip at noon comes from the two peaks."""

WEEKDAYS: dict[str, Floats] = {
    "morning": np.array([1.10, 1.02, 1.0, 1.0, 1.02, 0.92, 0.88]),
    "day": np.array([1.18, 1.08, 1.05, 1.03, 1.02, 0.78, 0.70]),
    "office": np.array([1.30, 1.20, 1.15, 1.15, 1.10, 0.35, 0.28]),
    "commute": np.array([1.18, 1.10, 1.08, 1.08, 1.15, 0.66, 0.58]),
    "market": np.array([0.92, 0.92, 0.92, 0.95, 1.0, 1.18, 1.15]),
    "evening": np.array([0.85, 0.86, 0.88, 0.92, 1.15, 1.28, 1.10]),
    "night": np.array([0.85, 0.85, 0.88, 0.92, 1.18, 1.25, 1.02]),
}
"""Monday first."""


def hour_weights(rhythm: str, start_s: int, hours: int) -> Floats:
    """Weight of each of the hours that follow `start_s` (epoch seconds, a full hour)."""
    local = (start_s + UTC_OFFSET_S) // 3600 + np.arange(hours)
    hour, weekday = local % 24, (local // 24 + 3) % 7  # 1970-01-01 was a Thursday
    weather = 1 + 0.12 * np.sin(local / 24 * 2 * np.pi / 9.3)
    return np.asarray(HOURS[rhythm][hour] * WEEKDAYS[rhythm][weekday] * weather)


def week_shape(shares: dict[str, float]) -> Floats:
    """How busy each hour of the week is, on average 1, shape (168,), Monday 0:00 first. ``shares``: rhythm -> share of cases."""
    total = np.zeros(168)
    for rhythm, share in shares.items():
        hours = np.outer(WEEKDAYS[rhythm], HOURS[rhythm]).ravel()
        total += share * hours / hours.mean()
    return np.asarray(total / total.mean())


def draw_seconds(
    rhythm: str, start_s: int, hours: int, count: int, rng: np.random.Generator, tilt: float = 0.0
) -> NDArray[np.int64]:
    """Moments (epoch seconds) within the window, by the rhythm; `tilt` above 0 makes later days busier."""
    weight = hour_weights(rhythm, start_s, hours) * np.exp(tilt * np.linspace(-1, 0, hours))
    cumulated = np.cumsum(weight)
    place = np.searchsorted(cumulated, rng.random(count) * cumulated[-1], side="right")
    return np.asarray(start_s + place * 3600 + rng.integers(0, 3600, count), np.int64)


def on_duty(shift: str, at: datetime) -> bool:
    """Whether a team of this shift works at a moment."""
    return bool(duty_table(shift)[week_minute(at)])


def week_minute(at: datetime) -> int:
    """Minutes since Monday 0:00 local."""
    local = at.astimezone(BEIJING)
    return local.weekday() * 1440 + local.hour * 60 + local.minute


def duty_table(shift: str) -> NDArray[np.bool_]:
    """On duty or not in each minute of the week."""
    table = np.zeros(7 * 1440, bool)
    for days, starts, ends in SHIFTS[shift]:
        first, last = starts.hour * 60 + starts.minute, ends.hour * 60 + ends.minute
        length = (last - first) % 1440 or int(timedelta(days=1).total_seconds() // 60)
        for day in days:
            table[(day * 1440 + first + np.arange(length)) % len(table)] = True
    return table
