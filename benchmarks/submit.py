"""Answers to a form at the residents' portal while the base database is stopped; then it starts, and all are filed.

The real portal's process over a mailbox in a cluster of its own, on one core; that cluster and 32 phones share the other. A phone
sends its next answer when the last one is on disk. The courier's part is timed from the start of the base database until the
mailbox is empty. The peer is an address of the same process that does nothing, asked by the same phones.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Final
from uuid import UUID

from benchmarks.intake import free_port, wait_for
from benchmarks.peers.cores import REST, SERVER, on_core
from benchmarks.publish import question, text
from benchmarks.result import Progress, Result, Size
from dashboard.attachments import attachment_room
from dashboard.mailroom import Mailroom
from data import migrate
from data.cluster import Cluster
from data.database import connect, open_pool
from data.portal.courier_side import CourierSide
from data.portal.links_courier import LinksCourierSide
from data.portal.mailbox import ROLE, make_in, upgrade
from data.stores.links import Asking, Target, add_outreach, load_outreach
from data.stores.photos import PhotoFolder
from dispatch.intake import Intake
from forms.courier import Allowance, Courier
from forms.keys import KeyRing
from forms.letters import pack
from forms.links.issuing import issue
from forms.links.publishing import LinkRounds
from forms.links.tokens import LinkSecret, base32
from forms.sealing import mail_id_of, seal_letter
from forms.xlsform.compiling import compile_form
from forms.xlsform.model import Choice, ChoiceList, FormDefinition, Group
from forms.xlsform.publishing import publish

BAR: Final = (
    ">= 300 answers/s sealed and on disk, p99 < 200 ms, with the base database stopped; all filed exactly once then"
)
ANSWERS: Final = {"small": 4_000, "city": 20_000}
LINKS: Final = 1_000
PHONES: Final = 32
SECRET: Final = LinkSecret(bytes(32))
VALUES: Final = {
    "text": "老旧小区加装电梯,希望尽快安排入户征求意见",
    "integer": "5",
    "decimal": "61.5",
    "date": "1954-03-21",
    "geopoint": "39.9042 116.4074 0 12",
    "select_one": "c3",
    "select_multiple": "c1 c4",
    "dateTime": "2026-11-20T09:30:00.000+08:00",
}
CITY: Final = "insert into city (profile, name_zh, name_en) values ('benchmark', '测试市', 'Test')"


@dataclass(frozen=True)
class Zones:
    """Both zones: the base database in its own cluster, and the mailbox."""

    folder: Path
    cluster: Cluster
    base: str
    mailbox: str
    portal: str


def run(size: Size, progress: Progress) -> Result:
    """Ask, stop the base database, send, start it, file; the peer in the same run."""
    count = ANSWERS[size]
    with zones(progress) as made:
        keys = KeyRing(made.folder / "secrets")
        progress("asking", 0.1)
        asyncio.run(ask(made, keys))
        made.cluster.stop()
        progress("sealing answers", 0.2)
        write_requests(made.folder / "answers", (answer_request(n, keys) for n in range(count)))
        write_requests(made.folder / "empty", (empty_request() for _ in range(count)))
        with portal(made) as port:
            progress("sending answers", 0.4)
            sent = send(port, made.folder / "answers")
            empty = send(port, made.folder / "empty")
        progress("filing answers", 0.7)
        started = perf_counter()
        made.cluster.start()
        asyncio.run(file_all(made, keys))
        filed_s = perf_counter() - started
        kept, twice, parked = filed(made.base)
    met = sent["answers_per_s"] >= 300 and sent["p99_ms"] < 200 and (kept, twice, parked) == (count, 0, 0)
    figures = {"filed": float(kept), "twice": float(twice), "parked": float(parked), "filed_per_s": kept / filed_s}
    ratio = empty["answers_per_s"] / sent["answers_per_s"]
    return Result("submit", BAR, met, sent | figures, {"an address that does nothing": empty | {"ratio": 1 / ratio}})


@contextmanager
def zones(progress: Progress) -> Iterator[Zones]:
    """Two clusters, tuned as in production, with a base database and a mailbox."""
    with tempfile.TemporaryDirectory(prefix="needle-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        base, mailbox = Cluster(folder / "base"), Cluster(folder / "mailbox")
        progress("starting two databases", 0.0)
        with on_core(REST):
            base.start()
            mailbox.start()
        try:
            url = base.create_database("needle")
            migrate.upgrade(url)
            owner = make_in(mailbox)
            upgrade(owner)
            yield Zones(folder, base, url, owner, mailbox.url("portal", ROLE))
        finally:
            base.stop()
            mailbox.stop()


def form() -> FormDefinition:
    """48 questions of eight types with logic, in a group and a repeat, as ``benchmarks.publish`` asks them, without photos."""
    kept = (question(n) for n in range(60) if n % 10 < len(VALUES))
    asked = [replace(each, relevant="") if each.name.endswith("0") else each for each in kept]
    home = Group("home", text("住户", "Household"), children=tuple(asked[:32]))
    person = Group("person", text("人员", "Person"), kind="repeat", children=tuple(asked[32:]))
    choices = tuple(Choice(f"c{n}", text(f"选项 {n}", f"Choice {n}")) for n in range(12))
    languages = ("中文 (zh)", "English (en)")
    lists = (ChoiceList("list", choices),)
    return FormDefinition("household", "入户登记", "1", languages=languages, children=(home, person), lists=lists)


def instance(number: int) -> str:
    """The form, filled in, with two persons: 64 answers."""
    home, person = form().children
    assert isinstance(home, Group)
    assert isinstance(person, Group)
    first, second = (
        "".join(f"<{q.name}>{VALUES[q.type]}</{q.name}>" for q in group.children if hasattr(q, "type"))
        for group in (home, person)
    )
    people = f"<person>{second}</person>" * 2
    meta = f"<meta><instanceID>uuid:{UUID(int=number)}</instanceID></meta>"
    return f'<data id="household" version="1"><home>{first}</home>{people}{meta}</data>'


async def ask(made: Zones, keys: KeyRing) -> None:
    """Publish the form, issue links of any number of uses, and tell the portal."""
    until = datetime.now(UTC) + timedelta(days=7)
    with connect(made.base) as connection:
        connection.execute(CITY)
        publish(connection, compile_form(form()))
        outreach = load_outreach(connection, add_outreach(connection, Asking("household", "登记", "居委会", until)))
        targets = (Target("building", f"b{n}", f"{n} 号楼", None, None, {}) for n in range(LINKS))
        issue(connection, outreach, targets, SECRET, None, until)
    async with open_pool(made.base) as base, open_pool(made.mailbox) as pool:
        await CourierSide(pool).publish_key(*keys.newest)
        while await LinkRounds(LinksCourierSide(pool), base).publish():
            pass


def answer_request(number: int, keys: KeyRing) -> bytes:
    """One phone's request, from an address of its own."""
    code = base32((number << 4).to_bytes(13), 20)
    key_id, point = keys.newest
    head = {"code": code, "form": "household", "version": "1", "language": "zh", "files": []}
    mail_id = mail_id_of(code)
    sealed = seal_letter(pack(head | {"instance": instance(number)}), point, mail_id, "answer")
    path = f"/api/mail/{mail_id}?kind=answer&key={key_id}&link={SECRET.token(number % LINKS + 1, 1)}"
    sender = f"X-Forwarded-For: 10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}\r\n"
    line = f"PUT {path} HTTP/1.1\r\nHost: portal\r\n{sender}Content-Length: {len(sealed)}\r\n\r\n"
    return line.encode() + sealed


def empty_request() -> bytes:
    """A request for an address that does nothing."""
    return b"GET /api/health HTTP/1.1\r\nHost: portal\r\n\r\n"


def write_requests(file: Path, requests: Iterator[bytes]) -> None:
    """Requests as the senders read them."""
    with file.open("wb") as out:
        for request in requests:
            out.write(len(request).to_bytes(4) + request)


@contextmanager
def portal(made: Zones) -> Iterator[int]:
    """The portal's process; its port."""
    port = free_port()
    environment = {**os.environ, "NEEDLE_PORTAL_DATABASE_URL": made.portal, "NEEDLE_HOME": str(made.folder)}
    with on_core(SERVER):
        command = [sys.executable, "-m", "dashboard.cli", "portal", "--port", str(port)]
        process = subprocess.Popen(command, env=environment)
    try:
        wait_for(process, port)
        yield port
    finally:
        process.terminate()
        process.wait()


def send(port: int, file: Path) -> dict[str, float]:
    """One run of the senders, in a process of their own."""
    command = [sys.executable, "-m", "benchmarks.peers.answer_sender", str(port), str(file), str(PHONES)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=600)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


async def file_all(made: Zones, keys: KeyRing) -> None:
    """A courier, until the mailbox is empty."""
    async with open_pool(made.base) as base, open_pool(made.mailbox) as pool, Intake(base) as intake:
        office = Mailroom(base, intake, PhotoFolder(made.folder / "photos"), attachment_room(made.folder))
        courier = Courier(CourierSide(pool), base, office, keys, Allowance(10_000_000))
        while await courier.round():
            pass


def filed(base: str) -> tuple[int, int, int]:
    """How many answers are filed, how many twice, how many parked."""
    with connect(base) as connection:
        row = connection.execute(
            "select count(distinct instance_id), count(*) - count(distinct instance_id),"
            " (select count(*) from parked_letter) from form_submission"
        ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1]), int(row[2])
