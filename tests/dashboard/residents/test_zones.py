"""The portal is started without what it must not know."""

import sys
from pathlib import Path

from dashboard.cli.up import parts
from dashboard.supervisor import Part, Supervisor
from data.settings import Settings
from tests.patience import PATIENCE_S


def test_the_portal_is_started_without_the_base_databases_address() -> None:
    started = {part.name: part for part in parts(Settings(port=9100))}
    assert "NEEDLE_DATABASE_URL" in started["portal"].hidden
    assert started["portal"].command[-1] == "9110"
    assert not any(part.hidden for name, part in started.items() if name != "portal")


def test_a_part_does_not_see_what_is_hidden_from_it(tmp_path: Path) -> None:
    said = "import os; print(sorted(k for k in os.environ if k.startswith('NEEDLE_TEST_')))"
    supervisor = Supervisor(tmp_path, {"NEEDLE_TEST_SECRET": "x", "NEEDLE_TEST_OPEN": "y"})
    child = supervisor.start(Part("look", (sys.executable, "-c", said), frozenset({"NEEDLE_TEST_SECRET"})))
    assert child.process.wait(PATIENCE_S) == 0
    assert (tmp_path / "look.log").read_text().strip() == "['NEEDLE_TEST_OPEN']"
