"""Letters: what the browser's checks let through is checked again, as if nobody had."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.letters import (
    MAX_FILES,
    MAX_INSTANCE,
    MAX_PHOTO_BYTES,
    MAX_WORDS,
    Answer,
    Contact,
    Enclosed,
    LetterError,
    Report,
    Unsolved,
    pack,
    read_letter,
    unpack,
)
from forms.sealing import mail_id_of

CODE = "E6QN9PDKJ1YHTEX435B0"
MAIL = mail_id_of(CODE)
WHOLE: dict[str, Any] = {
    "v": 1,
    "code": CODE,
    "lng": 116.93,
    "lat": 39.77,
    "accuracy_m": 35,
    "source": "gps",
    "address": "幸福路 12 号",
    "matter": "2026:event:06010",
    "words": " 楼下垃圾两天没清 ",
    "contact": {"name": "", "phone": "13800000000"},
    "me_too": False,
}


def report(**changes: Any) -> bytes:
    return pack({**WHOLE, **changes}, (b"photo",))


def test_a_whole_report_is_read() -> None:
    assert read_letter(report(), "report", MAIL) == Report(
        CODE, 116.93, 39.77, 35.0, "gps", "幸福路 12 号", "2026:event:06010", "楼下垃圾两天没清",
        Contact("", "13800000000"), False, (b"photo",),
    )  # fmt: skip


def test_an_address_is_a_place_and_no_contact_is_none() -> None:
    read = read_letter(report(lng=None, lat=None, source="address", contact=None), "report", MAIL)
    assert isinstance(read, Report)
    assert (read.lng, read.contact) == (None, None)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"code": "short"}, "code"),
        ({"code": "0" * 20}, "code"),
        ({"lng": None}, "place"),
        ({"lng": 200}, "lng"),
        ({"lat": True}, "lat"),
        ({"lng": None, "lat": None, "address": ""}, "place"),
        ({"accuracy_m": -1}, "accuracy_m"),
        ({"source": "guess"}, "source"),
        ({"source": ["gps"]}, "source"),
        ({"words": "字" * (MAX_WORDS + 1)}, "words"),
        ({"words": "a\0b"}, "words"),
        ({"matter": {"$ne": None}}, "matter"),
        ({"contact": "13800000000"}, "contact"),
        ({"contact": {"phone": 138}}, "phone"),
    ],
)
def test_what_makes_no_sense_is_refused(changes: dict[str, Any], where: str) -> None:
    with pytest.raises(LetterError, match=f"^{where}$"):
        read_letter(report(**changes), "report", MAIL)


def test_an_empty_report_is_refused() -> None:
    with pytest.raises(LetterError, match="empty"):
        read_letter(pack({**WHOLE, "words": " ", "matter": None}), "report", MAIL)


def test_unsolved_needs_words_and_a_code() -> None:
    assert read_letter(pack({"code": CODE, "words": "又满了"}), "unsolved", "any") == Unsolved(CODE, "又满了")
    with pytest.raises(LetterError, match="words"):
        read_letter(pack({"code": CODE, "words": ""}), "unsolved", "any")


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(LetterError, match="kind"):
        read_letter(report(), "chat", MAIL)


@given(
    st.lists(st.binary(min_size=1, max_size=50), max_size=3), st.dictionaries(st.text(max_size=5), st.text(max_size=9))
)
def test_what_is_packed_is_unpacked(photos: list[bytes], content: dict[str, str]) -> None:
    content.pop("photos", None)
    assert unpack(pack(content, tuple(photos))) == (content, tuple(photos))


@given(st.binary(max_size=200))
def test_noise_is_refused_and_never_breaks(noise: bytes) -> None:
    with pytest.raises(LetterError):
        read_letter(noise, "report", MAIL)


@given(st.integers(0, 400))
def test_a_cut_letter_is_refused(cut: int) -> None:
    raw = report()
    with pytest.raises(LetterError):
        read_letter(raw[: min(cut, len(raw) - 1)], "report", MAIL)


@pytest.mark.parametrize("lengths", ["x", [-1], [0], [True], [MAX_PHOTO_BYTES + 1], [1, 1, 1, 1], [1.5]])
def test_lengths_of_photos_are_checked(lengths: Any) -> None:
    head = orjson.dumps({**WHOLE, "photos": lengths})
    with pytest.raises(LetterError, match="photos"):
        unpack(len(head).to_bytes(4, "big") + head)


FILLED: dict[str, Any] = {
    "code": CODE,
    "form": "visit",
    "version": "1",
    "instance": "<data/>",
    "language": "zh",
    "files": [{"name": "a.jpg", "type": "image/jpeg"}, {"name": "b.m4a"}],
}


def answer(**changes: Any) -> bytes:
    return pack({**FILLED, **changes}, (b"photo", b"sound"))


def test_an_answer_is_read_with_its_files_by_name() -> None:
    files = (Enclosed("a.jpg", b"photo"), Enclosed("b.m4a", b"sound"))
    assert read_letter(answer(), "answer", MAIL) == Answer(CODE, "visit", "1", "<data/>", "zh", files)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"code": "0" * 20}, "code"),
        ({"form": ""}, "form"),
        ({"form": 7}, "form"),
        ({"version": "x" * 201}, "version"),
        ({"instance": ""}, "instance"),
        ({"instance": "x" * (MAX_INSTANCE + 1)}, "instance"),
        ({"language": "fr"}, "language"),
        ({"files": []}, "files"),
        ({"files": [{"name": "a"}, {"name": "a"}]}, "files"),
        ({"files": [{"name": "a"}, {"name": "../b"}]}, "files"),
        ({"files": [{"name": "a"}, "b"]}, "files"),
        ({"files": [{"name": "a"}, {}]}, "files"),
    ],
)
def test_an_answer_that_makes_no_sense_is_refused(changes: dict[str, Any], where: str) -> None:
    with pytest.raises(LetterError, match=where):
        read_letter(answer(**changes), "answer", MAIL)


def test_an_answer_brings_at_most_so_many_files() -> None:
    files = [{"name": str(number)} for number in range(MAX_FILES + 1)]
    with pytest.raises(LetterError, match="photos"):
        read_letter(pack({**FILLED, "files": files}, tuple(b"x" for _ in files)), "answer", MAIL)
