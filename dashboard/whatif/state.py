"""What the process holds for what-ifs: the city as replays see it, and its roads, as long as its version stands."""

import asyncio
import threading
from dataclasses import dataclass, field, replace

from dashboard.wall_state import Wall
from data.database import connect
from data.stores.streets import load_streets
from data.stores.teams import load_teams
from data.stores.workbench import ground_version
from dispatch.what_if_changes import Stage
from dispatch.what_if_stage import load_stage
from geo.plane import LocalPlane
from geo.roads import RoadNetwork
from geo.street_network import build_roads


@dataclass
class Stages:
    """The stage of one process."""

    wall: Wall
    _version: tuple[int, ...] = ()
    _stage: Stage | None = None
    _roads: tuple[tuple[int, ...], RoadNetwork | None] | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _roads_turn: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        """The database."""
        found = self.wall.pool.conninfo
        assert isinstance(found, str)
        return found

    async def stage(self) -> Stage:
        """The city as it stands: teams as they are now, the rest read anew when it changed.

        Raises
        ------
        NeedleError
            ``rules.none_in_force``.
        """
        async with self._turn:
            self._stage = await asyncio.to_thread(self._load)
            return self._stage

    def _load(self) -> Stage:
        with connect(self.url) as connection:
            version = ground_version(connection)
            if self._stage is not None and version == self._version:
                return replace(self._stage, teams=tuple(load_teams(connection)))
            self._version = version
            return load_stage(connection)

    def roads(self, plane: LocalPlane) -> RoadNetwork | None:
        """The road network, None where the city has no streets; to be called in a thread, it may take seconds."""
        with self._roads_turn:
            if self._roads is None or self._roads[0] != self._version:
                with connect(self.url) as connection:
                    streets = load_streets(connection)
                self._roads = self._version, None if streets is None else build_roads(*streets, plane)
            return self._roads[1]
