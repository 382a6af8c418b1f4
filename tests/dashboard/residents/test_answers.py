"""Answers: filed once in typed tables with whom they came from, sent back with reasons, or parked; whatever is killed."""

import gzip
import io
from dataclasses import replace
from datetime import date
from typing import Any

import httpx
import orjson
import psycopg
import pytest
from PIL import Image

from dashboard.attachments import attachment_room, clean
from data.database import connect, open_pool
from data.portal.links_courier import LinksCourierSide
from data.portal.links_resident import LinksResidentSide
from data.portal.resident_side import ResidentSide
from data.stores.forms import publish_form
from data.stores.parked_letters import ask_again, load_counts, load_parked
from data.stores.photos import PhotoFolder
from forms.answers.papers import FormPapers
from forms.answers.replies import receipt_of
from forms.letters import Enclosed, pack
from forms.links.tokens import hash_token
from forms.portal.app import create_app
from forms.sealing import mail_id_of
from forms.xlsform.compiling import compile_form
from forms.xlsform.model import Question
from forms.xlsform.publishing import publish, to_publication
from geo.errors import NeedleError
from tests.dashboard.residents.asking import FORM, Asked, ask, count_uses, instance
from tests.dashboard.residents.conftest import Zones, courier_of
from tests.dashboard.residents.test_courier import Cut, Killed, go_on, photo
from tests.patience import PATIENCE_S

CODES = [f"{number:020}" for number in range(40)]
CODE = CODES[0]


def answers(zones: Zones) -> list[tuple[Any, ...]]:
    """What lies in the form's typed table."""
    ((name,),) = zones.rows("select name from form_table where parent is null")
    return zones.rows(f"select age, alone, contact, photo from answers.{name} order by submission_id")


async def test_an_answer_is_filed_with_whom_it_came_from_and_its_sender_gets_a_receipt(zones: Zones) -> None:
    async with courier_of(zones) as courier:
        asked = await ask(zones)
        with connect(zones.base, autocommit=True) as listener:
            listener.execute("listen needle_answer")
            filled = instance(1, 71, alone="yes", contact="女儿", photo="a.jpg", children=("2011-02-03", "2015-06-07"))
            mail = await asked.put(CODE, filled, files={"a.jpg": photo()})
            assert await courier.round() == 1
            notice = next(listener.notifies(timeout=PATIENCE_S, stop_after=1))
        assert orjson.loads(notice.payload) == {"form": "visit", "links": [asked.links["door"]], "buildings": ["door"]}
        ((age, alone, contact, digest),) = answers(zones)
        assert (age, alone, contact) == (71, "yes", "女儿")
        kept = PhotoFolder(zones.home / "attachments", "").path_of(digest).read_bytes()
        assert b"a secret" not in kept
        assert Image.open(io.BytesIO(kept)).format == "JPEG"
        assert zones.rows("select name, digest, media_type from form_attachment") == [("a.jpg", digest, "image/jpeg")]
        ((name,),) = zones.rows("select name from form_table where parent is not null")
        born = zones.rows(f"select born from answers.{name} order by ordinal")
        assert born == [(date(2011, 2, 3),), (date(2015, 6, 7),)]
        told = await asked.reply(CODE)
        found = zones.rows("select link_id, mail_id, receipt from form_submission")
        assert found == [(asked.links["door"], mail, told["receipt"])]
        assert (told["kind"], told["state"], told["title"], told["problems"]) == ("answer", "filed", "入户走访", [])
        assert told["receipt"] == receipt_of(mail)
        assert zones.waiting() == 0


async def test_what_is_wrong_goes_back_with_reasons_and_may_be_sent_again(zones: Zones) -> None:
    async with courier_of(zones) as courier:
        asked = await ask(zones)
        await asked.put(CODE, instance(1, 130, alone="yes", contact="", photo="gone.jpg"), "li")
        assert await asked.put(CODES[1], instance(2), "li") == "used_up"
        await count_uses(zones)
        assert asked.uses("li") == (1, 1)
        await courier.round()
        told = await asked.reply(CODE)
        assert told["state"] == "rejected"
        said = {(p["path"], p["what"], p["label"]) for p in told["problems"]}
        assert said == {
            ("/data/age", "constraint", "年龄"),
            ("/data/contact", "required", "联系人"),
            ("/data/photo", "file", "照片"),
        }
        assert all(p["message_zh"] and p["message_en"] for p in told["problems"])
        assert asked.uses("li") == (0, 0)
        assert await asked.put(CODES[1], instance(2), "li") == mail_id_of(CODES[1])
        await courier.round()
        await count_uses(zones)
        assert (await asked.reply(CODES[1]))["state"] == "filed"
        assert asked.uses("li") == (1, 1)
        assert len(answers(zones)) == 1


async def test_a_use_that_is_counted_late_is_not_counted_when_it_was_given_back(zones: Zones) -> None:
    async with courier_of(zones) as courier:
        asked = await ask(zones)
        await asked.put(CODE, instance(1, "very old"), "li")
        await courier.round()
        await count_uses(zones)
        assert asked.uses("li") == (0, 0)


@pytest.mark.parametrize(
    ("filled", "what"),
    [
        ({"age": "old"}, ("/data/age", "type")),
        ({"alone": "perhaps"}, ("/data/alone", "choice")),
        ({"alone": "no", "contact": "x"}, ("/data/contact", "relevant")),
        ({"age": ""}, ("/data/age", "required")),
        ({"children": ("2011-02-03", "soon")}, ("/data/child[2]/born", "type")),
    ],
)
async def test_every_kind_of_reason_names_its_question(
    zones: Zones, filled: dict[str, Any], what: tuple[str, str]
) -> None:
    async with courier_of(zones) as courier:
        asked = await ask(zones)
        await asked.put(CODE, instance(1, **filled))
        await courier.round()
        told = await asked.reply(CODE)
    assert [(p["path"], p["what"]) for p in told["problems"]] == [what]


async def test_a_file_of_another_kind_is_sent_back(zones: Zones) -> None:
    async with courier_of(zones) as courier:
        asked = await ask(zones)
        await asked.put(CODE, instance(1, photo="a.jpg"), files={"a.jpg": b"MZ\x90 no picture"})
        await courier.round()
        (problem,) = (await asked.reply(CODE))["problems"]
    assert (problem["path"], problem["what"]) == ("/data/photo", "file_type")


async def parked(zones: Zones) -> dict[str, str]:
    """Reasons of what is parked, by mail."""
    async with open_pool(zones.base) as pool, pool.connection() as connection:
        return {row.mail_id: row.reason for row in await load_parked(connection, 100)}


async def test_what_nobody_can_file_is_parked_and_keeps_nothing_else_back(zones: Zones) -> None:
    async with courier_of(zones) as courier:
        asked = await ask(zones)
        await asked.put(CODE, instance(1), version="7")
        await asked.put(CODES[1], instance(2), form="another")
        await asked.put(CODES[2], "<data><cut")
        await asked.put_raw("a" * 32, b"\0\0\0\x02{}")
        with connect(zones.mailbox) as connection:
            forged = "insert into mailbox.mail (id, kind, key_id, sealed, sender, link_id) values (%s, 'answer', %s, %s, %s, %s)"
            connection.execute(forged, ["b" * 32, zones.keys.newest[0], bytes(300), b"noise123", asked.links["li"]])
        too_long = await asked.put(CODES[3], instance(3, "9" * 30).replace("<age>", "<age>0"))
        await asked.put(CODES[4], instance(4, 44))
        assert await courier.round() == 7
        assert await parked(zones) == {
            mail_id_of(CODE): "letter.form_unknown",
            mail_id_of(CODES[1]): "letter.other_form",
            mail_id_of(CODES[2]): "form.submission_broken",
            "a" * 32: "letter.invalid",
            "b" * 32: "letter.unreadable",
        }
        assert too_long
        assert (await asked.reply(CODES[3]))["state"] == "rejected"
        assert [row[0] for row in answers(zones)] == [44]
        assert (await asked.reply(CODE))["state"] == "parked"
        async with open_pool(zones.portal) as pool:
            side = ResidentSide(pool)
            assert [(await side.standing(letter * 32)).problem for letter in "ab"] == ["invalid", "unreadable"]
        assert zones.waiting() == 0
        with pytest.raises(psycopg.errors.UndefinedColumn):
            zones.rows("select plain from parked_letter")


async def test_a_parked_letter_is_filed_once_its_form_is_there(zones: Zones) -> None:
    async with courier_of(zones) as courier:
        asked = await ask(zones)
        mail = await asked.put(CODE, instance(1), version="2")
        await courier.round()
        assert list(await parked(zones)) == [mail]
        with connect(zones.base) as connection:
            publish(connection, compile_form(replace(FORM, version="2", children=FORM.children[:-1])))
        async with open_pool(zones.base) as pool, pool.connection() as connection:
            assert await ask_again(connection, mail) == 1
        assert await courier.round() == 1
        assert await parked(zones) == {}
        assert (await asked.reply(CODE))["state"] == "filed"
        assert len(answers(zones)) == 1
        async with open_pool(zones.base) as pool, pool.connection() as connection:
            counts = await load_counts(connection)
        assert (counts.parked, counts.settled, counts.filed) == (0, 1, 1)


async def test_the_same_instance_under_another_code_is_filed_once_with_one_receipt(zones: Zones) -> None:
    async with courier_of(zones) as courier:
        asked = await ask(zones)
        for code in CODES[:3]:
            await asked.put(code, instance("same"))
        await courier.round()
        receipts = {(await asked.reply(code))["receipt"] for code in CODES[:3]}
        assert len(receipts) == 1
        assert len(answers(zones)) == 1


async def test_an_edited_answer_takes_the_place_of_what_it_said_which_is_kept(zones: Zones) -> None:
    async with courier_of(zones) as courier:
        asked = await ask(zones)
        born = ("2011-02-03", "2015-06-07")
        await asked.put(CODE, instance(1, 71, children=born, photo="a.jpg"), "li", files={"a.jpg": photo()})
        await courier.round()
        await count_uses(zones)
        receipt = (await asked.reply(CODE))["receipt"]
        with connect(zones.base) as connection:
            connection.execute("update form_submission set review = 'approved'")
        edited = instance(2, 72, children=born[:1], photo="b.jpg")
        assert await asked.put(CODES[1], edited, "li", replaces=CODE, files={"b.jpg": photo()}) == mail_id_of(CODES[1])
        for calls in range(2):
            with pytest.raises(Killed):
                await go_on(zones, Cut(calls, after=True))
        while await courier.round():
            pass
        await count_uses(zones)
        told = await asked.reply(CODES[1])
        assert (told["state"], told["receipt"]) == ("filed", receipt)
        assert [row[0] for row in answers(zones)] == [72]
        ((name,),) = zones.rows("select name from form_table where parent is not null")
        assert zones.rows(f"select ordinal, born from answers.{name}") == [(1, date(2011, 2, 3))]
        assert zones.rows("select edits, review, mail_id from form_submission") == [
            (1, "received", mail_id_of(CODES[1]))
        ]
        ((xml, review, mail),) = zones.rows("select xml, review, mail_id from form_earlier")
        assert ("<age>71</age>" in xml, review, mail) == (True, "approved", mail_id_of(CODE))
        assert zones.rows("select name from form_attachment order by name") == [("a.jpg",), ("b.jpg",)]
        assert asked.uses("li") == (1, 1), "an edit is no other use"

        await asked.put(CODES[2], instance(1, 71), "door")
        assert await asked.put(CODES[3], instance(3, 200), "li", replaces=CODES[1]) == mail_id_of(CODES[3])
        while await courier.round():
            pass
        assert (await asked.reply(CODES[2]))["receipt"] == receipt, "what was said before is known, too"
        assert (await asked.reply(CODES[3]))["state"] == "rejected"
        assert [row[0] for row in answers(zones)] == [72]
        assert asked.uses("li") == (1, 1)


async def test_nobody_edits_what_is_not_theirs(zones: Zones) -> None:
    async with courier_of(zones) as courier:
        asked = await ask(zones)
        await asked.put(CODE, instance(1), "li")
        await courier.round()
        assert await asked.put(CODES[1], instance(2), "door", replaces=CODE) == "unknown"
        assert await asked.put(CODES[2], instance(2), "li", replaces=CODES[9]) == "unknown"
        lies = pack(
            {"code": CODES[3], "form": "visit", "version": "1", "instance": instance(3), "language": "zh", "files": []}
        )
        assert await asked.put_raw(mail_id_of(CODES[3]), lies, "li", mail_id_of(CODE)) == mail_id_of(CODES[3])
        await courier.round()
        assert await parked(zones) == {mail_id_of(CODES[3]): "letter.invalid"}
        assert len(answers(zones)) == 1
        with connect(zones.mailbox) as connection:
            connection.execute("update mailbox.link set revoked = true")
        assert await asked.put(CODES[4], instance(4), "li", replaces=CODE) == "revoked"


@pytest.mark.parametrize("after", [False, True])
async def test_killed_between_any_two_steps_every_answer_is_filed_once(zones: Zones, after: bool) -> None:
    async with courier_of(zones):
        asked = await ask(zones)
    for calls in range(4):
        await asked.put(CODES[2 * calls], instance(calls, photo="a.jpg"), files={"a.jpg": photo()})
        await asked.put(CODES[2 * calls + 1], instance(f"bad{calls}", "old"), "li")
        with pytest.raises(Killed):
            await go_on(zones, Cut(calls, after))
        await count_uses(zones)
        async with courier_of(zones) as courier:
            while await courier.round():
                pass
        await count_uses(zones)
        assert (await asked.reply(CODES[2 * calls]))["state"] == "filed"
        assert (await asked.reply(CODES[2 * calls + 1]))["state"] == "rejected"
        assert asked.uses("li") == (0, 0)
    assert zones.waiting() == 0
    assert len(answers(zones)) == 4
    assert asked.uses("door")[0] == 4


async def test_a_letter_sealed_before_the_key_was_changed_is_still_opened(zones: Zones) -> None:
    async with courier_of(zones):
        asked = await ask(zones)
    await asked.put(CODE, instance(1))
    old = zones.keys.newest[0]
    assert zones.keys.rotate() != old
    async with courier_of(zones) as courier:
        await asked.put(CODES[1], instance(2))
        with connect(zones.mailbox) as connection:
            used = {key for (key,) in connection.execute("select key_id from mailbox.mail").fetchall()}
        assert used == {old, zones.keys.newest[0]}
        assert zones.keys.newest[0] != old
        await courier.round()
    assert len(answers(zones)) == 2
    (zones.home / "secrets" / f"mailbox-{old}.pem").unlink()
    with connect(zones.mailbox) as connection:
        late = (
            "insert into mailbox.mail (id, kind, key_id, sealed, sender, link_id) values (%s, 'answer', %s, %s, %s, %s)"
        )
        connection.execute(late, ["c" * 32, old, bytes(300), b"somebody", asked.links["door"]])
    async with courier_of(zones) as courier:
        await courier.round()
    assert await parked(zones) == {"c" * 32: "letter.unreadable"}


async def test_a_courier_that_runs_takes_up_a_key_that_is_made_meanwhile(zones: Zones) -> None:
    async with courier_of(zones) as courier:
        asked = await ask(zones)
        await asked.put(CODE, instance(1))
        made = zones.keys.rotate()
        assert await courier.round() == 1
        with connect(zones.mailbox) as connection:
            keys = connection.execute("select key_id from mailbox.government_key where retired_at is null").fetchall()
        assert keys == [(made,)]
        await asked.put(CODES[1], instance(2))
        assert await courier.round() == 1
    assert len(answers(zones)) == 2


async def test_a_form_that_is_asked_hangs_out_for_its_links_and_a_new_version_after_it(zones: Zones) -> None:
    async with courier_of(zones) as courier, open_pool(zones.base) as base, open_pool(zones.mailbox) as pool:
        asked = await ask(zones)
        papers = FormPapers(courier.mailbox, LinksCourierSide(pool), base, attachment_room(zones.home).folder)
        await papers()
        first = await shown(zones, asked)
        assert (first["form"], first["version"], first["title"]) == ("visit", "1", "入户走访")
        assert "年龄" in first["html"]
        assert "<age" in first["model"]
        folder = attachment_room(zones.home).folder
        picture = {"digest": folder.keep_content(b"a picture"), "type": "image/png", "bytes": 9}
        showing = Question("look", (("", "看图"),), more=(("image", "屋顶.png"),))
        with connect(zones.base) as connection:
            form = compile_form(replace(FORM, version="2", children=(*FORM.children, showing)))
            publish_form(connection, replace(to_publication(form), media={"屋顶.png": picture}))
        await papers()
        second = await shown(zones, asked)
        assert second["version"] == "2"
        assert second["media"] == [f"/media/{picture['digest']}.png"]
        assert f'src="/media/{picture["digest"]}.png"' in second["html"]
        app = create_app(zones.portal)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://portal") as resident,
        ):
            answer = await resident.get(second["media"][0])
            assert (answer.content, answer.headers["content-type"]) == (b"a picture", "image/png")
            assert (await resident.get("/media/form-visit-1")).status_code == 404
        with connect(zones.mailbox) as connection:
            row = connection.execute("select count(*) from mailbox.paper where name like 'form-%%'").fetchone()
        assert row == (2,), "a phone that has the first may still fetch it"


async def shown(zones: Zones, asked: Asked) -> dict[str, Any]:
    """The paper that a resident's link shows."""
    async with open_pool(zones.portal) as pool:
        link = await LinksResidentSide(pool).look(hash_token(asked.tokens["door"]))
        assert link is not None
        assert link.paper is not None
        body = await ResidentSide(pool).paper(link.paper)
    assert body is not None
    found: dict[str, Any] = orjson.loads(gzip.decompress(body))
    return found


@pytest.mark.parametrize(
    ("content", "name", "found"),
    [
        (photo(), "a.jpg", "image/jpeg"),
        (b"%PDF-1.7\n", "a.pdf", "application/pdf"),
        (b"OggS\0\2", "a.ogg", "audio/ogg"),
        (b"RIFF\x10\0\0\0WAVEfmt ", "a", "audio/wav"),
        (b"\0\0\0\x18ftypmp42", "a.mp4", "video/mp4"),
        (b"\0\0\0\x18ftypM4A ", "a.m4a", "audio/mp4"),
        (b"event,node\n", "audit.csv", "text/csv"),
        (b"<svg onload=alert(1)>", "a.jpg", None),
        (b"MZ\x90\0", "a.jpg", None),
        (b"\xff\xd8\xff but no picture", "a.jpg", None),
        (b"", "a.jpg", None),
    ],
)
def test_files_are_what_their_content_says(content: bytes, name: str, found: str | None) -> None:
    if found is None:
        with pytest.raises(NeedleError):
            clean(Enclosed(name, content))
    else:
        assert clean(Enclosed(name, content))[0] == found
