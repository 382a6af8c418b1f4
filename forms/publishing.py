"""What the courier hangs out for everybody: the city, its matters, the plain words, the sketch map, counts of cases."""

import asyncio
import gzip
from dataclasses import asdict
from typing import Any, Final

import orjson

from data.database import AsyncPool
from data.portal.courier_side import CourierSide
from data.stores import public
from data.stores.reading import reading
from forms import public_map, words

COUNTS_EVERY_S: Final = 300.0
GROUND_EVERY_S: Final = 600.0


class Publisher:
    """Keeps the mailbox's public papers and sheets up to date; call it often, it does something when it is time."""

    def __init__(self, mailbox: CourierSide, base: AsyncPool) -> None:
        self.mailbox, self.base = mailbox, base
        self.counts_at = self.ground_at = 0.0
        self.ground = ""

    async def __call__(self) -> None:
        """Publish what is due."""
        now = asyncio.get_running_loop().time()
        if now >= self.ground_at:
            await self._publish_ground()
            self.ground_at = now + GROUND_EVERY_S
        if now >= self.counts_at:
            await self._publish_counts()
            await self.mailbox.forget()
            self.counts_at = now + COUNTS_EVERY_S

    async def _publish_ground(self) -> None:
        async with reading(self.base) as connection:
            city = await public.load_city(connection)
            version = await public.ground_version(connection)
            matters = await public.load_matters(connection)
        if city is None or city.west is None:
            self.ground_at = 0.0
            return
        known = {key for key, *_ in matters}
        await self.mailbox.publish(
            (name, packed(content))
            for name, content in {
                "city": asdict(city),
                "matters": matters,
                "choices": [asdict(choice) for choice in words.choices() if choice.matter in known],
                "steps": {state: [s.stage, s.zh, s.en] for state, s in words.steps().items()},
            }.items()
        )
        if version != self.ground:
            await self._publish_sketch(city)
            self.ground = version

    async def _publish_sketch(self, city: public.CityRow) -> None:
        assert city.west is not None
        assert city.south is not None
        assert city.east is not None
        assert city.north is not None
        sheets, doors = [], []
        async with reading(self.base) as connection:
            for x, y in public_map.sheets_of(city.west, city.south, city.east, city.north):
                shapes = await public.load_sketch(connection, x, y)
                if shapes:
                    sheets.append((x, y, gzip.compress(public_map.sketch_sheet(shapes), 9, mtime=0)))
                houses = await public.load_doors(connection, x, y)
                if houses:
                    doors.append((x, y, packed(houses)))
        await self.mailbox.publish_sheets("sketch", sheets)
        await self.mailbox.publish_sheets("doors", doors)

    async def _publish_counts(self) -> None:
        bounds = (public_map.DAYS, public_map.DELAY_MIN, words.sensitive())
        async with reading(self.base) as connection:
            rows = await public.load_counts(connection, *bounds)
            spots = await public.load_around(connection, *bounds)
        sheets = await asyncio.to_thread(lambda: public_map.around_sheets(public_map.published(rows), spots))
        await self.mailbox.publish_sheets(
            "around", [(x, y, gzip.compress(b, 6, mtime=0)) for (x, y), b in sheets.items()]
        )


def packed(content: Any) -> bytes:
    """JSON, gzipped; the same content gives the same bytes."""
    return gzip.compress(orjson.dumps(content), 9, mtime=0)
