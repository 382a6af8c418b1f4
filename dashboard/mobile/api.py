"""``/api/m/…``: what a phone reads and sends. Thin: it decides nothing, and what comes twice is done once."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final, cast

import orjson
from anyio import to_thread
from fastapi import APIRouter, Request, Response

from dashboard.accounts import require
from dashboard.audit_log import deed_of
from dashboard.mobile import duty, orders, views
from dashboard.mobile.matters import with_initials
from dashboard.mobile.person import Person, person_of
from dashboard.mobile.picture import arrival_of, own_of, work_of
from dashboard.sessions import Asker, account_of_request
from data.database import AsyncPool
from data.stores import mobile, positions
from data.stores.nearby import near_open_cases
from data.stores.photos import PhotoFolder, PhotoRow, save_photo
from data.stores.public import ground_version, load_sketch
from data.stores.reading import reading, scoped
from dispatch.casework import CaseDesk
from dispatch.completing import place_of
from dispatch.duplicates import WITHIN_M, window
from dispatch.intake import Intake, check_report
from dispatch.photos import MAX_BYTES, read_photo
from forms.public_map import sketch_sheet
from geo.errors import NeedleError

CHANNEL: Final = "grid"
MOST_NEAR: Final = 5
MOST_WORDS: Final = 500
MOST_SHEETS: Final = 400
SHEETS_KEPT_S: Final = 3_600


class MobileApi:
    """The addresses of phones in one server process.

    Parameters
    ----------
    keep : timedelta
        How long whereabouts are kept.
    """

    def __init__(self, pool: AsyncPool, intake: Intake, desk: CaseDesk, photos: PhotoFolder, keep: timedelta) -> None:
        self.pool, self.intake, self.desk, self.photos, self.keep = pool, intake, desk, photos, keep
        self.sheets: dict[tuple[str, int, int], bytes] = {}
        self.router = APIRouter(prefix="/api/m")
        for path, answer, method in (
            ("/state", self.state, "GET"),
            ("/matters", self.matters, "GET"),
            ("/place", self.place, "GET"),
            ("/near", self.near, "GET"),
            ("/suggest", self.suggest, "GET"),
            ("/sheets/sketch/{x}/{y}.json", self.sheet, "GET"),
            ("/photos", self.photo, "POST"),
            ("/reports", self.report, "POST"),
            ("/orders", self.order, "POST"),
            ("/duty", self.duty, "POST"),
            ("/positions", self.position, "POST"),
            ("/positions", self.forget, "DELETE"),
        ):
            self.router.add_api_route(path, answer, methods=[method])

    async def state(self, request: Request) -> Response:
        """Everything that a phone shows, in one answer."""
        person, now = await self._person(request), datetime.now(UTC)
        async with reading(self.pool) as connection:
            mine = await own_of(connection, person, now, self.keep)
        async with scoped(self.pool, person.account.id) as connection:
            work = await work_of(connection, person, now)
        return as_json({"now": views.millis(now), **mine, **work})

    async def matters(self, request: Request, account: Asker) -> Response:
        """What may be reported, for a search without a network; most frequent first."""
        require(account, "page.m")
        async with reading(self.pool) as connection:
            rows = await mobile.load_frequent_matters(connection)
        body = orjson.dumps(with_initials(rows))
        etag = f'"{sha256(body).hexdigest()[:20]}"'
        headers = {"Cache-Control": "no-cache", "ETag": etag}
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers=headers)
        return Response(body, media_type="application/json", headers=headers)

    async def place(self, lng: float, lat: float, account: Asker) -> Response:
        """What lies at a point: nearest address, unit cell, area."""
        require(account, "page.m")
        point = place_of({"lng": lng, "lat": lat, "crs": "wgs84"})
        async with reading(self.pool) as connection:
            found = await mobile.place_here(connection, point["lng"], point["lat"])
        return as_json({"address": found.address, "cell": found.cell, "area": found.area})

    async def near(self, lng: float, lat: float, matter: str, account: Asker) -> Response:
        """Open cases of a matter near a point: perhaps the same thing."""
        require(account, "page.m")
        point = place_of({"lng": lng, "lat": lat, "crs": "wgs84"})
        async with reading(self.pool) as connection:
            matter_id = await mobile.matter_id_of(connection, matter)
            if matter_id is None:
                raise NeedleError("case.matter_unknown", matter=matter)
            at, span = (point["lng"], point["lat"]), window(datetime.now(UTC))
            found = await near_open_cases(connection, at, matter_id, WITHIN_M, span, limit=MOST_NEAR)
        return as_json([views.near_json(case) for case in found])

    async def suggest(self, words: str, account: Asker) -> Response:
        """Keys of the matters that somebody's words may mean, the likeliest first."""
        require(account, "page.m")
        return as_json([found["matter"] for found in await self.desk.suggest_matters(words[:MOST_WORDS], MOST_NEAR)])

    async def sheet(self, x: int, y: int, account: Asker) -> Response:
        """One map sheet of zoom 14: streets and landscape, as the residents' map has them."""
        require(account, "page.m")
        if not (0 <= x < 2**14 and 0 <= y < 2**14):
            raise NeedleError("portal.nothing_here")
        async with reading(self.pool) as connection:
            version = await ground_version(connection)
            if (version, x, y) not in self.sheets:
                body = sketch_sheet(await load_sketch(connection, x, y))
                if len(self.sheets) >= MOST_SHEETS:
                    self.sheets.clear()
                self.sheets[version, x, y] = body
        headers = {"Cache-Control": f"private, max-age={SHEETS_KEPT_S}"}
        return Response(self.sheets[version, x, y], media_type="application/json", headers=headers)

    async def photo(self, request: Request) -> Response:
        """Keep a photo, the body of the request; its digest. The same photo again gives the same digest."""
        await self._person(request)
        raw = bytearray()
        async for chunk in request.stream():
            raw += chunk
            if len(raw) > MAX_BYTES:
                raise NeedleError("photo.too_large", limit_mb=MAX_BYTES // 2**20)
        found = await to_thread.run_sync(read_photo, bytes(raw))
        await to_thread.run_sync(self.photos.keep, found.digest, found.content)
        size = (len(found.content), found.width, found.height)
        row = PhotoRow(found.digest, *size, found.taken_at, found.lng, found.lat, CHANNEL)
        async with reading(self.pool) as connection:
            await save_photo(connection, row)
        return as_json({"digest": found.digest}, 201)

    async def report(self, request: Request) -> Response:
        """Take a report in: 201 once it is stored for good, 200 when it was there before."""
        person, said = await self._person(request), await read_json(request)
        report = duty.report_of(said, person, datetime.now(UTC))
        receipt = await self.intake.receive(check_report(report, await self.intake.datums()))
        async with reading(self.pool) as connection:
            await mobile.add_phone_report(connection, receipt.id, person.own)
        return as_json({"report": receipt.id, "duplicate": receipt.duplicate}, 200 if receipt.duplicate else 201)

    async def order(self, request: Request) -> Response:
        """Carry out an order on a case that the account sees, or add to one near by; how the case stands then."""
        person, now = await self._person(request), datetime.now(UTC)
        order, account = orders.read_order(await read_json(request), now), person.account
        around = reading(self.pool) if order.me_too else scoped(self.pool, account.id)
        async with around as connection:
            case = await mobile.phone_case(connection, order.case_id)
            if case is None:
                raise NeedleError("case.unknown", case_id=order.case_id)
            arrival = await arrival_of(connection, order)
        after: dict[str, Any] = {}
        for command in orders.commands(order, person, case.state, case.team_id, arrival):
            once, by = order.once(command.action), None if order.me_too else account.id
            deed = deed_of(request, account, f"case.{command.action}", f"case:{order.case_id}")
            with plainly():
                after = await self.desk.give(order.case_id, command, now, once=once, by=by, deed=deed)
        return as_json(after)

    async def duty(self, request: Request) -> Response:
        """Begin or end a duty: {"id", "on"}; it ends by itself with the shift."""
        person, said, now = await self._person(request), await read_json(request), datetime.now(UTC)
        if not orders.is_id(said.get("id")) or not isinstance(said.get("on"), bool):
            raise NeedleError("case.command_invalid", problem='{"id": text, "on": true or false}')
        async with reading(self.pool) as connection:
            if said["on"]:
                ends = await positions.shift_ends(connection, person.team, now) if person.team is not None else None
                row = duty.begun(str(said["id"]), person, now, ends)
                await positions.start_duty(connection, row)
            else:
                await positions.end_duty(connection, person.own, now)
            await positions.forget_older(connection, now, self.keep)
            own = await positions.open_duty(connection, person.own)
        return as_json({"duty": views.duty_json(own, now)})

    async def position(self, request: Request) -> Response:
        """Keep where somebody on duty was; off duty it is refused, and nothing is kept.

        Raises
        ------
        NeedleError
            ``mobile.off_duty``.
        """
        person, said, now = await self._person(request), await read_json(request), datetime.now(UTC)
        async with reading(self.pool) as connection:
            own = await positions.open_duty(connection, person.own)
            if own is None or views.duty_json(own, now) is None:
                raise NeedleError("mobile.off_duty")
            fixes = duty.fixes_within(said, own, now)
            await positions.add_fixes(connection, own, fixes)
            await positions.forget_older(connection, now, self.keep)
        return as_json({"kept": len(fixes)})

    async def forget(self, request: Request) -> Response:
        """Forget everywhere that the person has been."""
        person = await self._person(request)
        async with reading(self.pool) as connection:
            await positions.forget_own(connection, person.own)
        return as_json({"kept": 0})

    async def _person(self, request: Request) -> Person:
        account = account_of_request(request)
        require(account, "page.m")
        department = None
        if account.team is not None:
            async with reading(self.pool) as connection:
                department = await mobile.department_of(connection, account.team)
        return person_of(account, department)


@contextmanager
def plainly() -> Iterator[None]:
    """Say in plain words that a case has moved on: codes of actions say nothing to who stands in the street."""
    try:
        yield
    except NeedleError as error:
        if error.code != "case.illegal_transition":
            raise
        names = {name: error.context[name] for name in ("state_zh", "state_en")}
        raise NeedleError("mobile.moved_on", **names) from error


async def read_json(request: Request) -> dict[str, Any]:
    """The object that a phone sends; ``case.command_invalid`` for what is none."""
    try:
        said = orjson.loads(await request.body())
    except orjson.JSONDecodeError as error:
        raise NeedleError("case.command_invalid", problem=str(error)) from None
    if not isinstance(said, dict):
        raise NeedleError("case.command_invalid", problem="{…}")
    return cast(dict[str, Any], said)


def as_json(content: Any, status: int = 200) -> Response:
    """A JSON answer that no one keeps."""
    headers = {"Cache-Control": "no-store"}
    return Response(orjson.dumps(content), status, media_type="application/json", headers=headers)
