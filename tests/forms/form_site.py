"""A portal with one form on it and one link to it, as the courier would hang them out, on a server of its own."""

import asyncio
import gzip
import socket
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import orjson
import uvicorn

from data.database import connect, open_pool
from data.portal.courier_side import CourierSide
from data.portal.links_courier import LinksCourierSide
from data.stores.link_rounds import UnpublishedLink
from forms.enketo.transform import transform
from forms.keys import KeyRing
from forms.letters import unpack
from forms.links.tokens import LinkSecret, base32, hash_token, seal_prefill
from forms.portal.app import create_app
from forms.public_map import UNITS, sheet_units
from forms.sealing import mail_id_of, open_letter, reply_key_of, seal_reply
from forms.xlsform.compiling import compile_workbook
from tests.forms.conftest import Mailbox
from tests.patience import PATIENCE_S

T = TypeVar("T")
SECRET = LinkSecret(bytes(range(32)))
CITY = {"name": {"zh": "幸福市", "en": "Xingfu"}, "timezone": "Asia/Shanghai"} | {
    "west": 116.90, "south": 39.75, "east": 116.96, "north": 39.79,
}  # fmt: skip


#: A building near by: where, and its address.
HOUSE = (116.9302, 39.7701, "幸福里 1 号楼")


def door(lng: float, lat: float, address: str) -> tuple[int, int, bytes]:
    """The map sheet that a building is on, with it."""
    x, y = (int(units) for units in sheet_units(lng, lat))
    content = [[x % UNITS, y % UNITS, address]]
    return x // UNITS, y // UNITS, gzip.compress(orjson.dumps(content))


def workbook(survey: list[dict[str, str]], **sheets: list[dict[str, str]]) -> dict[str, Any]:
    """Sheets as pyxform takes them."""
    book: dict[str, Any] = {"sheet_names": ["survey", *sheets], "fallback_form_name": "asked"}
    for name, data in {"survey": survey, **sheets}.items():
        book |= {name: data, f"{name}_header": [dict.fromkeys(column for row in data for column in row)]}
    return book


@dataclass(frozen=True)
class Site:
    """Where the form is asked: the portal's address, the mailbox, the government's keys, the form's name and version."""

    address: str
    mailbox: Mailbox
    keys: KeyRing
    form: str
    version: str

    @staticmethod
    def do(work: Coroutine[Any, Any, T]) -> T:
        """Do something in a thread of its own: the browser's keeps a loop of its own."""
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(asyncio.run, work).result(PATIENCE_S)

    async def publish(self, book: dict[str, Any], title: str) -> None:
        """Hang the form out, the city's paper, and the key."""
        page = transform(compile_workbook(book).xform)
        paper = {"form": self.form, "version": self.version, "title": title, "media": []} | {
            "languages": page.languages, "html": page.html, "model": page.model,
        }  # fmt: skip
        papers = {f"form-{self.form}-{self.version}": paper, "city": CITY, "steps": {}}
        async with open_pool(self.mailbox.owner) as pool:
            side = CourierSide(pool)
            await side.publish_key(*self.keys.newest)
            await side.publish_sheets("doors", [door(*HOUSE)])
            await side.publish([(name, gzip.compress(orjson.dumps(body))) for name, body in papers.items()])

    async def link(self, title: str, number: int = 1, uses: int | None = None, **more: Any) -> str:
        """Publish a link; its path with what stands after the #. ``known``: what the packet holds."""
        token, key = SECRET.token(number, 1), SECRET.prefill_key(number, 1)
        known, until = more.pop("known", None), datetime.now(UTC) + timedelta(days=2)
        prefill = seal_prefill(orjson.dumps({"fields": known}), key, hash_token(token)) if known else None
        row: dict[str, Any] = {"id": number, "outreach_id": 1, "kind": "household", "token_hash": hash_token(token)} | {
            "short_hash": None, "prefill": prefill, "uses_allowed": uses, "expires_at": until, "revoked": False,
            "issue": 1, "revision": 1, "form": self.form, "title": title, "asks": "幸福里社区居委会", "until": until,
        } | more  # fmt: skip
        async with open_pool(self.mailbox.owner) as pool:
            side = LinksCourierSide(pool)
            await side.publish([UnpublishedLink(**row)])
            await side.name_papers({self.form: f"form-{self.form}-{self.version}"})
        return f"/f/{token}" + (f"#{base32(key, 26)}" if known else "")

    def letters(self) -> list[tuple[str, dict[str, Any], tuple[bytes, ...]]]:
        """What lies in the mailbox, opened with the government's key: the mail's id, the head, the files."""
        with connect(self.mailbox.owner) as connection:
            rows = connection.execute(
                "select id, kind, key_id, sealed from mailbox.mail order by received_at"
            ).fetchall()
        return [
            (mail, *unpack(open_letter(sealed, self.keys.keys[key], mail, kind))) for mail, kind, key, sealed in rows
        ]

    async def answer(self, code: str, reply: dict[str, Any]) -> None:
        """Take a mail out and write what its sender reads."""
        mail = mail_id_of(code)
        async with open_pool(self.mailbox.owner) as pool:
            sealed = seal_reply(orjson.dumps({"kind": "answer", **reply}), reply_key_of(code), mail)
            await CourierSide(pool).take_out(mail, (mail, sealed))


@contextmanager
def open_site(mailbox: Mailbox, keys: KeyRing, form: str, version: str = "1") -> Iterator[Site]:
    """Serve the portal of a mailbox from a thread."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(
            uvicorn.Config(create_app(mailbox.portal), log_level="error", timeout_keep_alive=int(PATIENCE_S))
        )
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])))
        thread.start()
        try:
            yield Site(f"http://localhost:{listening.getsockname()[1]}", mailbox, keys, form, version)
        finally:
            server.should_exit = True
            thread.join(PATIENCE_S)
