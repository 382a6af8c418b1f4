"""What happened where and when: the incidents of the history as columns, before anybody dealt with them."""

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from data.demo.city import DemoCity
from data.demo.hotspots import Hotspot, make_hotspots
from data.demo.lattice import DECIMALS, Floats, Ints
from data.demo.powers import CHANNELS, HABITS, SENSED
from data.demo.rhythm import HOURS, draw_seconds
from data.demo.spots import Spots, nudge_m

Longs = NDArray[np.int64]
CHANNEL_CODES = tuple(CHANNELS)
HOT_SHARE, DUPLICATE_SHARE = 0.08, 0.035
LOST_SHARE, WRONG_SHARE = 0.007, 0.012
UNCERTAINTY_M = {"12345": 80.0, "snap": 0.0, "grid": 10.0, "sensor": 5.0, "walk_in": 50.0}
"""Of a channel's points; 0: each brings its own."""


@dataclass(frozen=True)
class Incidents:
    """Incidents by the time of their report. Arrays of one length.

    Attributes
    ----------
    habit : ndarray of int
        Index into ``HABITS``.
    reported_s : ndarray of int
        Epoch seconds.
    lng, lat : ndarray of float
        Where the report says it is, WGS84; NaN: it does not say.
    building : ndarray of int
        The building whose address the report names.
    channel : ndarray of int
        Index into ``CHANNEL_CODES``.
    uncertainty_m : ndarray of float
    main : ndarray of int
        For a duplicate the index of the incident it repeats, else -1.
    """

    habit: Ints
    reported_s: Longs
    lng: Floats
    lat: Floats
    building: Ints
    channel: Ints
    uncertainty_m: Floats
    main: Ints


def draw_incidents(city: DemoCity, reference_s: int) -> Incidents:
    """All incidents of the history, sorted by time.

    Parameters
    ----------
    reference_s : int
        Epoch seconds of the end of the history.
    """
    rng = np.random.default_rng([city.size.seed, 81, reference_s])
    count = city.size.cases
    copies = int(count * DUPLICATE_SHARE)
    hot = int(count * HOT_SHARE)
    spots = Spots(city, rng)
    parts = [_ordinary(city, spots, count - copies - hot, reference_s, rng), _hot(city, spots, hot, reference_s, rng)]
    first = _join(parts)
    whole = _join([first, _duplicates(first, copies, reference_s, rng)])
    whole = _reported(whole, rng)
    order = np.argsort(whole.reported_s, kind="stable")
    place = np.empty(count, np.int32)
    place[order] = np.arange(count)
    ordered = Incidents(*(getattr(whole, f.name)[order] for f in fields(Incidents)))
    return replace(ordered, main=np.where(ordered.main >= 0, place[ordered.main], -1).astype(np.int32))


def _join(parts: list[Incidents]) -> Incidents:
    return Incidents(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Incidents)))


def _fresh(habit: Ints, reported_s: Longs, lng: Floats, lat: Floats, building: Ints) -> Incidents:
    zeros = np.zeros(len(habit), np.int32)
    return Incidents(habit, reported_s, lng, lat, building, zeros, zeros.astype(float), zeros - 1)


def _ordinary(city: DemoCity, spots: Spots, count: int, reference_s: int, rng: np.random.Generator) -> Incidents:
    """Incidents by their habits."""
    share = np.array([habit.share for habit in HABITS])
    habit = rng.choice(len(HABITS), count, p=share / share.sum()).astype(np.int32)
    hours = city.size.days * 24
    start_s = reference_s // 3600 * 3600 - hours * 3600
    when = np.empty(count, np.int64)
    for rhythm in HOURS:
        here = np.isin(habit, [k for k, h in enumerate(HABITS) if h.rhythm == rhythm])
        when[here] = draw_seconds(rhythm, start_s, hours, int(here.sum()), rng, city.size.growth)
    lng, lat, building = spots.draw(habit, rng)
    return _fresh(habit, when, lng, lat, building)


def _hot(city: DemoCity, spots: Spots, count: int, reference_s: int, rng: np.random.Generator) -> Incidents:
    """Incidents of the hotspots, crowded around each."""
    hotspots = make_hotspots(city)
    which = rng.integers(0, len(hotspots), count)
    habit, when = np.empty(count, np.int32), np.empty(count, np.int64)
    for k, spot in enumerate(hotspots):
        here = which == k
        habit[here] = rng.choice(spot.habits, int(here.sum()))
        when[here] = _hot_hours(spot, city.size.days, reference_s, int(here.sum()), rng)
    square = np.array([spot.square for spot in hotspots], np.int32)[which]
    lng, lat, building = spots.near_squares(square, 38.0, rng)
    return _fresh(habit, when, lng, lat, building)


def _hot_hours(spot: Hotspot, days: int, reference_s: int, count: int, rng: np.random.Generator) -> Longs:
    hours = min(spot.days, days) * 24
    return draw_seconds(spot.rhythm, reference_s // 3600 * 3600 - hours * 3600, hours, count, rng, spot.tilt)


def _duplicates(first: Incidents, count: int, reference_s: int, rng: np.random.Generator) -> Incidents:
    """Second reports of the same thing, from a few metres away within three hours."""
    main = rng.choice(len(first.habit), count, replace=False).astype(np.int32)
    later = first.reported_s[main] + rng.integers(240, 3 * 3600, count)
    later = np.minimum(later, np.maximum(reference_s - 1, first.reported_s[main] + 1))
    lng, lat = nudge_m(first.lng[main], first.lat[main], 9.0, rng)
    copy = _fresh(first.habit[main], later, lng, lat, first.building[main])
    return replace(copy, main=main)


def _reported(all_: Incidents, rng: np.random.Generator) -> Incidents:
    """How they reach the platform: channel, accuracy, and the few reports that point to a wrong place or none."""
    count = len(all_.habit)
    channel = rng.choice(len(CHANNEL_CODES), count, p=list(CHANNELS.values())).astype(np.int32)
    sensed = np.isin(all_.habit, [k for k, h in enumerate(HABITS) if h.key in SENSED])
    sensor, grid = CHANNEL_CODES.index("sensor"), CHANNEL_CODES.index("grid")
    channel = np.where((channel == sensor) & ~sensed, grid, channel).astype(np.int32)
    own = np.clip(rng.lognormal(np.log(14.0), 0.55, count), 4.0, 65.0).round(1)
    channel_m = np.array([UNCERTAINTY_M[code] for code in CHANNEL_CODES])[channel]
    uncertainty_m = np.where(channel_m > 0, channel_m, own)
    noise_m = np.where(channel == CHANNEL_CODES.index("snap"), own * 0.4, 1.5)
    wrong = rng.random(count) < WRONG_SHARE
    lng, lat = nudge_m(all_.lng, all_.lat, np.where(wrong, 190.0, noise_m), rng)
    by_voice = np.isin(channel, [CHANNEL_CODES.index("12345"), CHANNEL_CODES.index("walk_in")])
    lost = by_voice & (rng.random(count) < LOST_SHARE / 0.28) & (all_.main < 0)
    lng, lat = (np.where(lost, np.nan, np.round(a, DECIMALS)) for a in (lng, lat))
    return replace(all_, lng=lng, lat=lat, channel=channel, uncertainty_m=np.where(lost, np.nan, uncertainty_m))
