"""Who somebody is at submission, decided: ways, attempts, consent, retention, quality, liveness, thresholds, the vault."""

import csv
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.stores.identity_purposes import AssessmentRow, CalibrationRow, NoticeRow, Purpose
from forms.identity.assessment import assess, check_open, digest_of, settings_of
from forms.identity.calibration import calibrate, upper_bound
from forms.identity.consent import Given, check_given, receipt_of
from forms.identity.deciding import DECIDED, Limits, Outcome, decide, told
from forms.identity.liveness import ACTIONS, Frame, challenge, is_done, is_still, judge
from forms.identity.quality import Measured, problems
from forms.identity.retention import FILING_AT, add_workdays, expires_at, filing
from forms.identity.vault import Vault, open_vault
from forms.identity.ways import DEMANDS, age_at, needs_guardian, read_demand, standing, ways_of
from geo.errors import NeedleError

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
PURPOSE = Purpose(
    1, "老年补贴认领核验", "PIPL 13(1)(1)", "冒领补贴多发", "民政科", "12345", 180, NOW, NOW + timedelta(days=365), 0.001, 0.5
)  # fmt: skip
NOTICE = NoticeRow(1, "告知书", "Notice")
CALIBRATION = CalibrationRow(
    1, "Dlib", "dlib", "deepface 0", "ORL", 900, 19000, 0.001, 0.4, 0.0009, 0.0015, 0.1, 0.015, [], NOW
)  # fmt: skip


def test_no_form_offers_a_face_alone() -> None:
    for demand in DEMANDS:
        offered = ways_of(demand, is_face_open=True)
        assert "face" not in offered or {"sms", "worker"} <= set(offered)
        assert "face" not in ways_of(demand, is_face_open=False)
    assert ways_of("any", is_face_open=True) == ("face", "sms", "worker")


@pytest.mark.parametrize(
    ("written", "demand"),
    [
        ("", "none"),
        ("none", "none"),
        (" Any ", "any"),
        ("without-face", "without_face"),
        ("yes", "any"),
        ("face", "any"),
    ],
)
def test_a_misspelt_demand_never_asks_less(written: str, demand: str) -> None:
    assert read_demand(written) == demand


@given(st.lists(st.sampled_from(["face", "sms", "worker"]), max_size=20))
def test_a_person_is_always_left(failed: list[Any]) -> None:
    left = standing(("face", "sms", "worker"), failed)
    assert "worker" in left.ways
    assert ("face" in left.ways) == (failed.count("face") < 3)


@pytest.mark.parametrize(
    ("born", "day", "is_child"),
    [
        (date(2012, 11, 25), date(2026, 11, 24), True),
        (date(2012, 11, 24), date(2026, 11, 24), False),
        (date(2012, 2, 29), date(2026, 2, 28), True),
        (date(2012, 2, 29), date(2026, 3, 1), False),
    ],
)
def test_guardians_answer_until_the_fourteenth_birthday(born: date, day: date, is_child: bool) -> None:
    assert needs_guardian(born, day) is is_child
    assert age_at(born, day) == (13 if is_child else 14)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (None, "identity.consent_missing"),
        (Given(2, False, date(1950, 1, 1)), "identity.consent_missing"),
        (Given(1, True, date(1950, 1, 1)), "identity.consent_old"),
        (Given(2, True, date(2020, 1, 1), " "), "identity.guardian_missing"),
    ],
)
def test_what_is_no_consent_is_refused(said: Given | None, code: str) -> None:
    with pytest.raises(NeedleError) as error:
        check_given(said, 2, date(2026, 11, 24))
    assert error.value.code == code


def test_a_consent_to_the_newest_text_is_taken_and_has_one_receipt() -> None:
    check_given(Given(2, True, date(1950, 1, 1)), 2, date(2026, 11, 24))
    check_given(Given(2, True, date(2020, 1, 1), "王强（父）"), 2, date(2026, 11, 24))
    assert receipt_of("consent", "a") == receipt_of("consent", "a") != receipt_of("deletion", "a")


def weekdays(day: date) -> bool:
    return day.weekday() < 5


@pytest.mark.parametrize(
    ("stored", "level"),
    [(0, "quiet"), (79_999, "quiet"), (80_000, "near"), (95_000, "close"), (99_999, "close"), (100_000, "file")],
)
def test_filing_goes_by_the_stock(stored: int, level: str) -> None:
    found = filing(stored, date(2026, 11, 24), weekdays)
    assert (found.level, found.due_on) == (level, date(2027, 1, 5) if stored >= FILING_AT else None)


@given(st.dates(date(2025, 1, 1), date(2027, 1, 1)), st.integers(0, 40))
def test_working_days_are_counted_after_the_day(start: date, days: int) -> None:
    end = add_workdays(start, days, weekdays)
    between = [start + timedelta(days=n) for n in range(1, (end - start).days + 1)]
    assert sum(map(weekdays, between)) == days


def test_templates_go_with_their_days_or_their_purpose() -> None:
    assert expires_at(NOW, 30, NOW + timedelta(days=10)) == NOW + timedelta(days=10)
    assert expires_at(NOW, 30, NOW + timedelta(days=100)) == NOW + timedelta(days=30)


@pytest.mark.parametrize(
    ("measured", "wrong"),
    [
        (Measured(0), ("no_face",)),
        (Measured(1, 200, 130, 200, 0.02, 0.1), ()),
        (Measured(2, 200, 130, 200, 0.02, 0.1), ("many_faces",)),
        (Measured(1, 40, 20, 3, 0.5, 0.9), ("small", "dark", "blurred", "turned", "off_centre")),
        (Measured(1, 200, 240, 200), ("bright",)),
    ],
)
def test_pictures_are_told_what_is_wrong(measured: Measured, wrong: tuple[str, ...]) -> None:
    assert problems(measured) == wrong


def test_a_portrait_on_a_document_may_be_small_and_anywhere() -> None:
    assert problems(Measured(2, 40, 130, 200, 0.0, 0.9), is_document=True) == ()


@given(
    st.lists(st.floats(0, 1), min_size=30, max_size=60),
    st.lists(st.floats(0, 1), min_size=30, max_size=60),
    st.floats(0.0001, 0.3),
)
def test_a_threshold_keeps_its_rate_and_no_laxer_one_does(
    mated: list[float], other: list[float], wanted: float
) -> None:
    gaps, same = np.array(mated + other), np.array([True] * len(mated) + [False] * len(other))
    found = calibrate(gaps, same, wanted)
    assert np.mean(np.array(other) <= found.chosen.threshold) == pytest.approx(found.chosen.fmr)
    assert found.chosen.fmr <= wanted
    assert np.mean(np.array(mated) > found.chosen.threshold) == pytest.approx(found.chosen.fnmr)
    laxer = gaps[gaps > found.chosen.threshold]
    assert laxer.size == 0 or np.mean(np.array(other) <= laxer.min()) > wanted
    assert all(one.fmr <= next_.fmr and one.fnmr >= next_.fnmr for one, next_ in pairwise(found.curve))
    assert found.fmr_upper > found.chosen.fmr or found.chosen.fmr == 1


def test_few_pairs_promise_nothing() -> None:
    with pytest.raises(NeedleError, match="Too few pairs"):
        calibrate(np.zeros(40), np.array([True] * 39 + [False]), 0.001)
    assert upper_bound(0, 300) == pytest.approx(0.0122, abs=0.0001)


def face(turn: float = 0.0, opened: float = 0.3, jitter: int = 0) -> np.ndarray[Any, Any]:
    """68 landmarks of a face whose nose stands so far to the picture's right and whose eyes are opened so wide."""
    points = np.random.default_rng(jitter).normal(0, 0.3, (68, 2)) + np.linspace(0, 60, 68)[:, None]
    for start, middle in ((36, 0.0), (42, 60.0)):
        half = 20 * opened / 2
        points[start : start + 6] = [
            (middle - 10, 0), (middle - 4, -half), (middle + 4, -half), (middle + 10, 0), (middle + 4, half), (middle - 4, half),
        ]  # fmt: skip
    points[30] = (30 + 60 * turn, 30)
    return points


@pytest.mark.parametrize(
    ("action", "shown", "is_there"),
    [
        ("turn_left", face(0.35), True),
        ("turn_left", face(-0.35), False),
        ("turn_right", face(-0.35), True),
        ("turn_left", face(0.05), False),
        ("blink", face(0, 0.1), True),
        ("blink", face(0, 0.28), False),
    ],
)
def test_movements_are_seen(action: Any, shown: Any, is_there: bool) -> None:
    assert is_done(action, [Frame("front", face()), Frame(action, shown)]) is is_there


def test_replays_raise_the_risk() -> None:
    front = Frame("front", face())
    asked: tuple[Any, ...] = ("turn_left", "blink")
    live = [front, Frame("turn_left", face(0.35, jitter=1)), Frame("blink", face(0, 0.1, jitter=2))]
    assert judge(live, asked, 0.5).risk == 0
    photo = judge([front, Frame("turn_left", face()), Frame("blink", face())], asked, 0.5)
    assert is_still([front, front])
    assert (photo.signs, photo.risk > 0.9) == (("not_done", "not_done", "still"), True)
    again = [Frame(f.step, f.points, is_known=True) for f in live]
    assert judge(again, asked, 0.5).signs == ("replayed",)
    swapped = [front, Frame("turn_left", face(0.35, jitter=1), person=0.9), live[2]]
    assert judge(swapped, asked, 0.5).signs == ("two_people",)


def test_challenges_differ_and_always_hold_a_turn() -> None:
    drawn = {challenge(n) for n in range(6)}
    assert len(drawn) == 6
    assert all(len(set(asked)) == 2 and set(asked) <= set(ACTIONS) and set(asked) != {"blink"} for asked in drawn)


@pytest.mark.parametrize(
    ("gap", "risk", "outcome"),
    [(None, 0.0, "unusable"), (0.41, 0.0, "no_match"), (0.4, 0.5, "match"), (0.1, 0.51, "doubtful")],
)
def test_a_match_needs_distance_and_liveness(gap: float | None, risk: float, outcome: Outcome) -> None:
    assert decide(gap, risk, Limits(0.4, 0.5)) == outcome


def test_who_fails_is_shown_the_other_ways_first() -> None:
    said = told("no_match", (), standing(("face", "sms", "worker"), ["face"]))
    assert said["state"] == "failed"
    assert said["ways"] == ["sms", "worker", "face"]
    assert set(DECIDED) == set(get_args(Outcome))


def test_nothing_opens_out_of_turn() -> None:
    in_force = AssessmentRow(
        1, digest_of(settings_of(PURPOSE, NOTICE, CALIBRATION)), "局长", NOW, NOW + timedelta(days=1)
    )
    check_open(PURPOSE, NOTICE, CALIBRATION, in_force, NOW)
    refused: list[tuple[Any, ...]] = [
        (PURPOSE, None, CALIBRATION, in_force, NOW),
        (PURPOSE, NOTICE, None, in_force, NOW),
        (PURPOSE, NOTICE, CALIBRATION, None, NOW),
        (PURPOSE, NOTICE, CALIBRATION, in_force, NOW + timedelta(days=2)),
        (PURPOSE, NoticeRow(2, "新告知书", "New"), CALIBRATION, in_force, NOW),
        (PURPOSE, NOTICE, CALIBRATION, in_force, PURPOSE.until),
    ]
    for asked in refused:
        with pytest.raises(NeedleError, match="cannot be opened"):
            check_open(*asked)


def test_the_assessment_says_the_settings_in_both_languages() -> None:
    sections = assess(settings_of(PURPOSE, NOTICE, CALIBRATION), 12)
    zh, en = "".join(t for s in sections for t in s.zh), "".join(t for s in sections for t in s.en)
    for value in ("老年补贴认领核验", "民政科", "180", "0.400", "12"):
        assert value in zh
        assert value in en
    assert [s.key for s in sections] == ["necessity", "rights", "accuracy", "protection"]


@given(st.lists(st.tuples(st.text(max_size=20), st.binary(max_size=200)), max_size=5))
def test_pictures_come_out_as_they_were_sealed(pictures: list[tuple[str, bytes]]) -> None:
    vault = Vault(bytes(range(32)))
    assert vault.open_pictures(vault.seal_pictures(pictures, "a"), "a") == pictures


def test_a_template_opens_only_in_its_row_and_under_its_key(tmp_path: Path) -> None:
    vault, template = open_vault(tmp_path / "secrets"), np.array([0.6, 0.8])
    sealed = vault.seal_template(template, "person:1")
    assert np.allclose(open_vault(tmp_path / "secrets").open_template(sealed, "person:1"), template)
    assert (tmp_path / "secrets" / "identity").stat().st_mode & 0o077 == 0
    for other, bound in ((vault, "person:2"), (Vault(bytes(32)), "person:1")):
        with pytest.raises(NeedleError, match="does not open"):
            other.open(sealed, bound)
    assert "0.6" not in repr(vault)


def test_a_broken_key_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEEDLE_SECRET_IDENTITY", "no key")
    with pytest.raises(NeedleError, match="64 hexadecimal"):
        open_vault(tmp_path)


OFFLINE = """
import socket, sys, warnings
warnings.simplefilter("error")
def refused(*_a, **_k): raise AssertionError("a socket was opened")
socket.socket.connect = refused
socket.getaddrinfo = refused
from pathlib import Path
from forms.identity.engine import Engine, read_picture
from geo.errors import NeedleError
import numpy as np
before = list(warnings.filters)
engine = Engine(Path(sys.argv[1]))
try:
    engine.template(np.zeros((200, 200, 3), np.uint8))
except NeedleError as error:
    assert error.code == "identity.no_face", error.code
try:
    Engine(Path(sys.argv[1]), "ArcFace").template(np.zeros((200, 200, 3), np.uint8))
except NeedleError as error:
    assert error.code in ("identity.weights_missing", "identity.no_face"), error.code
assert list(warnings.filters) == before
assert "tensorflow" not in sys.modules and "torch" not in sys.modules
"""


def test_deepface_works_offline_and_says_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", OFFLINE, str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_nothing_else_pays_for_faces() -> None:
    heavy = "import sys; import forms.courier, dashboard.cli.identity; print({'deepface', 'dlib', 'cv2'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", heavy], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "set()"


def test_no_labels_of_people_and_no_search_among_them() -> None:
    folder = ROOT / "forms" / "identity"
    code = "".join(file.read_text(encoding="utf-8") for file in folder.glob("*.py"))
    for feature in ("analyze(", "emotion=", "race=", ".find(img", "DeepFace.find", "camera_id"):
        assert feature not in code


def duties() -> list[dict[str, str]]:
    text = (ROOT / "forms" / "identity" / "tables" / "duties.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def test_each_duty_has_a_test_or_a_page() -> None:
    rows = duties()
    assert [int(row["id"]) for row in rows] == list(range(1, 41))
    for row in rows:
        file, _, test = row["where"].partition("::")
        if file.startswith("/"):
            assert f'path="{file}"' in (ROOT / "dashboard" / "pages" / f"{file[1:]}.py").read_text(encoding="utf-8")
        else:
            assert f"def {test}(" in (ROOT / file).read_text(encoding="utf-8") if test else (ROOT / file).is_file(), row


def test_the_table_of_duties_is_drawn_from_the_list() -> None:
    page = (ROOT / "docs" / "identity.md").read_text(encoding="utf-8")
    for row in duties():
        where = row["where"].split("::")[-1]
        assert f"| {row['id']} | {row['article']} | {row['zh']} / {row['en']} | `{where}` |" in page
