"""Field workers' programs: spoken to as ODK Collect speaks, with what it sends and in its order."""

import base64
import hashlib
import io
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from PIL import Image
from typer.testing import CliRunner

from dashboard.accounts import AccountRole
from dashboard.cli.collect import app as collect
from dashboard.door import PER_ACCOUNT
from dashboard.openrosa_api import MAX_BYTES
from data.database import connect
from data.settings import get_settings
from data.stores.accounts import AccountRow, add_account
from data.stores.photos import PhotoFolder
from forms.openrosa.collect_settings import collect_settings
from forms.xlsform.compiling import compile_form
from forms.xlsform.publishing import publish
from tests.dashboard.residents.asking import FORM, instance
from tests.dashboard.residents.test_courier import photo

LIST = "{http://openrosa.org/xforms/xformsList}"
COLLECT = {
    "X-OpenRosa-Version": "1.0",
    "Date": "Tue, 24 Nov 2026 10:00:00 GMT",
    "User-Agent": "org.odk.collect.android/v2025.2.3",
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, block_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Files of a test go into the test's own folder, and commands to its database."""
    monkeypatch.setenv("NEEDLE_HOME", str(tmp_path))
    monkeypatch.setenv("NEEDLE_DATABASE_URL", block_url)
    get_settings.cache_clear()
    yield tmp_path
    get_settings.cache_clear()


@pytest.fixture
def settings(block_url: str, tmp_path: Path, home: Path) -> dict[str, Any]:
    """A published form, a grid worker, and what the QR code of their phone says."""
    with connect(block_url) as connection:
        publish(connection, compile_form(FORM))
        add_account(connection, AccountRow(0, "wang", "王", AccountRole.GRID_WORKER.value))
    file = tmp_path / "collect.png"
    made = CliRunner().invoke(collect, ["add", "wang", "--url", "https://needle.example", "--to", str(file)])
    assert made.exit_code == 0, made.output
    number, name, password, _ = made.output.splitlines()
    assert number.startswith("1: https://needle.example/openrosa")
    said = json.loads(
        zlib.decompress(base64.b64decode(collect_settings("https://needle.example/openrosa", name, password, "x")))
    )
    assert Image.open(io.BytesIO(file.read_bytes())).size[0] > 500
    found: dict[str, Any] = said["general"]
    return found


@pytest.fixture
def phone(served: str, settings: dict[str, Any]) -> Iterator[httpx.Client]:
    """Collect on a worker's phone."""
    secret = (settings["username"], settings["password"])
    with httpx.Client(base_url=f"{served}/openrosa", headers=COLLECT, auth=secret, trust_env=False) as client:
        yield client


def send(phone: httpx.Client, xml: str, **files: bytes) -> httpx.Response:
    """Send a submission as Collect does: first what the server takes, then the parts."""
    ready = phone.head("/submission", params={"deviceID": "collect:abc"})
    assert ready.status_code == 204
    assert int(ready.headers["X-OpenRosa-Accept-Content-Length"]) >= 10_000_000
    parts = [("xml_submission_file", ("visit.xml", xml.encode(), "text/xml"))]
    parts += [(name, (name, content, "application/octet-stream")) for name, content in files.items()]
    return phone.post("/submission", files=parts, params={"deviceID": "collect:abc"})


def message(answer: httpx.Response) -> tuple[str, str]:
    """The nature and the text of an answer's message."""
    found = ElementTree.fromstring(answer.content).find("{http://openrosa.org/http/response}message")
    assert found is not None
    return found.get("nature") or "", found.text or ""


def test_the_forms_are_listed_and_fetched_whole(phone: httpx.Client) -> None:
    listed = phone.get("/formList")
    assert listed.status_code == 200
    assert listed.headers["X-OpenRosa-Version"] == "1.0"
    assert listed.headers["content-type"].startswith("text/xml")
    root = ElementTree.fromstring(listed.content)
    (form,) = root.findall(f"{LIST}xform")
    said = {child.tag.removeprefix(LIST): child.text for child in form}
    assert (said["formID"], said["name"], said["version"]) == ("visit", "入户走访", "1")
    xform = phone.get(str(said["downloadUrl"]))
    assert f"md5:{hashlib.md5(xform.content, usedforsecurity=False).hexdigest()}" == said["hash"]
    assert ElementTree.fromstring(xform.content).tag.endswith("html")
    assert phone.get(f"{said['downloadUrl']}/manifest").status_code == 200
    assert "manifestUrl" not in said
    assert len(ElementTree.fromstring(phone.get("/formList", params={"formID": "other"}).content)) == 0
    assert phone.get("/forms/999").status_code == 404


def test_pictures_of_a_form_are_in_its_manifest(phone: httpx.Client, block_url: str, home: Path) -> None:
    digest = PhotoFolder(home / "attachments", "").keep_content(b"a picture")
    media = {"屋顶 1.png": {"digest": digest, "type": "image/png", "bytes": 9}}
    with connect(block_url) as connection:
        connection.execute("update form_version set media = %s", (json.dumps(media),))
    at = ElementTree.fromstring(phone.get("/formList").content).findtext(f"{LIST}xform/{LIST}manifestUrl")
    assert at is not None
    (file,) = ElementTree.fromstring(phone.get(at).content)
    said = {child.tag.rpartition("}")[2]: child.text or "" for child in file}
    assert said["filename"] == "屋顶 1.png"
    assert said["hash"] == f"md5:{hashlib.md5(b'a picture', usedforsecurity=False).hexdigest()}"
    fetched = phone.get(said["downloadUrl"])
    assert (fetched.content, fetched.headers["content-type"]) == (b"a picture", "image/png")


def test_a_submission_is_filed_once_under_its_worker_however_often_it_is_sent(
    phone: httpx.Client, block_url: str, home: Path
) -> None:
    filled = instance(1, 71, alone="yes", contact="女儿", photo="a.jpg")
    for _ in range(3):
        answer = send(phone, filled, **{"a.jpg": photo()})
        assert answer.status_code == 201, answer.text
        assert message(answer)[0] == "submit_success"
    with connect(block_url) as connection:
        found = connection.execute(
            "select count(*), max(username) from form_submission join account on account_id = account.id"
        ).fetchone()
        name = (connection.execute("select name from form_table where parent is null").fetchone() or ("",))[0]
        ((age, digest),) = connection.execute(f"select age, photo from answers.{name}".encode()).fetchall()
    assert found == (1, "wang")
    assert age == 71
    picture = PhotoFolder(home / "attachments", "").path_of(digest).read_bytes()
    assert Image.open(io.BytesIO(picture)).format == "JPEG"
    assert b"a secret" not in picture


def test_files_may_come_after_their_submission(phone: httpx.Client, block_url: str) -> None:
    filled = instance(2, 40, photo="late.jpg")
    assert send(phone, filled).status_code == 201
    assert send(phone, filled, **{"late.jpg": photo()}).status_code == 201
    with connect(block_url) as connection:
        name = (connection.execute("select name from form_table where parent is null").fetchone() or ("",))[0]
        kept = connection.execute("select digest from form_attachment").fetchone()
        assert connection.execute(f"select photo from answers.{name}".encode()).fetchall() == [kept]


def test_what_a_worker_edits_takes_the_place_of_what_they_sent(phone: httpx.Client, block_url: str) -> None:
    first = instance(5, 40)
    edited = instance(6, 41).replace("<meta>", "<meta><deprecatedID>uuid:5</deprecatedID>")
    for sent in (first, edited, first, edited):
        assert send(phone, sent).status_code == 201
    with connect(block_url) as connection:
        name = (connection.execute("select name from form_table where parent is null").fetchone() or ("",))[0]
        assert connection.execute(f"select age from answers.{name}".encode()).fetchall() == [(41,)]
        kept = connection.execute("select instance_id, edits from form_submission").fetchall()
        earlier = connection.execute("select instance_id from form_earlier").fetchall()
    assert (kept, earlier) == ([("uuid:6", 1)], [("uuid:5",)])


@pytest.mark.parametrize(
    ("xml", "status", "said"),
    [
        (instance(3, 130), 400, "年龄"),
        (instance(3).replace('id="visit"', 'id="other"'), 404, "other"),
        ("<data", 400, "XML"),
        ('<!DOCTYPE data [<!ENTITY x "y">]><data id="visit" version="1"/>', 400, "DOCTYPE"),
        (instance(3).replace("<instanceID>uuid:3</instanceID>", ""), 400, "instanceID"),
    ],
)
def test_what_is_wrong_is_said_and_not_filed(
    phone: httpx.Client, block_url: str, xml: str, status: int, said: str
) -> None:
    answer = send(phone, xml)
    assert answer.status_code == status
    nature, text = message(answer)
    assert nature == "submit_error"
    assert said in text
    with connect(block_url) as connection:
        assert connection.execute("select count(*) from form_submission").fetchone() == (0,)


def test_too_much_is_refused_before_it_is_read(phone: httpx.Client) -> None:
    answer = phone.post("/submission", content=bytes(MAX_BYTES + 1), headers={"Content-Type": "multipart/form-data"})
    assert answer.status_code == 413
    assert phone.post("/submission", content=iter([b"x"])).status_code == 411
    assert phone.post("/submission", files={"other": b"x"}).status_code == 400


def test_who_has_no_password_is_asked_for_one_and_who_guesses_waits(
    served: str, phone: httpx.Client, block_url: str
) -> None:
    with httpx.Client(base_url=f"{served}/openrosa", headers=COLLECT, trust_env=False) as stranger:
        asked = stranger.get("/formList")
        assert asked.status_code == 401
        assert asked.headers["WWW-Authenticate"].startswith("Basic ")
        assert stranger.head("/submission").status_code == 401
        guesses = [stranger.get("/formList", auth=("wang", f"guess{n}")).status_code for n in range(PER_ACCOUNT + 1)]
    assert guesses == [401] * PER_ACCOUNT + [429]
    with connect(block_url) as connection:
        connection.execute("delete from sign_in_failure")
        (kept,) = connection.execute("select hash from app_password").fetchone() or (b"",)
    assert phone.auth is not None
    assert len(kept) == 32
    assert phone.get("/formList").status_code == 200
    gone = CliRunner().invoke(collect, ["revoke", "1"])
    assert gone.exit_code == 0
    assert phone.get("/formList").status_code == 401
    assert "wang" in CliRunner().invoke(collect, ["list"]).output


def test_a_password_for_programs_opens_nothing_else(served: str, settings: dict[str, Any]) -> None:
    said = {"username": settings["username"], "password": settings["password"]}
    with httpx.Client(base_url=served, trust_env=False) as client:
        answer = client.post("/login", data=said)
    assert "needle_session" not in answer.cookies


def test_forms_of_another_area_are_not_there(phone: httpx.Client, block_url: str) -> None:
    with connect(block_url) as connection:
        layer, code = connection.execute(
            "select layer, code from area join generation on generation.id = generation_id where layer = 'subdistrict' limit 1"
        ).fetchone() or ("", "")
        change = "update {} set area_layer = %s, area_codes = %s"
        connection.execute(change.format("form").encode(), [layer, [code]])
        connection.execute(change.format("account").encode() + b" where username = 'wang'", [layer, ["elsewhere"]])
    assert len(ElementTree.fromstring(phone.get("/formList").content)) == 0
    assert send(phone, instance(5)).status_code == 404
