"""The overview of all commands: complete, true, and quick because it imports none of them."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from dashboard.cli import COMMANDS, app
from dashboard.cli.lazy import Entry

#: Rooms and libraries that the overview has no use for.
HEAVY = ("numpy", "pandas", "shapely", "psycopg", "fastapi", "dash", "plotly", "sqlalchemy", "data", "dispatch")


@pytest.mark.parametrize("entry", COMMANDS, ids=lambda entry: entry.name)
def test_the_overview_says_what_the_command_says_of_itself(entry: Entry) -> None:
    own_help = entry.load().help.split("\n\n")[0]
    assert " ".join(own_help.split()) == entry.help


@pytest.mark.parametrize("entry", COMMANDS, ids=lambda entry: entry.name)
def test_every_command_explains_itself(entry: Entry) -> None:
    told = CliRunner().invoke(app, [entry.name, "--help"])
    assert told.exit_code == 0
    assert entry.help.split()[0] in told.output
    assert "--install-completion" not in told.output


def test_the_overview_lists_every_command_but_the_hidden() -> None:
    told = CliRunner().invoke(app, ["--help"])
    lines = [line.strip("│ ") for line in told.output.splitlines()]
    missing = [e.name for e in COMMANDS if not any(line.startswith(f"{e.name} ") for line in lines)]
    assert missing == [entry.name for entry in COMMANDS if not entry.panel]


def test_a_mistyped_command_is_answered_with_the_near_one() -> None:
    told = CliRunner().invoke(app, ["rule"])
    assert told.exit_code == 2
    assert "rules" in told.output


def test_the_overview_imports_no_room() -> None:
    say = f"print([name for name in {HEAVY!r} if name in sys.modules])"
    look = f"import sys, dashboard.cli as cli; cli.app(['--help'], standalone_mode=False); {say}"
    told = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert told.stdout.splitlines()[-1] == "[]"
