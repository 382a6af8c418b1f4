"""A submission: OpenRosa XML, read against its form into typed answers; what cannot be read is told by question."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from datetime import timezone as dt_timezone
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import shapely

from data.forms_layout import Kind
from data.stores.form_answers import Answers
from forms.xlsform.xform import META, XForm, XNode, local
from geo.errors import NeedleError

MAX_BYTES: Final = 4 << 20
#: On the empty copy of a repeat that some clients send along.
TEMPLATE: Final = "{http://openrosa.org/javarosa}template"
DOCTYPE: Final = re.compile(r"<!(DOCTYPE|ENTITY)", re.IGNORECASE)


@dataclass(frozen=True)
class Finding:
    """What is wrong with one answer. ``what``: type, choice, required, relevant, constraint, calculate, unknown, regex.

    ``place``: the path with the positions of its repeats, e.g. ``/data/kid[2]/age``.
    """

    place: str
    what: str
    message: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Submission:
    """A submission that could be read."""

    form_id: str
    version: str
    instance_id: str
    answers: Answers
    findings: tuple[Finding, ...]


def parse_xml(text: str) -> ET.Element:
    """The root of a submission.

    Raises
    ------
    NeedleError
        ``form.submission_broken``: no XML, too large, or with a document type (which could pull in or multiply text).
    """
    if len(text) > MAX_BYTES or DOCTYPE.search(text):
        raise NeedleError("form.submission_broken", reason="DOCTYPE" if len(text) <= MAX_BYTES else "size")
    try:
        return ET.fromstring(text)
    except ET.ParseError as error:
        raise NeedleError("form.submission_broken", reason=str(error)) from error


def read_submission(form: XForm, text: str, timezone: tzinfo, digests: Mapping[str, str] | None = None) -> Submission:
    """Read a submission against its form.

    Parameters
    ----------
    timezone : tzinfo
        Where a moment without a zone was.
    digests : mapping, optional
        Digests of the attachments by file name; an attachment that is not there keeps its name.

    Raises
    ------
    NeedleError
        ``form.submission_broken``, ``form.submission_other``: of another form.
    """
    root = parse_xml(text)
    if f"/{local(root)}" != form.root or (root.get("id") or form.form_id) != form.form_id:
        raise NeedleError("form.submission_other", form_id=form.form_id, found=root.get("id") or local(root))
    reader = Reader({node.path: node for node in form.nodes}, timezone, digests or {}, [])
    answers = reader.read(root, form.root, form.root)
    instance = next((e.text or "" for e in root.iter() if local(e) == "instanceID"), "")
    return Submission(form.form_id, root.get("version") or "", instance or "", answers, tuple(reader.findings))


@dataclass(frozen=True)
class Reader:
    """Reads elements into answers, and notes what it could not read."""

    nodes: Mapping[str, XNode]
    timezone: tzinfo
    digests: Mapping[str, str]
    findings: list[Finding]

    def read(self, element: ET.Element, path: str, place: str) -> Answers:
        """The answers of a sheet's element."""
        values: dict[str, Any] = {}
        repeats: dict[str, list[Answers]] = {}
        self.into(element, path, place, values, repeats)
        return Answers(values, repeats)

    def into(
        self, element: ET.Element, path: str, place: str, values: dict[str, Any], repeats: dict[str, list[Answers]]
    ) -> None:
        """Take in the children of an element, through groups, down to repeats."""
        for child in element:
            here, at = f"{path}/{local(child)}", f"{place}/{local(child)}"
            node = self.nodes.get(here)
            if node is None:
                self.findings.append(Finding(at, "unknown"))
            elif node.repeat:
                if TEMPLATE not in child.attrib:
                    many = repeats.setdefault(here, [])
                    many.append(self.read(child, here, f"{at}[{len(many) + 1}]"))
            elif node.kind is None:
                self.into(child, here, at, values, repeats)
            elif child.text and child.text.strip() and local(child) not in META:
                self.take(node, child.text, at, values)

    def take(self, node: XNode, text: str, place: str, values: dict[str, Any]) -> None:
        """Take in one answer."""
        try:
            value = read_value(node, text, self.timezone)
        except (ValueError, InvalidOperation, shapely.errors.GEOSException):
            self.findings.append(Finding(place, "type"))
            return
        chosen = value if isinstance(value, list) else [value] if node.kind is Kind.CHOICE else []
        if node.choices and not set(chosen) <= set(node.choices):
            self.findings.append(Finding(place, "choice"))
            return
        values[node.path] = self.digests.get(value, value) if node.kind is Kind.DIGEST else value


def read_value(node: XNode, text: str, timezone: tzinfo) -> Any:
    """A value of its text; raises ``ValueError`` and the like where it is none."""
    assert node.kind is not None
    return READERS[node.kind](text if node.kind is Kind.TEXT else text.strip(), timezone)


def read_integer(text: str, _: tzinfo) -> int:
    """A whole number of at most 18 digits."""
    if not re.fullmatch(r"[+-]?\d{1,18}", text, re.ASCII):
        raise ValueError(text)
    return int(text)


def read_decimal(text: str, _: tzinfo) -> Decimal:
    """A number; ``NaN`` is what clients write for a computation of nothing."""
    value = Decimal(text)
    if value.is_infinite() or value.is_snan():
        raise ValueError(text)
    return value


def read_date(text: str, _: tzinfo) -> date:
    """A day; some clients write a moment."""
    return datetime.fromisoformat(text).date() if "T" in text else date.fromisoformat(text)


def read_moment(text: str, timezone: tzinfo) -> datetime:
    """A moment, in the city's zone where it names none."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=timezone)


def read_time(text: str, timezone: tzinfo) -> time:
    """A time of day, with its zone."""
    found = time.fromisoformat(text)
    return found if found.tzinfo is not None else found.replace(tzinfo=fixed(timezone))


def fixed(zone: tzinfo) -> tzinfo:
    """A zone's usual distance from UTC: a time of day alone has no date to know it by."""
    return dt_timezone(zone.utcoffset(datetime(2024, 1, 1)) or timedelta(0))  # noqa: DTZ001


def coordinates(text: str) -> list[tuple[float, float]]:
    """Longitude and latitude of ``latitude longitude [altitude accuracy]; ...``."""
    pairs = [tuple(float(part) for part in point.split()[:2]) for point in text.split(";") if point.strip()]
    if not pairs or not all(len(p) == 2 and abs(p[0]) <= 90 and abs(p[1]) <= 180 for p in pairs):
        raise ValueError(text)
    return [(pair[1], pair[0]) for pair in pairs]


def read_point(text: str, _: tzinfo) -> shapely.Point:
    """A place."""
    return shapely.Point(coordinates(text)[0])


def read_line(text: str, _: tzinfo) -> shapely.LineString:
    """A way."""
    return shapely.LineString(coordinates(text))


def read_area(text: str, _: tzinfo) -> shapely.Polygon:
    """A closed line."""
    return shapely.Polygon(coordinates(text))


READERS: Final[Mapping[Kind, Callable[[str, tzinfo], Any]]] = {
    Kind.TEXT: lambda text, _: text,
    Kind.INTEGER: read_integer,
    Kind.DECIMAL: read_decimal,
    Kind.DATE: read_date,
    Kind.DATETIME: read_moment,
    Kind.TIME: read_time,
    Kind.CHOICE: lambda text, _: text,
    Kind.CHOICES: lambda text, _: text.split(),
    Kind.DIGEST: lambda text, _: text,
    Kind.POINT: read_point,
    Kind.LINE: read_line,
    Kind.AREA: read_area,
}
