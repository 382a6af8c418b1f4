"""Who somebody is, from the phone's letter to the verification: by face (DeepFace on ORL people), by code, by a worker."""

import io
import tarfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import psycopg
import pytest
from PIL import Image

from dashboard.identity_room import send_codes
from data.database import connect, open_pool
from data.settings import Settings
from data.stores import identity_checks as checks
from data.stores import identity_purposes as purposes
from data.stores import identity_references as references
from data.stores.identity_purposes import CalibrationRow
from data.stores.reading import reading
from forms.courier import Courier
from forms.identity import opening
from forms.identity.comparing import Job, compare
from forms.identity.vault import open_vault
from forms.identity.worker import Bench, FaceWorker, clear_away
from forms.letters import pack
from forms.sealing import mail_id_of
from geo.errors import NeedleError
from tests.dashboard.residents.asking import FORM, Asked, ask, instance
from tests.dashboard.residents.conftest import Zones, courier_of, post_raw

CODES: Final = [f"{number:020}" for number in range(100, 200)]
FORM_ASKING: Final = replace(FORM, settings=(("needle_identity", "any"),))
NOW: Final = datetime.now(UTC)
THRESHOLD: Final = 0.40
PROPOSAL: Final = {
    "name": "补贴认领核验", "legal_basis": "PIPL 13", "necessity": "冒领多发", "owner": "民政科", "contact": "12345",
    "kept_days": 30, "until": f"{NOW + timedelta(days=200):%Y-%m-%d}", "notice_zh": "告知书", "notice_en": "Notice",
}  # fmt: skip
CALIBRATION: Final = CalibrationRow(
    0, "Dlib", "dlib", "deepface", "ORL", 900, 19000, 0.001, THRESHOLD, 0.0009, 0.0015, 0.1, 0.015, [[0.4, 0.0009, 0.1]], NOW
)  # fmt: skip
#: Person 4 looks ahead, to both sides, and closes the eyes.
STEPS: Final = {"front": 7, "turn_left": 10, "turn_right": 6, "blink": 9, "document": 2}


@pytest.fixture(scope="session")
def people(real_data: Path) -> Mapping[tuple[int, int], bytes]:
    """The ORL pictures as JPEG, by person and number."""
    found = {}
    with tarfile.open(real_data / "faces" / "orl_people_01_20.tar.gz") as archive:
        for member in archive.getmembers():
            if member.name.endswith(".pgm"):
                file = archive.extractfile(member)
                assert file is not None
                out = io.BytesIO()
                Image.open(file).convert("RGB").save(out, "JPEG", quality=95)
                place = Path(member.name)
                found[int(place.parent.name[1:]), int(place.stem)] = out.getvalue()
    return found


class Here(Bench):
    """A bench that compares in this very process."""

    async def compare(self, job: Job) -> Any:
        """Compare."""
        return compare(self.home, self.model, self.detector, job)


@dataclass
class Desk:
    """The courier with somebody's phone before it."""

    zones: Zones
    courier: Courier
    asked: Asked
    number: int = 0

    async def say(self, of: str, files: Mapping[str, bytes] | None = None, **more: Any) -> tuple[str, dict[str, Any]]:
        """Send a letter and hear of it; its code, the reply."""
        code = CODES[self.number]
        self.number += 1
        whole = {"code": code, "language": "zh", "of": of, "files": [{"name": n} for n in files or {}], **more}
        await post_raw(self.zones, mail_id_of(code), "identity", pack(whole, tuple((files or {}).values())))
        await self.courier.round()
        return code, await self.asked.reply(code)

    def verification(self) -> str:
        """What the only submission is worth."""
        ((found, review),) = self.zones.rows("select verification, review from form_submission")
        assert review == "received"
        return str(found)

    async def compared(self) -> int:
        """Let the worker compare what waits, and the courier tell of it."""
        vault = open_vault(self.zones.home / "secrets")
        done = await FaceWorker(self.courier.base, vault, Here(self.zones.home))()
        await self.courier.round()
        return done


@asynccontextmanager
async def desk_of(zones: Zones, target: str = "li") -> AsyncIterator[Desk]:
    """An answer to a form that demands identity is filed."""
    async with courier_of(zones) as courier:
        asked = await ask(zones, FORM_ASKING)
        with connect(zones.base) as connection:
            connection.execute(
                "insert into recipient (link_id, name, phone) values (%s, '李', '13800000042')", [asked.links["li"]]
            )
        await asked.put(CODES[99], instance(1), target)
        await courier.round()
        yield Desk(zones, courier, asked)


async def open_faces(zones: Zones, **more: Any) -> int:
    """Do all that is needed before faces are compared; the purpose's number."""
    async with open_pool(zones.base) as base, reading(base) as connection:
        await purposes.save_calibration(connection, CALIBRATION, "test")
        number = await opening.propose(connection, {**PROPOSAL, **more}, "科员", NOW)
        with pytest.raises(NeedleError, match="impact assessment"):
            await opening.open_now(connection, number, NOW)
        await opening.approve(connection, number, "局长", NOW)
        await opening.open_now(connection, number, NOW)
    return number


CONSENT: Final = {"version": 1, "ticked": True, "born": "1950-01-31"}


async def test_by_default_no_face_is_asked_for_and_the_other_ways_work(zones: Zones) -> None:
    async with desk_of(zones) as desk:
        _, said = await desk.say(CODES[99], step="begin", way="face", consent=CONSENT)
        assert said == {
            "v": 1,
            "kind": "identity",
            "state": "not_offered",
            "ways": ["sms", "worker"],
            "left": said["left"],
        }
        assert zones.rows("select count(*) from identity_reference") == [(0,)]
        begun, said = await desk.say(CODES[99], step="begin", way="sms")
        assert (said["state"], said["tail"]) == ("asked", "0042")
        assert await send_codes(Settings(home=zones.home), desk.courier.base, open_vault(zones.home / "secrets")) == 1
        ((sealed, mail, sent),) = zones.rows("select sealed, begun_id, sent_at is not null from identity_check")
        code = open_vault(zones.home / "secrets").open(sealed, f"code:{mail}").decode()
        assert sent
        wrong = f"{(int(code) + 1) % 10**6:06d}"
        _, said = await desk.say(CODES[99], step="proof", way="sms", begun=begun, typed=wrong)
        assert (said["state"], said["left"], desk.verification()) == ("again", 2, "none")
        _, said = await desk.say(CODES[99], step="proof", way="sms", begun=begun, typed=code)
        assert (said["state"], desk.verification()) == ("passed", "sms")
        async with reading(desk.courier.base) as connection:
            shown = await checks.find_pass(connection, said["pass"])
            assert shown is not None
            assert (shown.subject, shown.way) == ("person:li", "sms")
            assert await checks.find_pass(connection, "guessed") is None
        assert zones.rows("select sealed, phone from identity_check") == [(None, None)]


async def test_three_wrong_codes_end_a_check_and_a_worker_confirms_in_person(zones: Zones) -> None:
    async with desk_of(zones) as desk:
        begun, _ = await desk.say(CODES[99], step="begin", way="sms")
        states = [(await desk.say(CODES[99], step="proof", way="sms", begun=begun, typed="x"))[1] for _ in range(3)]
        assert [said["state"] for said in states] == ["again", "again", "failed"]
        assert states[-1]["ways"] == ["worker", "sms"]
        begun, said = await desk.say(CODES[99], step="begin", way="worker")
        async with reading(desk.courier.base) as connection:
            assert await checks.find_to_confirm(connection, "00000000") is None
            check = await checks.find_to_confirm(connection, said["code"])
            assert check is not None
            await checks.finish(connection, check, "passed", {"state": "passed", "way": "worker"}, by="grid01")
        await desk.courier.round()
        assert (await desk.asked.reply(begun))["state"] == "passed"
        assert desk.verification() == "worker"


async def test_nobody_learns_whom_the_registry_knows(zones: Zones) -> None:
    async with desk_of(zones) as desk:
        person = {"name": "某某", "id_number": "110101195001010011"}
        begun, said = await desk.say("", step="begin", way="sms", person=person)
        assert (said["state"], said["tail"]) == ("asked", "")
        typed: dict[str, Any] = {"begun": begun, "typed": "000000", "person": person}
        assert (await desk.say("", step="proof", way="sms", **typed))[1]["state"] == "again"


@pytest.mark.real_data
async def test_a_face_passes_its_template_is_kept_sealed_and_goes_with_the_consent(
    zones: Zones, people: Mapping[tuple[int, int], bytes]
) -> None:
    number = await open_faces(zones)
    async with desk_of(zones) as desk:
        for given, code in ((None, "identity.consent_missing"), ({**CONSENT, "version": 9}, "identity.consent_old")):
            _, told = await desk.say(CODES[99], step="begin", way="face", consent=given)
            assert told["problem"]["code"] == code
        begun, said = await desk.say(CODES[99], step="begin", way="face", consent=CONSENT, keeps=True)
        assert (said["state"], said["needs_document"], len(said["asked"])) == ("asked", True, 2)
        frames = {step: people[4, STEPS[step]] for step in ("front", *said["asked"], "document")}
        short = {name: body for name, body in frames.items() if name != "document"}
        assert (await desk.say(CODES[99], short, step="proof", way="face", begun=begun))[1]["missing"] == ["document"]
        proof, said = await desk.say(CODES[99], frames, step="proof", way="face", begun=begun)
        assert said["state"] == "waiting"
        assert await desk.compared() == 1
        told = await desk.asked.reply(proof)
        assert (told["state"], told["outcome"], desk.verification()) == ("passed", "match", "face"), told
        assert await desk.compared() == 0
        record = "select threshold, fmr, fnmr, risk, outcome, distance < threshold, purpose_id from identity_comparison"
        ((threshold, fmr, fnmr, risk, outcome, is_near, purpose),) = zones.rows(record)
        assert (threshold, fmr, fnmr, outcome, is_near, purpose) == (THRESHOLD, 0.0009, 0.1, "match", True, number)
        assert risk <= 0.5
        ((sealed, _),) = zones.rows("select sealed, expires_at from identity_reference")
        template = open_vault(zones.home / "secrets").open_template(sealed, "person:li")
        assert np.linalg.norm(template) == pytest.approx(1, abs=1e-3)
        with connect(zones.base) as connection, pytest.raises(psycopg.errors.RestrictViolation, match="three years"):
            connection.execute("delete from identity_comparison")
        _, said = await desk.say(CODES[99], step="withdraw", way="face")
        assert (said["state"], said["deleted"]) == ("withdrawn", 1)
        assert zones.rows("select count(*) from identity_reference") == [(0,)]
        assert zones.rows("select subject, why, receipt from identity_deletion") == [
            ("person:li", "withdrawn", said["receipt"])
        ]


@pytest.mark.real_data
async def test_strangers_and_replays_do_not_pass_and_other_ways_come_first(
    zones: Zones, people: Mapping[tuple[int, int], bytes]
) -> None:
    await open_faces(zones)
    async with desk_of(zones) as desk:
        # Somebody else's document; one photo again and again.
        for person, is_one_photo in ((9, False), (4, True)):
            begun, said = await desk.say(CODES[99], step="begin", way="face", consent=CONSENT)
            frames = {step: people[4, 7 if is_one_photo else STEPS[step]] for step in ("front", *said["asked"])}
            frames["document"] = people[person, 2]
            proof, _ = await desk.say(CODES[99], frames, step="proof", way="face", begun=begun)
            await desk.compared()
            assert (await desk.asked.reply(proof))["state"] == "failed"
        told = await desk.asked.reply(proof)
        assert (told["outcome"], told["ways"]) == ("doubtful", ["sms", "worker", "face"])
        found = zones.rows("select outcome, risk > 0.9, signs from identity_comparison order by id")
        assert found[0][0] == "no_match"
        assert found[1][:2] == ("doubtful", True)
        assert {"still", "replayed", "not_done"} <= set(found[1][2])
        assert desk.verification() == "none"


@pytest.mark.real_data
async def test_clocks_and_ends_delete(zones: Zones, people: Mapping[tuple[int, int], bytes]) -> None:
    number = await open_faces(zones)
    async with desk_of(zones) as desk:
        begun, said = await desk.say(CODES[99], step="begin", way="face", consent=CONSENT)
        frames = {step: people[4, STEPS[step]] for step in ("front", *said["asked"], "document")}
        proof, _ = await desk.say(CODES[99], frames, step="proof", way="face", begun=begun)
        assert await clear_away(desk.courier.base, datetime.now(UTC)) == 0
        assert await clear_away(desk.courier.base, datetime.now(UTC) + timedelta(hours=1)) == 1
        await desk.courier.round()
        assert (await desk.asked.reply(proof))["state"] == "expired"
        assert zones.rows("select sealed from identity_check") == [(None,)]
        vault = open_vault(zones.home / "secrets")
        async with reading(desk.courier.base) as connection:
            ((consent,),) = zones.rows("select id from identity_consent")
            for subject, days in (("person:a", -1), ("person:b", 5)):
                sealed = vault.seal_template(np.array([1.0]), subject)
                until = datetime.now(UTC) + timedelta(days=days)
                await references.keep_reference(
                    connection, subject, number, consent, "enrolled", "Dlib", sealed, "test", until
                )
            assert await references.count_stored(connection) == 2
        assert await clear_away(desk.courier.base, datetime.now(UTC)) == 1
        async with reading(desk.courier.base) as connection:
            assert await references.find_reference(connection, "person:b", number + 1, "Dlib") is None
            gone, _ = await opening.end(connection, number, datetime.now(UTC))
            assert (gone, await references.count_stored(connection)) == (1, 0)
            assert await purposes.load_open(connection) is None
        assert zones.rows("select kind from identity_duty") == [("cancel_filing",)]


def test_staff_may_read_no_table_of_faces(zones: Zones) -> None:
    granted = zones.rows("select table_name from information_schema.role_table_grants where grantee = 'needle_staff'")
    assert granted
    assert [name for (name,) in granted if name.startswith("identity_")] == []
