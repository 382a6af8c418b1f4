"""A resident's own record across both zones: seen after identifying, corrected, taken back; nobody on the way can read it."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from data.database import connect, open_pool
from data.portal.resident_side import ResidentSide
from data.registry.claims import NewClaim, Relation, Source
from data.stores.reading import reading
from data.stores.registry_access import NewKey, Read, note_reads, save_key
from data.stores.registry_claims import add_claims, create_entities
from data.stores.registry_relations import add_relations
from forms.courier import Courier
from forms.identity.vault import open_vault
from forms.identity.visiting import confirm_visit, find_visit
from forms.letters import pack
from forms.mine.desk import MineDesk
from forms.sealing import SealError, mail_id_of, open_packet, open_reply, public_point, reply_key_of
from geo.errors import NeedleError
from tests.dashboard.residents.conftest import Zones, courier_of, post_raw
from tests.dashboard.residents.test_stolen_databases import stands_in, stolen

CODES: Final = [f"{number:020}" for number in range(500, 600)]
NAME, NUMBER, PHONE = "王建国", "131502196501048132", "13811112222"
PERSON: Final = {"name": NAME, "id_number": NUMBER}
STRANGER: Final = {"name": "某某某", "id_number": "110101195001010011"}
CONSENT: Final = "form:survey"
PAIR: Final = ec.generate_private_key(ec.SECP256R1())
SECRETS: Final = (NAME, NUMBER, PHONE, "长河路 9 号", "sugar", "糖尿病")


async def register(courier: Courier) -> int:
    """A person with a household, of whom three sources speak, and whose record a department has read; the number."""
    now = datetime.now(UTC)
    police = Source("department", "police", label="派出所人口台账")
    survey = Source("form", "survey/1", "民生问卷", ("elderly_care",), CONSENT)
    async with reading(courier.base) as connection:
        ((person, _),) = await create_entities(connection, "person")
        ((home, _),) = await create_entities(connection, "household")
        old = now - timedelta(days=40)
        paper = {"name": NAME, "id_number": NUMBER, "sex": "male", "birth_date": "1965-01-04", "address": "长河路 9 号"}
        said = [NewClaim(name, value, old, "department") for name, value in paper.items()]
        await add_claims(connection, police, {person: said, home: [NewClaim("address", "长河路 9 号", old)]})
        told = [NewClaim("phone", PHONE, now - timedelta(days=3)), NewClaim("diseases", ["sugar"], now)]
        await add_claims(connection, survey, {person: told})
        await add_relations(connection, police, [Relation(person, "lives_in", home)])
        row = await (await connection.execute("select code from department order by code limit 1")).fetchone()
        assert row is not None
        wanted = NewKey(row[0], "养老系统", ["elderly_care"], None, [], 60, 60)
        key = await save_key(connection, "secret", wanted)
        await note_reads(connection, [Read(person, "department", str(key), "elderly_care", ("phone", "diseases"))])
    return person


@dataclass
class Phone:
    """A resident's phone before the mailbox, and the courier behind it."""

    zones: Zones
    courier: Courier
    number: int = 0

    async def say(self, kind: str, **content: Any) -> tuple[str, dict[str, Any]]:
        """Send a letter and hear of it; its code, the reply."""
        code = CODES[self.number]
        self.number += 1
        await post_raw(self.zones, mail_id_of(code), kind, pack({"code": code, "language": "zh", **content}))
        await self.courier.round()
        return code, await self.reply(code)

    async def reply(self, code: str) -> dict[str, Any]:
        """What lies there for a code."""
        async with open_pool(self.zones.portal) as pool:
            standing = await ResidentSide(pool).standing(mail_id_of(code))
        assert standing.sealed is not None, standing
        found: dict[str, Any] = orjson.loads(open_reply(standing.sealed, reply_key_of(code), mail_id_of(code)))
        return found

    async def identify(self, person: dict[str, str] = PERSON) -> str:
        """Say who one is by the code of a message; the pass."""
        begun, said = await self.say("identity", step="begin", way="sms", person=person)
        assert (said["state"], said["tail"]) == ("asked", "")
        ((sealed,),) = self.zones.rows("select sealed from identity_check where begun_id = %s", mail_id_of(begun))
        typed = self.vault.open(sealed, f"code:{mail_id_of(begun)}").decode()
        _, said = await self.say("identity", step="proof", way="sms", person=person, begun=begun, typed=typed)
        return str(said.get("pass", ""))

    @property
    def vault(self) -> Any:
        return open_vault(self.zones.home / "secrets")

    async def ask(self, shown: str, step: str = "look", **more: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Ask about one's record: the reply, and the packet as this phone opens it."""
        to = base64.b64encode(public_point(PAIR)).decode()
        code, said = await self.say("mine", step=step, to=to, **{"pass": shown}, **more)
        if said["state"] != "open":
            return said, {}
        return said, orjson.loads(open_packet(base64.b64decode(said["packet"]), PAIR, mail_id_of(code)))


@asynccontextmanager
async def phone_of(zones: Zones) -> AsyncIterator[tuple[Phone, int]]:
    """A phone, and the number of the person whose it is."""
    async with courier_of(zones) as courier:
        yield Phone(zones, courier), await register(courier)


def field(packet: dict[str, Any], name: str) -> dict[str, Any]:
    """A field of a packet."""
    return next(one for one in packet["fields"] if one["name"] == name)


async def test_who_identified_sees_every_value_with_its_source_and_who_looked(zones: Zones) -> None:
    async with phone_of(zones) as (phone, person):
        shown = await phone.identify()
        _, packet = await phone.ask(shown)
        assert packet["known"]
        assert {one["name"] for one in packet["fields"]} == {
            *("name", "id_number", "sex", "birth_date", "address", "phone", "diseases"),
        }
        ill = field(packet, "diseases")
        assert (ill["value"], ill["raw"]) == ({"zh": "糖尿病", "en": "Diabetes"}, ["sugar"])
        (claim,) = ill["claims"]
        assert (claim["source"]["label"], claim["proof"]["zh"], claim["consent"]) == ("民生问卷", "未核验", CONSENT)
        assert field(packet, "address")["claims"][0]["consent"] is None
        assert field(packet, "address")["fresh_until"]
        assert [(one["kind"], one["other"], one["label"]) for one in packet["relations"]] == [
            ("lives_in", "household", "长河路 9 号")
        ]
        own, theirs = packet["readers"]
        assert (own["reader"], own["purpose"]["zh"]) == ("resident", "本人查看")
        assert (theirs["reader"], theirs["purpose"]["zh"]) == ("department", "养老服务")
        assert theirs["office"]["zh"]
        assert [one["zh"] for one in theirs["fields"]] == ["手机号", "慢性病"]
        _, again = await phone.ask(shown)
        assert [one["reader"] for one in again["readers"]] == ["resident", "resident", "department"]
        assert zones.rows("select distinct entity_id from resident_request") == [(person,)]


async def test_a_correction_is_a_claim_of_the_resident_and_proves_no_paper(zones: Zones) -> None:
    async with phone_of(zones) as (phone, person):
        shown = await phone.identify()
        said, packet = await phone.ask(shown, "correct", field="phone", value="139 1234 5678")
        assert said["did"] == "correct"
        now, before = field(packet, "phone")["claims"]
        assert (now["value"]["zh"], now["source"]["zh"], now["proof"]["zh"]) == ("13912345678", "本人更正", "短信核验")
        assert before["reason"] == "unverified"
        assert zones.rows("select phone from registry_entity where id = %s", person) == [("13912345678",)]
        assert zones.rows("select purposes from registry_source where kind = 'resident'") == [(["elderly_care"],)]
        _, packet = await phone.ask(shown, "correct", field="birth_date", value="1960-01-04")
        assert field(packet, "birth_date")["value"]["zh"] == "1965-01-04"
        assert [one["reason"] for one in field(packet, "birth_date")["claims"]] == [None, "unverified"]
        for name, value, code in (
            *(("phone", "nothing", "registry.value_invalid"), ("phone", "", "registry.value_invalid")),
            *(("room", "301", "mine.not_held"), ("height", "1", "mine.not_held")),
        ):
            said, _ = await phone.ask(shown, "correct", field=name, value=value)
            assert (said["state"], said["problem"]["code"]) == ("refused", code)
        assert len(zones.rows("select from registry_source where kind = 'resident'")) == 2
        # The same mail again, as a courier that was killed would bring it: nothing twice.
        again = CODES[phone.number - 6]
        letter = pack({"code": again, "step": "correct", "pass": shown, "field": "phone", "value": "13900000000",
                       "to": base64.b64encode(public_point(PAIR)).decode()})  # fmt: skip
        await post_raw(zones, mail_id_of(again), "mine", letter)
        await phone.courier.round()
        assert (await phone.reply(again))["state"] == "open"
        assert zones.rows("select phone from registry_entity where id = %s", person) == [("13912345678",)]


async def test_a_consent_is_taken_back_with_all_that_rests_on_it(zones: Zones) -> None:
    async with phone_of(zones) as (phone, person):
        shown = await phone.identify()
        said, packet = await phone.ask(shown, "withdraw", consent=CONSENT)
        assert (said["did"], said["erased"], len(said["receipt"])) == ("withdraw", 2, 12)
        for name in ("phone", "diseases"):
            assert field(packet, name)["value"] is None
            assert [(one["value"], one["reason"]) for one in field(packet, name)["claims"]] == [(None, "erased")]
        assert field(packet, "address")["value"]["zh"] == "长河路 9 号"
        assert zones.rows("select value from registry_claim where entity_id = %s and field = 'phone'", person) == [
            (None,)
        ]
        ((by,),) = zones.rows("select actor from audit_entry where action = 'registry.withdraw'")
        assert by == f"resident:{said['receipt']}"


async def test_a_worker_confirms_who_is_compared_with_a_document_and_of_a_stranger_nothing_is_held(
    zones: Zones,
) -> None:
    async with phone_of(zones) as (phone, _):
        for person, is_known in ((PERSON, True), (STRANGER, False)):
            begun, said = await phone.say("identity", step="begin", way="worker", person=person)
            assert set("".join(said["qr"])) == {"0", "1"}
            async with reading(phone.courier.base) as connection:
                check, visitor = await find_visit(connection, phone.vault, said["code"])
                assert (visitor.name, visitor.masked) == (
                    person["name"],
                    f"{person['id_number'][:6]}********{person['id_number'][-4:]}",
                )
                await confirm_visit(connection, check, "grid01")
                with pytest.raises(NeedleError, match="wrong or has expired"):
                    await find_visit(connection, phone.vault, said["code"])
            await phone.courier.round()
            said = await phone.reply(begun)
            assert (said["state"], said["way"]) == ("passed", "worker")
            _, packet = await phone.ask(said["pass"])
            assert packet["known"] is is_known


async def test_without_a_pass_that_holds_nothing_is_shown(zones: Zones) -> None:
    async with phone_of(zones) as (phone, _):
        assert await phone.identify(STRANGER) == ""
        shown = await phone.identify()
        with connect(zones.base) as connection:
            connection.execute(
                "update identity_check set done_at = done_at - interval '31 minutes' where done_at is not null"
            )
        for one in (shown, "guessed", ""):
            said, _ = await phone.ask(one)
            assert (said["state"], said["problem"]["code"]) == ("over", "mine.pass_over")
        assert zones.rows("select from resident_request") == []


async def test_nobody_is_flooded_with_codes_and_no_reply_tells_whom_the_registry_knows(zones: Zones) -> None:
    async with phone_of(zones) as (phone, _):
        told = [
            [(await phone.say("identity", step="begin", way="sms", person=person))[1] for _ in range(6)]
            for person in (PERSON, STRANGER)
        ]
        for one in told:
            assert [reply["state"] for reply in one] == ["asked"] * 5 + ["refused"]
            assert one[5]["problem"]["code"] == "identity.codes_used"
        assert zones.rows("select distinct subject like 'entity:%%', phone is not null from identity_check") == [
            (False, False),
            (True, True),
        ]
        assert [{**reply, "until": 0} for reply in told[0]] == [{**reply, "until": 0} for reply in told[1]]


async def test_no_code_goes_to_a_telephone_that_may_be_anothers_by_now(zones: Zones) -> None:
    async with phone_of(zones) as (phone, person):
        with connect(zones.base) as connection:
            connection.execute(
                "update registry_entity set golden = jsonb_set(golden, '{phone,at}', to_jsonb(now() - interval '731 days'))"
                " where id = %s",
                [person],
            )
        _, said = await phone.say("identity", step="begin", way="sms", person=PERSON)
        assert said["state"] == "asked"
        assert zones.rows("select entity_id, phone from identity_check") == [(person, None)]


async def test_an_identification_about_an_answer_opens_no_record(zones: Zones) -> None:
    async with phone_of(zones) as (phone, _):
        shown = await phone.identify()
        with connect(zones.base) as connection:
            connection.execute("update identity_check set entity_id = null, subject = 'person:li'")
        assert (await phone.ask(shown))[0]["state"] == "over"


async def test_nobody_on_the_way_reads_a_record_and_its_packet_does_not_stay(zones: Zones) -> None:
    """As the portal's role and as who steals the mailbox: before the courier came, after it, and with the code besides."""
    async with phone_of(zones) as (phone, _):
        shown = await phone.identify()
        said, packet = await phone.ask(shown)
        code = CODES[phone.number - 1]
        assert field(packet, "phone")["raw"] == PHONE
        database = stolen(zones.mailbox)
        for secret in (*SECRETS, code, shown):
            assert not stands_in(secret, database), secret
        with connect(zones.portal) as portal:
            row = portal.execute("select sealed from mailbox.reply where id = %s", [mail_id_of(code)]).fetchone()
        assert row is not None
        with pytest.raises(SealError):
            open_reply(row[0], reply_key_of(CODES[0]), mail_id_of(code))
        opened = open_reply(row[0], reply_key_of(code), mail_id_of(code))
        assert not any(secret.encode() in opened for secret in SECRETS)
        for key, mail in ((ec.generate_private_key(ec.SECP256R1()), mail_id_of(code)), (PAIR, mail_id_of(CODES[0]))):
            with pytest.raises(SealError):
                open_packet(base64.b64decode(said["packet"]), key, mail)
        later = MineDesk(phone.courier.mailbox, phone.courier.base, lambda: datetime.now(UTC) + timedelta(minutes=41))
        assert await later.clear_away() == 1
        assert await later.clear_away() == 0
        with connect(zones.portal) as portal:
            assert portal.execute("select from mailbox.reply where id = %s", [mail_id_of(code)]).fetchone() is None


@pytest.mark.parametrize(
    "broken", [{"to": "x"}, {"to": base64.b64encode(b"\x04" + bytes(64)).decode()}, {"step": "erase"}, {"value": 7}]
)
async def test_letters_that_make_no_sense_are_refused(zones: Zones, broken: dict[str, Any]) -> None:
    async with courier_of(zones) as courier:
        whole = {
            "code": CODES[99],
            "step": "look",
            "pass": "x",
            "to": base64.b64encode(public_point(PAIR)).decode(),
            **broken,
        }
        await post_raw(zones, mail_id_of(CODES[99]), "mine", pack(whole))
        await courier.round()
    async with open_pool(zones.portal) as pool:
        assert (await ResidentSide(pool).standing(mail_id_of(CODES[99]))).problem == "invalid"
