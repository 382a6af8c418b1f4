"""A whole installation in processes over one cluster, and people who meet it only over HTTP."""

import base64
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import orjson

from benchmarks.intake import free_port
from dashboard.cast import Cast
from data.database import connect
from forms.letters import pack
from forms.sealing import mail_id_of, open_reply, reply_key_of, seal_letter
from tests.patience import PATIENCE_S, until

DEPARTMENTS_OWN = "dispatch.delivery.reference_system"
SECRET = "department-key"


@dataclass(frozen=True)
class Addresses:
    """Where everybody is: the government's database, the mailbox for its owner and for the portal, ports, a folder."""

    base: str
    mailbox: str
    portal_mailbox: str
    home: Path
    operators_port: int
    portal_port: int
    department_port: int

    @classmethod
    def over(cls, base: str, mailbox: str, portal_mailbox: str, home: Path) -> "Addresses":
        """With free ports."""
        return cls(base, mailbox, portal_mailbox, home, free_port(), free_port(), free_port())

    @property
    def operators(self) -> str:
        """The operators' server."""
        return f"http://127.0.0.1:{self.operators_port}"

    @property
    def portal(self) -> str:
        """The residents' portal."""
        return f"http://127.0.0.1:{self.portal_port}"

    @property
    def department(self) -> str:
        """The department's own system."""
        return f"http://127.0.0.1:{self.department_port}"


class Country:
    """The processes of both zones and of a department, and the people."""

    def __init__(self, addresses: Addresses) -> None:
        self.at = addresses
        self.cast = Cast(addresses.base)
        self.client = httpx.Client(trust_env=False)
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        """Start everything, and wait until who answers does."""
        government = {
            "NEEDLE_HOME": str(self.at.home),
            "NEEDLE_DATABASE_URL": self.at.base,
            "NEEDLE_PORTAL_DATABASE_URL": self.at.mailbox,
            "NEEDLE_OUTGOING_NETWORKS": "127.0.0.1",
            "NEEDLE_POLL_SECONDS": "0.3",
            "NEEDLE_SECRET_DEPARTMENT": SECRET,
        }
        residents = {"NEEDLE_HOME": str(self.at.home), "NEEDLE_PORTAL_DATABASE_URL": self.at.portal_mailbox}
        needle = ("-m", "dashboard.cli")
        self._run("server", (*needle, "serve", "--port", str(self.at.operators_port)), government)
        self._run("courier", (*needle, "courier"), government)
        self._run("worker", (*needle, "worker"), government)
        self._run("deliverer", (*needle, "deliver"), government)
        self._run("portal", (*needle, "portal", "--port", str(self.at.portal_port)), residents)
        own = ("-m", DEPARTMENTS_OWN, str(self.at.home / "department.db"), str(self.at.department_port), "0.4")
        self._run("department", own, {"NEEDLE_SECRET_DEPARTMENT": SECRET})
        for address in (f"{self.at.operators}/api/health", f"{self.at.portal}/api/key", f"{self.at.department}/count"):
            until(partial(self._answers, address), address)

    def _run(self, name: str, command: tuple[str, ...], environment: Mapping[str, str]) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("NEEDLE_")}
        with (self.at.home / f"{name}.log").open("wb") as log:
            self.running[name] = subprocess.Popen(
                [sys.executable, *command], env={**kept, **environment}, stdout=log, stderr=subprocess.STDOUT
            )

    def _answers(self, address: str) -> bool:
        for name, process in self.running.items():
            assert process.poll() is None, f"{name} ended: {(self.at.home / f'{name}.log').read_text()[-2000:]}"
        try:
            return self.client.get(address).is_success
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        """Stop everything."""
        self.client.close()
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            process.wait(PATIENCE_S)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Look into the government's database."""
        with connect(self.at.base) as connection:
            return connection.execute(query, values).fetchall()

    def ask(self, actor: str, address: str, body: Mapping[str, Any] | None = None) -> Any:
        """What the server answers somebody who is signed in; the error's code where it refuses."""
        headers, url = self.cast.headers(actor), f"{self.at.operators}{address}"
        get = body is None
        answer = self.client.get(url, headers=headers) if get else self.client.post(url, headers=headers, json=body)
        return answer.json() if answer.is_success else answer.json()["code"]

    def resident(self, code: str) -> "Resident":
        """Somebody with a phone, who has this query code."""
        return Resident(self.client, self.at.portal, code)


class Case:
    """A case as the people around it work on it."""

    def __init__(self, country: Country, case_id: int) -> None:
        self.country, self.id = country, case_id

    def do(self, actor: str, action: str, reason: str | None = None, **data: Any) -> None:
        """Somebody does something, and may."""
        told = self.try_to(actor, action, reason, **data)
        assert isinstance(told, dict), f"{actor} {action}: {told}"

    def try_to(self, actor: str, action: str, reason: str | None = None, **data: Any) -> Any:
        """Where the case stands after it, or the code of the refusal."""
        return self.country.ask(actor, f"/api/cases/{self.id}/commands", {"action": action, "reason": reason, **data})

    def read(self) -> dict[str, Any]:
        """Everything about it, as the command centre sees it."""
        found: dict[str, Any] = self.country.ask("admin", f"/api/cases/{self.id}")
        return found

    @property
    def state(self) -> str:
        """Its state."""
        return str(self.read()["case"]["state"])

    def until(self, state: str) -> None:
        """Wait until it has come to a state by itself, or by others."""
        until(lambda: self.state == state, f"case {self.id} {state}, is {self.state}")

    def story(self) -> list[tuple[str, str]]:
        """Who did what, in order."""
        return [(event["actor"], event["action"]) for event in self.read()["events"]]


class Resident:
    """Somebody at home: knows the portal and an own code, nothing of the government's side."""

    def __init__(self, client: httpx.Client, portal: str, code: str) -> None:
        self.client, self.portal, self.code = client, portal, code

    def report(self, words: str, lng: float, lat: float, photo: bytes, *, matter: str, me_too: bool = False) -> None:
        """Seal a report with a photo, and send it."""
        place = {"lng": lng, "lat": lat, "accuracy_m": 20.0, "source": "gps"}
        said = {"v": 1, "code": self.code, **place, "matter": matter, "words": words, "me_too": me_too}
        self._send(mail_id_of(self.code), "report", pack(said, (photo,)))

    def not_solved(self, words: str, mail_id: str) -> None:
        """Say that it is not solved."""
        self._send(mail_id, "unsolved", pack({"v": 1, "code": self.code, "words": words}))

    def _send(self, mail_id: str, kind: str, letter: bytes) -> None:
        key = self.client.get(f"{self.portal}/api/key").json()
        sealed = seal_letter(letter, base64.b64decode(key["public_key"]), mail_id, kind)
        answer = self.client.put(
            f"{self.portal}/api/mail/{mail_id}", params={"kind": kind, "key": key["key_id"]}, content=sealed
        )
        assert answer.status_code == 202, answer.text

    def reads(self) -> dict[str, Any]:
        """What the query code opens: the case's steps in plain words' keys, the promised time; {} before an answer."""
        mail_id = mail_id_of(self.code)
        sealed = self.client.get(f"{self.portal}/api/standing/{mail_id}").json()["sealed"]
        if not sealed:
            return {}
        found: dict[str, Any] = orjson.loads(open_reply(base64.b64decode(sealed), reply_key_of(self.code), mail_id))
        return found

    def until(self, state: str) -> dict[str, Any]:
        """Wait until the page says this; what it says then."""
        until(lambda: self.reads().get("state") == state, f"a resident reads {state}, not {self.reads().get('state')}")
        return self.reads()
