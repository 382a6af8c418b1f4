"""What walls are told from time to time: figures under each filter that somebody looks at, teams, new alarms."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from dashboard.reader import Message, Reader, packed
from dashboard.scoping import teams_within
from dashboard.view_models.numbers import summary_as_json
from dashboard.view_models.snapshot import alarm_as_json, teams_as_json
from dashboard.wall_state import Wall, this_second
from data.mirror.alarms import alarms
from data.mirror.where import Where
from data.stores import overview
from data.stores.reading import reading
from geo.errors import NeedleError

ALARMS_AT_ONCE: Final = 20
MOST_SECONDS: Final = 5.0
"""A wall hears its figures at least so often; it takes a longer silence for a dead line."""
LEAST_SECONDS: Final = 1.0


class Pulse:
    """What was told last, so that only news is told."""

    def __init__(self, wall: Wall) -> None:
        self.wall = wall
        self.told_at = 0.0
        self._sounding: set[tuple[int, str]] | None = None
        self._teams: dict[int, Message] = {}

    def is_due(self, after: float) -> bool:
        """Whether the last figures are ``after`` seconds old."""
        return asyncio.get_running_loop().time() - self.told_at >= after

    async def figures(self, readers: Iterable[Reader]) -> None:
        """Tell each reader the figures of its own filter, counted once for equal filters."""
        self.told_at = asyncio.get_running_loop().time()
        version = (await self.wall.ground()).version
        told: dict[Where, str] = {}
        for reader in list(readers):
            if reader.where not in told:
                summary = await self._summary(reader.where)
                told[reader.where] = packed({"kind": "pulse", "version": version, **summary})
            reader.put(told[reader.where])

    async def _summary(self, where: Where) -> Message:
        try:
            return summary_as_json(await self.wall.summary(where, this_second()))
        except NeedleError:  # the mirror, or its texts, are still being read: the figures stay as they are
            return {}

    async def teams(self, readers: Iterable[Reader]) -> None:
        """Tell each reader which teams have changed and which are gone; one that has not been told any yet, all of them."""
        before, self._teams = self._teams, await self._read_teams()
        changed = [team for id, team in self._teams.items() if before.get(id) != team]
        gone = sorted(before.keys() - self._teams.keys())
        texts: dict[tuple[Where, bool], str] = {}
        for reader in readers:
            asked = (reader.scope, reader.knows_teams)
            if asked[1] and not changed and not gone:
                continue
            if asked not in texts:
                told, left = (changed, gone) if asked[1] else (list(self._teams.values()), [])
                teams = teams_within(self.wall, reader.scope, told)
                texts[asked] = packed({"kind": "teams", "all": not asked[1], "teams": teams, "gone": left})
            reader.knows_teams = True
            reader.put(texts[asked])

    async def _read_teams(self) -> dict[int, Message]:
        ground = await self.wall.ground()
        async with reading(self.wall.pool) as connection:
            rows = await overview.load_team_rows(connection, datetime.now(UTC), ground.timezone)
        return {team["id"]: team for team in teams_as_json(rows)}

    async def new_alarms(self) -> list[Message]:
        """Messages for the alarms that have begun since the last time, at most ``ALARMS_AT_ONCE``."""
        if self.wall.mirror is None:
            return []
        found = alarms(self.wall.mirror, self.wall.acknowledged.keys(), this_second())
        before, self._sounding = self._sounding, {(alarm.case_id, alarm.cause) for alarm in found}
        if before is None:
            return []
        fresh = [alarm for alarm in found if (alarm.case_id, alarm.cause) not in before][:ALARMS_AT_ONCE]
        if not fresh:
            return []
        ground = await self.wall.ground()
        async with reading(self.wall.pool) as connection:
            rows = await overview.load_rows(connection, [alarm.case_id for alarm in fresh])
        by_id = {row.id: row for row in rows}
        return [
            {"kind": "alarm", "row": alarm_as_json(alarm, by_id[alarm.case_id], ground.place_layer)}
            for alarm in fresh
            if alarm.case_id in by_id
        ]
