"""The courier: what residents sent arrives once, whatever is killed; what they may know comes back, to them alone."""

import gzip
import io
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import orjson
import pytest
from PIL import Image

from data.database import connect, open_pool
from data.portal.courier_side import MAX_TRIES, CourierSide
from data.portal.resident_side import ResidentSide
from data.stores.photos import PhotoFolder
from dispatch.commands import Command, Protocol
from dispatch.matters import matters
from dispatch.states import states
from forms import words
from forms.courier import CHANNEL, Courier
from forms.letters import pack
from forms.portal.pages import texts
from forms.public_map import DELAY_MIN, K
from forms.publishing import Publisher
from forms.replies import REOPEN_WITHIN
from forms.sealing import open_reply, reply_key_of
from tests.dashboard.residents.conftest import Zones, courier_of, post, post_raw

CODE = "E6QN9PDKJ1YHTEX435B0"
REPORTS = "select id, case_id, body from report where channel = %s and idempotency_key = %s"


def photo() -> bytes:
    """A JPEG whose EXIF says where it was taken."""
    picture = Image.new("RGB", (640, 480), (90, 120, 60))
    exif = picture.getexif()
    exif[0x010E] = "a secret"
    out = io.BytesIO()
    picture.save(out, "JPEG", exif=exif)
    return out.getvalue()


async def reply_to(zones: Zones, code: str, mail_id: str) -> dict[str, Any] | None:
    """What the resident with this code reads."""
    async with open_pool(zones.portal) as pool:
        standing = await ResidentSide(pool).standing(mail_id)
    if standing.sealed is None:
        return None
    found: dict[str, Any] = orjson.loads(open_reply(standing.sealed, reply_key_of(code), mail_id))
    return found


def test_every_state_has_plain_words() -> None:
    assert set(states()) <= set(words.steps())
    terminal = {state.code for state in states().values() if state.terminal}
    assert {s for s, step in words.steps().items() if step.stage in ("closed", "ended")} == terminal - {"merged"}


def test_choices_and_sensitive_matters_are_matters() -> None:
    assert {choice.matter for choice in words.choices()} <= set(matters())
    assert set(words.sensitive()) <= set(matters())
    assert Protocol().reopen_within == REOPEN_WITHIN


async def test_a_report_arrives_with_its_photo_and_its_sender_is_told(zones: Zones) -> None:
    async with courier_of(zones) as courier:
        contact = {"name": "李", "phone": "13800000000"}
        mail = await post(zones, CODE, photos=(photo(),), contact=contact, me_too=True)
        assert await courier.round() == 1
        assert zones.waiting() == 0
        ((report, case, body),) = zones.rows(REPORTS, CHANNEL, mail)
        assert case is None
        assert (body["text"], body["reporter"], body["crs"]) == ("楼下垃圾两天没清", contact, "wgs84")
        assert body["via"] == {"portal": True, "place_from": "gps", "me_too": True}
        (digest,) = body["photos"]
        kept = PhotoFolder(zones.home / "photos").path_of(digest).read_bytes()
        assert sha256(kept).hexdigest() == digest
        assert b"a secret" not in kept
        receipt = await reply_to(zones, CODE, mail)
        assert receipt is not None
        assert receipt["state"] == "reported"

        zones.work_off()
        await courier.round()
        told = await reply_to(zones, CODE, mail)
        ((number, state),) = zones.rows(
            "select number, state from cases join report on case_id = cases.id where report.id = %s", report
        )
        assert told is not None
        assert (told["number"], told["state"]) == (number, state)
        assert [step[1] for step in told["steps"]][:2] == ["reported", "accepted"]
        assert "13800000000" not in orjson.dumps(told).decode()


async def test_what_cannot_be_read_is_told_and_nothing_else_suffers(zones: Zones) -> None:
    async with courier_of(zones) as courier:
        garbled = await post_raw(zones, "a" * 32, "report", b"\0\0\0\x02{}")
        with connect(zones.mailbox) as connection:
            connection.execute(
                "insert into mailbox.mail (id, kind, key_id, sealed, sender) values (%s, 'report', %s, %s, 'noise123')",
                ["b" * 32, zones.keys.newest[0], bytes(300)],
            )
        not_a_photo = await post(zones, "0" * 20, photos=(b"no picture at all",))
        good = await post(zones, CODE)
        assert await courier.round() == 4
        async with open_pool(zones.portal) as pool:
            side = ResidentSide(pool)
            problems = [(await side.standing(mail)).problem for mail in (garbled, "b" * 32, not_a_photo, good)]
        assert problems == ["invalid", "unreadable", "invalid", None]
        assert zones.waiting() == 0
        assert len(zones.rows(REPORTS, CHANNEL, good)) == 1


class Killed(BaseException):
    """Stands for the end of the process."""


class Cut:
    """Lets so many calls through, then ends the process: before the call, or right after it."""

    def __init__(self, calls: int, after: bool) -> None:
        self.left, self.after = calls, after

    def __call__(self, part: Any) -> Any:
        return _CutPart(self, part)

    async def call(self, method: Any, arguments: Any) -> Any:
        self.left -= 1
        if self.left < 0 and not self.after:
            raise Killed
        answer = await method(*arguments)
        if self.left < 0:
            raise Killed
        return answer


class _CutPart:
    def __init__(self, cut: Cut, part: Any) -> None:
        self._cut, self._part = cut, part

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._part, name)

        async def call(*arguments: Any) -> Any:
            return await self._cut.call(method, arguments)

        return call


async def go_on(zones: Zones, cut: Cut) -> None:
    """A courier that works until it is killed."""
    async with courier_of(zones, cut) as courier:
        while True:
            await courier.round()


@pytest.mark.parametrize("after", [False, True])
async def test_killed_between_any_two_steps_nothing_is_lost_and_nothing_twice(zones: Zones, after: bool) -> None:
    codes = [letter * 20 for letter in "ABCDEFGH"]
    mails = []
    async with courier_of(zones):
        pass
    for calls, code in enumerate(codes):
        mails.append(await post(zones, code, words=f"第 {calls} 件", photos=(photo(),)))
        with pytest.raises(Killed):
            await go_on(zones, Cut(calls % 4, after))
        async with courier_of(zones) as next_courier:
            while await next_courier.round():
                pass
    assert zones.waiting() == 0
    for code, mail in zip(codes, mails, strict=True):
        assert len(zones.rows(REPORTS, CHANNEL, mail)) == 1
        assert (await reply_to(zones, code, mail)) is not None
    assert len(zones.rows("select from resident_mail")) == len(codes)


async def close(zones: Zones, courier: Courier, report_mail: str) -> int:
    """Bring a resident's case to its end as the people in it would; its id."""
    zones.work_off()
    ((_, case_id, _),) = zones.rows(REPORTS, CHANNEL, report_mail)
    ((department, team),) = zones.rows("select department_code, team_id from cases where id = %s", case_id)
    desk = courier.office.desk  # type: ignore[attr-defined]
    for action, actor in (
        ("sign", f"department:{department}"),
        ("assign", f"department:{department}"),
        ("finish", f"team:{team}"),
        ("confirm", f"department:{department}"),
        ("request_check", "operator:li"),
        ("pass_check", "grid_worker:wang"),
        ("close", "operator:li"),
    ):
        await desk.give(case_id, Command(action, actor, None, {"team": team, "photos": ["x"]}), datetime.now(UTC))
    return int(case_id)


async def test_not_solved_reopens_once_however_often_it_is_tried(zones: Zones) -> None:
    async with courier_of(zones) as courier:
        mail = await post(zones, CODE)
        await courier.round()
        case_id = await close(zones, courier, mail)
        await courier.round()
        told = await reply_to(zones, CODE, mail)
        assert told is not None
        assert told["state"] == "closed"
        assert told["reopen_until"] > told["closed"]

        unsolved = pack({"code": CODE, "words": "还是满的"})
        for after in (False, True):
            await post_raw(zones, "c" * 32, "unsolved", unsolved)
            with pytest.raises(Killed):
                await go_on(zones, Cut(1, after))
        await courier.round()
        reopened = zones.rows("select payload from case_event where case_id = %s and action = 'reopen'", case_id)
        assert len(reopened) == 1
        assert zones.waiting() == 0
        again = await reply_to(zones, CODE, mail)
        assert again is not None
        assert again["state"] == "reopened"


@pytest.mark.parametrize(
    ("protocol", "why"),
    [
        (Protocol(reopen_within=timedelta(0)), "late"),
        (Protocol(max_reopens=0), "used_up"),
        (Protocol(), "not_closed"),
    ],
)
async def test_why_it_is_not_taken_up_again_is_sealed_to_its_reporter(
    zones: Zones, protocol: Protocol, why: str
) -> None:
    async with courier_of(zones) as courier:
        mail = await post(zones, CODE)
        await courier.round()
        case_id = await close(zones, courier, mail)
        desk = courier.office.desk  # type: ignore[attr-defined]
        if why == "not_closed":
            await desk.give(case_id, Command("reopen", "operator:li", "复发"), datetime.now(UTC))
        desk.protocol, desk.protocol_until = protocol, float("inf")
        await post_raw(zones, "e" * 32, "unsolved", pack({"code": CODE, "words": "还是满的"}))
        await courier.round()
        told = await reply_to(zones, CODE, "e" * 32)
        assert told is not None
        assert told["refused"] == why
        assert texts("zh")[f"unsolved.{why}"]
        assert zones.waiting() == 0


async def test_who_said_me_too_may_have_the_common_case_taken_up_again(zones: Zones) -> None:
    other = "7" * 20
    async with courier_of(zones) as courier:
        first, second = await post(zones, CODE), await post(zones, other, me_too=True)
        await courier.round()
        zones.work_off()
        ((_, main, _),), ((_, merged, _),) = zones.rows(REPORTS, CHANNEL, first), zones.rows(REPORTS, CHANNEL, second)
        desk = courier.office.desk  # type: ignore[attr-defined]
        await desk.give(merged, Command("merge", "operator:li", "同一件事", {"main_case": main}), datetime.now(UTC))
        assert await close(zones, courier, first) == main
        await courier.round()
        await post_raw(zones, "f" * 32, "unsolved", pack({"code": other, "words": "又满了"}))
        await courier.round()
        for code, mail in ((CODE, first), (other, second)):
            told = await reply_to(zones, code, mail)
            assert told is not None
            assert told["state"] == "reopened", "both are told"


async def test_mail_that_failed_too_often_is_seen_and_tried_again(zones: Zones) -> None:
    async with courier_of(zones) as courier:
        mail = await post(zones, CODE)
        empty = await courier.mailbox.waiting()
        assert (empty.mails, empty.stuck, empty.stuck_since) == (1, 0, None)
        for _ in range(MAX_TRIES):
            await courier.mailbox.put_back(mail)
        assert await courier.round() == 0
        stuck = await courier.mailbox.waiting()
        assert (stuck.mails, stuck.stuck) == (1, 1)
        assert stuck.stuck_since is not None
        assert await courier.mailbox.retry() == 1
        assert await courier.round() == 1
        assert (await courier.mailbox.waiting()).mails == 0


async def test_not_solved_needs_a_code_that_reported(zones: Zones) -> None:
    async with courier_of(zones) as courier:
        await post_raw(zones, "d" * 32, "unsolved", pack({"code": "Z" * 20, "words": "让我看看"}))
        await courier.round()
        async with open_pool(zones.portal) as pool:
            assert (await ResidentSide(pool).standing("d" * 32)).problem == "invalid"


async def test_what_is_published_is_public(zones: Zones) -> None:
    async with open_pool(zones.base) as base, open_pool(zones.mailbox) as pool:
        await Publisher(CourierSide(pool), base)()
    with connect(zones.mailbox) as connection:
        sheets = connection.execute("select x, y, body from mailbox.sheet where kind = 'around'").fetchall()
        papers = {name for (name,) in connection.execute("select name from mailbox.paper").fetchall()}
        sketches = connection.execute(
            "select count(*), max(length(body)) from mailbox.sheet where kind = 'sketch'"
        ).fetchone()
        houses = connection.execute(
            "select count(*), max(length(body)) from mailbox.sheet where kind = 'doors'"
        ).fetchone()
    assert papers == {"city", "matters", "choices", "steps"}
    assert houses is not None
    assert houses[0] > 0
    assert houses[1] < 60_000
    assert sketches is not None
    assert sketches[0] > 0
    assert sketches[1] < 60_000
    contents = [orjson.loads(gzip.decompress(body)) for _, _, body in sheets]
    areas = [area for content in contents for area in content["areas"]]
    assert areas
    assert all(cases >= K for cases, *_ in areas)
    ((counted,),) = zones.rows(
        "select count(*) from cases where reported_at < now() - make_interval(mins => %s)", DELAY_MIN
    )
    assert sum(cases for cases, *_ in areas) <= counted
    spots = [spot for content in contents for spot in content["spots"]]
    assert not {matter for _, _, matter, _ in spots} & set(words.sensitive())
