"""`needle demo` as a newcomer runs it: a city, alive, from one command; stopped by Ctrl-C; its data kept."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest

from tests.patience import PATIENCE_S, until
from tests.places import fast_folder


@pytest.fixture
def home() -> Iterator[Path]:
    """A short folder of its own that any user may enter."""
    with TemporaryDirectory(prefix="needle-", dir=fast_folder()) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder) / "home"


@contextmanager
def demo(home: Path) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    """The demo running over a folder, and a client of its server."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "dashboard.cli", "demo", "--size", "block", "--port", str(port)]
    environment = {k: v for k, v in os.environ.items() if k != "NEEDLE_DATABASE_URL"} | {"NEEDLE_HOME": str(home)}
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment) as run,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
    ):
        try:
            yield run, client
        finally:
            run.send_signal(signal.SIGINT)
            run.communicate(timeout=PATIENCE_S)


def answers(run: subprocess.Popen[str], client: httpx.Client) -> bool:
    """Whether the server answers; a demo that ended fails at once."""
    assert run.poll() is None, run.stdout.read() if run.stdout else ""
    try:
        return client.get("/api/health").is_success
    except httpx.TransportError:
        return False


def figures(client: httpx.Client) -> dict[str, Any]:
    """The wall's whole picture."""
    found: dict[str, Any] = client.get("/api/wall/snapshot").json()
    return found


def sign_in(client: httpx.Client, home: Path, username: str) -> None:
    """Fill in the form with what the demo printed and keeps beside the city."""
    file = home / "secrets" / "demo-accounts.json"
    assert file.stat().st_mode & 0o777 == 0o600
    form = {"username": username, "password": json.loads(file.read_text())[username], "next": "/wall"}
    answer = client.post("/login", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/wall")
    client.headers["X-CSRF-Token"] = client.cookies["needle_csrf"]


def test_a_newcomer_sees_a_city_live_and_finds_it_again(home: Path) -> None:
    with demo(home) as (run, client):
        until(lambda: answers(run, client), "the server")
        assert client.get("/wall").headers["location"] == "/login?next=%2Fwall"
        sign_in(client, home, "admin")
        page = client.get("/wall").text
        assert "/wall.js" in page, "the very first page has its scripts"
        first = figures(client)
        lng, lat = first["city"]["view"]["center"]
        report = {
            "channel": "sensor",
            "key": "acceptance-1",
            "reported_at": "2026-11-24T10:00:00+08:00",
            "matter": "2026:event:09006",
            "text": "占道经营",
            "lng": lng,
            "lat": lat,
            "crs": "wgs84",
        }
        receipt = client.post("/api/reports", json=report)
        assert receipt.status_code == 201
        again = client.post("/api/reports", json=report)
        assert (again.status_code, again.json()) == (200, {"id": receipt.json()["id"], "duplicate": True})
        number = until(lambda: client.get(f"/api/reports/{receipt.json()['id']}").json()["case_id"], "the case")
        case = client.get(f"/api/cases/{number}").json()
        assert [event["action"] for event in case["events"]][:3] == ["submit", "accept", "file"]
        assert case["case"]["cell_code"], "the city's middle lies in a unit grid cell"
    assert run.returncode == 0

    with demo(home) as (run, client):
        until(lambda: answers(run, client), "the server, the second time")
        sign_in(client, home, "supervisor")
        kept = client.get(f"/api/cases/{number}").json()
        assert kept["events"][: len(case["events"])] == case["events"], "the history is as it was"
    assert run.returncode == 0
