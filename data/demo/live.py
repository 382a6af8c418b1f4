"""The live stream: reports as channels would send them now, without end, from the city or from its database alone."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import shapely

from data.copy import read_arrays
from data.database import Connection
from data.demo.buildings import USES
from data.demo.city import DemoCity
from data.demo.incidents import CHANNEL_CODES
from data.demo.landuse import COMMERCE, FACTORY, OFFICE, OLD_TOWN, PERIMETER
from data.demo.lattice import Floats, Ints
from data.demo.names import SURNAMES
from data.demo.powers import CHANNELS, HABITS, SENSED, Habit
from data.demo.report_rows import CRS, ELSEWHERE, WITH_ADDRESS, as_sent
from data.demo.rhythm import BEIJING, HOURS, WEEKDAYS, week_minute, week_shape
from data.demo.spots import nudge_m

Report = dict[str, Any]
"""A report in wire format."""

HOUSES = 60_000
"""At most so many houses are read from a database."""
NEAR_BORDER, REPEATED, HOT, BAD = 0.06, 0.08, 0.10, 0.02
REMEMBERED = 40
LEAST_PER_MINUTE = 0.5
STILLEST = 0.25
"""Of the average: people look at a demo at any hour."""
SHAPE = week_shape({rhythm: sum(habit.share for habit in HABITS if habit.rhythm == rhythm) for rhythm in HOURS})
RESIDENTIAL, COMMERCIAL, OFFICE_USE, INDUSTRIAL = (
    USES.index(u) for u in ("residential", "commercial", "office", "industrial")
)


@dataclass(frozen=True, eq=False)
class LiveGround:
    """What the stream needs to know of the city.

    Attributes
    ----------
    points : ndarray, shape (n, 2)
        Middles of houses, degrees WGS84.
    uses : ndarray of int
        Index into ``buildings.USES``.
    addresses : list of str
    corners : ndarray, shape (m, 2)
        Vertices of community borders.
    """

    points: Floats
    uses: Ints
    addresses: list[str]
    corners: Floats


def ground_of_city(city: DemoCity) -> LiveGround:
    """From a city just made."""
    houses = city.buildings
    corners = shapely.get_coordinates(city.jurisdictions.layer("community").polygons)
    return LiveGround(houses.middle(), houses.use, houses.addresses.tolist(), corners)


def ground_of_database(connection: Connection) -> LiveGround:
    """From the database alone: what an earlier run has loaded."""
    count = connection.execute("select count(*) from building").fetchone()
    assert count is not None
    chosen = f"from building where id %% {max(1, count[0] // HOUSES)} = 0"
    numbers = " ".join(f"when '{use}' then {k}" for k, use in enumerate(USES))
    house = f"select st_centroid(geom) as p, case use {numbers} else 0 end as u, id {chosen}"
    query = f"select st_x(p) as x, st_y(p) as y, u from ({house}) as house order by id"
    houses = read_arrays(connection, query, [("x", np.float64), ("y", np.float64), ("u", np.int32)], [])
    addresses = [row[0] for row in connection.execute(f"select address {chosen} order by id", [])]
    borders = connection.execute(
        "select st_asbinary(geom) from area join generation on generation.id = generation_id "
        "where layer = 'community' and valid_to is null order by area.id"
    ).fetchall()
    corners = shapely.get_coordinates(shapely.from_wkb([bytes(row[0]) for row in borders]))
    return LiveGround(np.column_stack([houses["x"], houses["y"]]), houses["u"], addresses, corners)


def reports_live(
    source: DemoCity | Connection, seed: int, start: datetime, per_minute: float = 30.0
) -> Iterator[Report]:
    """Reports without end, in wire format, in order of ``reported_at``.

    Parameters
    ----------
    source : DemoCity or Connection
        The city, or a database that holds it.
    seed : int
    start : aware datetime
        Of the first report; its hour and weekday set the mix of matters.
    per_minute : float
        Average rate of a week; the hours are those of the history, only that no night is quite still.
    """
    ground = ground_of_city(source) if isinstance(source, DemoCity) else ground_of_database(source)
    stream = Stream(ground, seed, start)
    at, number = start, 0
    while True:
        number += 1
        yield stream.report(at, number)
        at += timedelta(seconds=stream.gap_s(at, per_minute))


def pace(connection: Connection) -> float:
    """Reports a minute that let a stream go on as the last week went: the busyness of the database's own history."""
    row = connection.execute("select count(*) from cases where reported_at > now() - interval '7 days'").fetchone()
    assert row is not None
    return max(LEAST_PER_MINUTE, float(row[0]) / (7 * 1440))


class Stream:
    """The state of one stream: its dice, and the last places, which people report again."""

    def __init__(self, ground: LiveGround, seed: int, start: datetime) -> None:
        self.ground, self.seed = ground, seed
        self.key = f"live-{seed}-{int(start.timestamp())}"
        self.rng = np.random.default_rng([seed, int(start.timestamp())])
        self.recent: deque[tuple[int, int, Floats]] = deque(maxlen=REMEMBERED)
        self.houses_of = [np.flatnonzero(np.isin(ground.uses, wanted_uses(habit))) for habit in HABITS]
        self.hot = self.rng.integers(0, len(ground.points), 5)

    def gap_s(self, at: datetime, per_minute: float) -> float:
        """Seconds to the next report."""
        busy = max(STILLEST, float(SHAPE[week_minute(at) // 60]))
        return float(self.rng.exponential(60.0 / (per_minute * busy)))

    def report(self, at: datetime, number: int) -> Report:
        """One report at a moment."""
        dice = self.rng.random()
        if dice < REPEATED and self.recent:
            habit, house, spot = self.recent[int(self.rng.integers(len(self.recent)))]
        else:
            habit = self._habit(at)
            house, spot = self._place(habit, dice)
            self.recent.append((habit, house, spot))
        channel = self._channel(habit)
        report = self._body(at, number, habit, house, channel)
        return report | self._position(channel, spot, near_border=REPEATED <= dice < REPEATED + NEAR_BORDER)

    def _habit(self, at: datetime) -> int:
        """What happens at this hour of this day."""
        local = at.astimezone(BEIJING)
        weight = np.array(
            [
                h.share * HOURS[h.rhythm][local.hour] * WEEKDAYS[h.rhythm][local.weekday()] / HOURS[h.rhythm].mean()
                for h in HABITS
            ]
        )
        return int(self.rng.choice(len(HABITS), p=weight / weight.sum()))

    def _place(self, habit: int, dice: float) -> tuple[int, Floats]:
        """A house and a spot near it: anywhere, at a community's border, or at one of the hot places of the day."""
        houses = self.houses_of[habit] if len(self.houses_of[habit]) else np.arange(len(self.ground.points))
        house = int(self.rng.choice(houses))
        if dice < REPEATED + NEAR_BORDER:
            return house, self._moved(self.ground.corners[int(self.rng.integers(len(self.ground.corners)))], 5.0)
        if dice < REPEATED + NEAR_BORDER + HOT:
            house = int(self.rng.choice(self.hot))
        return house, self._moved(self.ground.points[house], 12.0)

    def _moved(self, point: Floats, metres: float) -> Floats:
        moved: Floats = np.column_stack(nudge_m(point[:1], point[1:], metres, self.rng))[0]
        return moved

    def _channel(self, habit: int) -> int:
        channel = int(self.rng.choice(len(CHANNEL_CODES), p=list(CHANNELS.values())))
        blind = CHANNEL_CODES[channel] == "sensor" and HABITS[habit].key not in SENSED
        return CHANNEL_CODES.index("grid") if blind else channel

    def _body(self, at: datetime, number: int, habit: int, house: int, channel: int) -> Report:
        code = CHANNEL_CODES[channel]
        surname, tail = SURNAMES[int(self.rng.integers(len(SURNAMES)))], int(self.rng.integers(10_000))
        voice = code in ("12345", "snap", "walk_in")
        return {
            "channel": code,
            "key": f"{self.key}-{number}",
            "reported_at": at.astimezone(BEIJING).isoformat(timespec="seconds"),
            "matter": HABITS[habit].key,
            "text": HABITS[habit].text,
            "address": self.ground.addresses[house] if code in WITH_ADDRESS else None,
            "reporter": {"name": f"{surname}**", "phone": f"1**-****-{tail:04d}"} if voice else None,
        }

    def _position(self, channel: int, spot: Floats, *, near_border: bool) -> Report:
        """The point as the channel sends it, now and then a wrong one."""
        code = CHANNEL_CODES[channel]
        accuracy = round(float(np.clip(self.rng.lognormal(np.log(14.0), 0.5), 4, 65)), 1)
        if near_border:
            accuracy = max(accuracy, 25.0)
        moved = self._moved(spot, {"snap": accuracy * 0.4, "12345": 20.0, "sensor": 0.1}.get(code, 3.0))
        lng, lat = as_sent(np.array([channel]), moved[:1], moved[1:])
        x, y = float(lng[0]), float(lat[0])
        if self.rng.random() < BAD:
            x, y = [(y, x), ELSEWHERE, (None, None)][int(self.rng.integers(3))]  # type: ignore[assignment]
        return {"lng": x, "lat": y, "crs": CRS[code], "accuracy_m": accuracy if code == "snap" else None}


def wanted_uses(habit: Habit) -> list[int]:
    """Uses of houses near which a habit is met."""
    wanted = []
    if not habit.uses or set(habit.uses) - {FACTORY, OFFICE, COMMERCE}:
        wanted.append(RESIDENTIAL)
    wanted += [COMMERCIAL] if set(habit.uses) & {COMMERCE, PERIMETER, OLD_TOWN} else []
    wanted += [OFFICE_USE] if OFFICE in habit.uses else []
    wanted += [INDUSTRIAL] if FACTORY in habit.uses else []
    return wanted
