"""Letters: what is inside a sealed mail, read and checked on the government's side as if nobody had checked it before.

The wire format: four bytes (big-endian) with the length of a JSON object, the object, then the files one after the other, whose
lengths the object names (``photos``). ``kind`` says what a letter is about: ``report`` a new matter,
``unsolved`` it is not solved, ``answer`` a form that was filled in, ``identity`` who its sender is, ``mine`` what is held
about them.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, TypeVar

import orjson

from forms.identity.letters import (
    MOST_FILE_BYTES,
    MOST_FILES,
    STEPS,
    IdentityLetter,
    read_given,
    read_person,
)
from forms.identity.ways import WAYS
from forms.mine import letters as mine
from forms.mine.letters import MineLetter
from forms.sealing import mail_id_of, read_code

MAX_WORDS: Final = 2_000
MAX_PHOTOS: Final = 3
MAX_PHOTO_BYTES: Final = 1_300_000
MAX_ACCURACY_M: Final = 100_000
MAX_FILES: Final = 20
MAX_FILE_BYTES: Final = 3_900_000
MAX_INSTANCE: Final = 1_000_000
SOURCES: Final = ("gps", "map", "address")

One = TypeVar("One", bound=str)


class LetterError(Exception):
    """A letter that opens and makes no sense; the message says where."""


@dataclass(frozen=True, slots=True)
class Contact:
    """How the resident may be asked; both may be empty, not at once."""

    name: str
    phone: str


@dataclass(frozen=True, slots=True)
class Report:
    """A new matter. ``lng``, ``lat``: WGS 84, None when only an address was given. ``matter``: a key, None when unsure."""

    code: str
    lng: float | None
    lat: float | None
    accuracy_m: float | None
    source: str
    address: str
    matter: str | None
    words: str
    contact: Contact | None
    me_too: bool
    photos: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Unsolved:
    """The case of the report that came with ``code`` is not solved, says who reported it."""

    code: str
    words: str


@dataclass(frozen=True, slots=True)
class Enclosed:
    """A file of an answer: its name, as the answer names it. What it is, only its content says."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """A form that was filled in. ``instance``: the XForm's primary instance as XML; ``language``: zh, en.

    ``replaces``: the code of an earlier answer that its sender edited.
    """

    code: str
    form: str
    version: str
    instance: str
    language: str
    files: tuple[Enclosed, ...]
    replaces: str | None = None


Letter = Report | Unsolved | Answer | IdentityLetter | MineLetter


def pack(content: Mapping[str, Any], photos: tuple[bytes, ...] = ()) -> bytes:
    """Write a letter as the browser does."""
    head = orjson.dumps({**content, "photos": [len(photo) for photo in photos]})
    return len(head).to_bytes(4, "big") + head + b"".join(photos)


def unpack(
    raw: bytes, most: int = MAX_PHOTOS, most_bytes: int = MAX_PHOTO_BYTES
) -> tuple[dict[str, Any], tuple[bytes, ...]]:
    """The object and the files of a letter; at most so many, none larger than so many bytes.

    Raises
    ------
    LetterError
    """
    length = int.from_bytes(raw[:4], "big")
    try:
        head = orjson.loads(raw[4 : 4 + length])
    except orjson.JSONDecodeError as error:
        raise LetterError("json") from error
    if not isinstance(head, dict):
        raise LetterError("object")
    lengths = head.pop("photos", [])
    if (
        not isinstance(lengths, list)
        or len(lengths) > most
        or not all(_is_length(size, most_bytes) for size in lengths)
    ):
        raise LetterError("photos")
    ends = [4 + length]
    for size in lengths:
        ends.append(ends[-1] + size)
    if len(raw) != ends[-1]:
        raise LetterError("length")
    return head, tuple(raw[a:b] for a, b in pairwise(ends))


def _is_length(value: Any, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= most


def read_letter(raw: bytes, kind: str, mail_id: str) -> Letter:
    """Read and check an opened letter that came under this kind and id.

    Raises
    ------
    LetterError
    """
    if kind not in READERS:
        raise LetterError("kind")
    head, photos = unpack(raw, *LIMITS.get(kind, (MAX_PHOTOS, MAX_PHOTO_BYTES)))
    return READERS[kind](head, photos, mail_id)


def _report(head: Mapping[str, Any], photos: tuple[bytes, ...], mail_id: str) -> Report:
    code = _own_code(head, mail_id)
    lng, lat = _degrees(head, "lng", 180), _degrees(head, "lat", 90)
    if (lng is None) != (lat is None):
        raise LetterError("place")
    report = Report(
        code=code,
        lng=lng,
        lat=lat,
        accuracy_m=_number(head, "accuracy_m", 0, MAX_ACCURACY_M),
        source=_one_of(head, "source", SOURCES),
        address=_words(head, "address", 200),
        matter=_words(head, "matter", 60) or None,
        words=_words(head, "words", MAX_WORDS),
        contact=_contact(head),
        me_too=head.get("me_too") is True,
        photos=photos,
    )
    if not (report.words or report.photos or report.matter):
        raise LetterError("empty")
    if report.lng is None and not report.address:
        raise LetterError("place")
    return report


def _unsolved(head: Mapping[str, Any], _photos: tuple[bytes, ...], _mail_id: str) -> Unsolved:
    words = _words(head, "words", MAX_WORDS)
    if not words:
        raise LetterError("words")
    return Unsolved(_code(head), words)


def _answer(head: Mapping[str, Any], contents: tuple[bytes, ...], mail_id: str) -> Answer:
    code = _own_code(head, mail_id)
    instance = _words(head, "instance", MAX_INSTANCE)
    if not instance:
        raise LetterError("instance")
    form = _words(head, "form", 200)
    if not form:
        raise LetterError("form")
    language = _one_of(head, "language", ("zh", "en"))
    replaces = _code_of(head, "replaces") if head.get("replaces") else None
    return Answer(code, form, _words(head, "version", 200), instance, language, _files(head, contents), replaces)


def _identity(head: Mapping[str, Any], contents: tuple[bytes, ...], mail_id: str) -> IdentityLetter:
    code = _own_code(head, mail_id)
    person, of = read_person(head), head.get("of")
    about = read_code(of) if isinstance(of, str) else None
    if (about is None) == (person is None):
        raise LetterError("of")
    begun = head.get("begun")
    return IdentityLetter(
        code,
        _one_of(head, "step", STEPS),
        _one_of(head, "way", WAYS),
        _one_of(head, "language", ("zh", "en")),
        about or "",
        person,
        (read_code(begun) or "") if isinstance(begun, str) else "",
        _words(head, "typed", 60),
        read_given(head),
        head.get("keeps") is True,
        tuple((file.name, file.content) for file in _files(head, contents)),
    )


def _mine(head: Mapping[str, Any], _files: tuple[bytes, ...], mail_id: str) -> MineLetter:
    code, to, value = _own_code(head, mail_id), mine.read_point(head.get("to")), mine.read_value(head.get("value", ""))
    if to is None:
        raise LetterError("to")
    if value is None:
        raise LetterError("value")
    step = _one_of(head, "step", mine.STEPS)
    return MineLetter(
        code, step, _words(head, "pass", 60), to, _words(head, "field", 60), value, _words(head, "consent", 200)
    )


def _files(head: Mapping[str, Any], contents: tuple[bytes, ...]) -> tuple[Enclosed, ...]:
    given = head.get("files") or []
    if not isinstance(given, list) or len(given) != len(contents) or not all(isinstance(each, dict) for each in given):
        raise LetterError("files")
    names = [_words(each, "name", 200) for each in given]
    if not all(names) or len(set(names)) < len(names) or any(sign in name for name in names for sign in "/\\"):
        raise LetterError("files")
    return tuple(map(Enclosed, names, contents))


#: How many files, and how large each, where it is not as for a report.
LIMITS: Final[Mapping[str, tuple[int, int]]] = {
    "answer": (MAX_FILES, MAX_FILE_BYTES),
    "identity": (MOST_FILES, MOST_FILE_BYTES),
    "mine": (0, 0),
}
READERS: Final[Mapping[str, Callable[[Mapping[str, Any], tuple[bytes, ...], str], Letter]]] = {
    "report": _report,
    "unsolved": _unsolved,
    "answer": _answer,
    "identity": _identity,
    "mine": _mine,
}


def _code(head: Mapping[str, Any]) -> str:
    return _code_of(head, "code")


def _code_of(head: Mapping[str, Any], name: str) -> str:
    typed = head.get(name)
    code = read_code(typed) if isinstance(typed, str) else None
    if code is None:
        raise LetterError(name)
    return code


def _own_code(head: Mapping[str, Any], mail_id: str) -> str:
    """The code of a letter that came under the id of its own code."""
    code = _code(head)
    if mail_id_of(code) != mail_id:
        raise LetterError("code")
    return code


def _words(head: Mapping[str, Any], name: str, most: int) -> str:
    value = head.get(name) or ""
    if not isinstance(value, str) or len(value) > most or "\0" in value:
        raise LetterError(name)
    return value.strip()


def _one_of(head: Mapping[str, Any], name: str, known: tuple[One, ...]) -> One:
    value = head.get(name)
    found = next((one for one in known if one == value), None)
    if found is None:
        raise LetterError(name)
    return found


def _degrees(head: Mapping[str, Any], name: str, limit: float) -> float | None:
    return _number(head, name, -limit, limit)


def _number(head: Mapping[str, Any], name: str, least: float, most: float) -> float | None:
    value = head.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise LetterError(name)
    if not least <= value <= most:
        raise LetterError(name)
    return float(value)


def _contact(head: Mapping[str, Any]) -> Contact | None:
    given = head.get("contact")
    if given is None:
        return None
    if not isinstance(given, dict):
        raise LetterError("contact")
    contact = Contact(_words(given, "name", 40), _words(given, "phone", 30))
    return contact if contact.name or contact.phone else None
