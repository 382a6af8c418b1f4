"""Intake: a report is checked, stored, committed, and only then acknowledged.

Checking is pure (``read_report``, ``read_batch``). ``Intake`` commits in groups: while one transaction is on its way,
what arrives meanwhile forms the next, so that a hundred waiting senders share one commit.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson

from data.database import AsyncPool
from data.stores.reports import Receipt, ReportKey, ReportWriter, load_channel_datums
from geo.crs import parse_crs
from geo.errors import NeedleError

MAX_REPORT_BYTES = 64 * 1024
MAX_BATCH_REPORTS = 5_000
MAX_BATCH_BYTES = 64 * 1024 * 1024
MAX_GROUP = 1_000
MAX_KEY_LENGTH = 200
CHANNELS_KEPT_S = 10.0

MOMENT = re.compile(r"(19|20|21)\d\d-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-](0\d|1[0-4]):?[0-5]\d)")
OPTIONAL_TEXTS = ("matter", "text", "crs", "address")


@dataclass(frozen=True, slots=True)
class IncomingReport:
    """A report that passed every check: its key, and its body as JSON (an object) for table ``report``."""

    key: ReportKey
    body: bytes


Outcome = Receipt | NeedleError


def read_report(raw: bytes, datums: Mapping[str, str | None]) -> IncomingReport:
    """Check one report in the wire format.

    Parameters
    ----------
    raw : bytes
        A JSON object, UTF-8.
    datums : mapping
        Known channels, each with the declared datum of its untagged points.

    Raises
    ------
    NeedleError
        ``report.too_large``, ``report.not_json``, ``report.field`` naming the field and what is wrong with it,
        ``report.channel_unknown``, ``crs.missing``, ``crs.unknown``.
    """
    if len(raw) > MAX_REPORT_BYTES:
        raise NeedleError("report.too_large", limit=MAX_REPORT_BYTES)
    return check_report(_json(raw), datums)


def read_batch(raw: bytes, datums: Mapping[str, str | None]) -> list[IncomingReport | NeedleError]:
    """Check many reports: a JSON array, or one JSON object a line (NDJSON). A bad one becomes its error, in its place.

    Raises
    ------
    NeedleError
        ``report.too_large`` or ``report.too_many`` for the whole; ``report.not_json`` for an array that does not parse.
    """
    if len(raw) > MAX_BATCH_BYTES:
        raise NeedleError("report.too_large", limit=MAX_BATCH_BYTES)
    is_array = raw.lstrip()[:1] == b"["
    items: Sequence[Any] = _json(raw) if is_array else [line for line in raw.splitlines() if line.strip()]
    if len(items) > MAX_BATCH_REPORTS:
        raise NeedleError("report.too_many", limit=MAX_BATCH_REPORTS)
    return [_checked(item, datums) for item in items]


def check_report(report: Any, datums: Mapping[str, str | None]) -> IncomingReport:
    """Check one parsed report; errors as ``read_report``."""
    if not isinstance(report, dict):
        raise NeedleError("report.field", field="-", problem_zh="应为 JSON 对象", problem_en="must be a JSON object")
    channel, key = _text(report, "channel"), _text(report, "key")
    if len(key) > MAX_KEY_LENGTH:
        raise _wrong("key", f"最长 {MAX_KEY_LENGTH} 个字符", f"at most {MAX_KEY_LENGTH} characters")
    if channel not in datums:
        raise NeedleError("report.channel_unknown", channel=channel, known=", ".join(sorted(datums)))
    _check_moment(_text(report, "reported_at"))
    for name in OPTIONAL_TEXTS:
        if not isinstance(report.get(name), str | None):
            raise _wrong(name, "应为文字或 null", "must be text or null")
    if not isinstance(report.get("reporter"), dict | None):
        raise _wrong("reporter", "应为对象或 null", "must be an object or null")
    _check_place(report, datums[channel])
    return IncomingReport((channel, key), _storable(report))


def _checked(item: Any, datums: Mapping[str, str | None]) -> IncomingReport | NeedleError:
    try:
        return read_report(item, datums) if isinstance(item, bytes) else check_report(item, datums)
    except NeedleError as error:
        return error


def _json(raw: bytes) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise NeedleError("report.not_json", reason=str(error)) from None


def _wrong(field: str, zh: str, en: str) -> NeedleError:
    return NeedleError("report.field", field=field, problem_zh=zh, problem_en=en)


def _text(report: Mapping[str, Any], name: str) -> str:
    value = report.get(name)
    if not isinstance(value, str) or not value.strip():
        raise _wrong(name, "必填，应为文字", "is required and must be text")
    return value


def _check_moment(text: str) -> None:
    try:
        if MOMENT.fullmatch(text):
            datetime.fromisoformat(text)
            return
    except ValueError:
        pass
    raise _wrong(
        "reported_at", "应为带时区的时间，例如 2026-11-24T10:00:00+08:00", "needs a zone: 2026-11-24T10:00:00+08:00"
    )


def _check_place(report: Mapping[str, Any], datum: str | None) -> None:
    for name in ("lng", "lat", "accuracy_m"):
        value = report.get(name)
        if not isinstance(value, int | float | None) or isinstance(value, bool):
            raise _wrong(name, "应为数字或 null", "must be a number or null")
    has_lng, has_lat = report.get("lng") is not None, report.get("lat") is not None
    if has_lng != has_lat:
        raise _wrong("lat" if has_lng else "lng", "经度和纬度须同时给出", "longitude and latitude come together")
    if (report.get("accuracy_m") or 0) < 0:
        raise _wrong("accuracy_m", "不能为负", "must not be negative")
    tag = report.get("crs") or datum
    if has_lng or tag:
        known_crs(tag or "", str(report.get("channel")))


@lru_cache(maxsize=256)
def known_crs(tag: str, channel: str) -> None:
    """Refuse a tag that nobody knows, and a point without one."""
    parse_crs(tag, f"channel {channel}")


def _storable(report: dict[str, Any]) -> bytes:
    """The report as JSON that ``jsonb`` takes: it knows no NUL character."""
    body = orjson.dumps(report)
    if b"\\u0000" in body and _has_nul(report):
        raise _wrong("text", "不能含空字符(U+0000)", "must not contain the character U+0000")
    return body


def _has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_has_nul(k) or _has_nul(v) for k, v in value.items())
    return isinstance(value, list) and any(_has_nul(v) for v in value)


@dataclass(frozen=True, slots=True)
class _Waiting:
    report: IncomingReport
    answer: asyncio.Future[Receipt]


class Intake:
    """Receives reports for one process. Use it as an async context manager: leaving it stores what still waits."""

    def __init__(self, pool: AsyncPool) -> None:
        self.pool = pool
        self.writer = ReportWriter(pool)
        self.waiting: list[_Waiting] = []
        self.wake = asyncio.Event()
        self.closing = False
        self.task: asyncio.Task[None] | None = None
        self.known_datums: Mapping[str, str | None] = {}
        self.datums_until = 0.0

    async def __aenter__(self) -> "Intake":
        self.task = asyncio.create_task(self._commit_groups(), name="intake")
        return self

    async def __aexit__(self, *_: object) -> None:
        self.closing = True
        self.wake.set()
        if self.task is not None:
            await self.task
        await self.writer.close()

    async def datums(self) -> Mapping[str, str | None]:
        """Known channels with their datums, read again every ``CHANNELS_KEPT_S`` seconds."""
        now = asyncio.get_running_loop().time()
        if now >= self.datums_until:
            self.known_datums = await load_channel_datums(self.pool)
            self.datums_until = now + CHANNELS_KEPT_S
        return self.known_datums

    async def receive(self, report: IncomingReport) -> Receipt:
        """Store one report; returns when it is committed.

        Raises
        ------
        NeedleError
            ``database.unreachable``, ``report.unstorable``; the report is not acknowledged.
        """
        answer: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self.waiting.append(_Waiting(report, answer))
        self.wake.set()
        return await answer

    async def receive_batch(self, reports: Sequence[IncomingReport]) -> list[Outcome]:
        """Store many reports of one sender; returns when all are committed, with each one's receipt or error."""
        if not reports:
            return []
        writer = ReportWriter(self.pool)
        try:
            return await store_group(writer, reports)
        finally:
            await writer.close()

    async def _commit_groups(self) -> None:
        while not (self.closing and not self.waiting):
            await self.wake.wait()
            self.wake.clear()
            while self.waiting:
                group, self.waiting = self.waiting[:MAX_GROUP], self.waiting[MAX_GROUP:]
                _answer(group, await store_group(self.writer, [w.report for w in group]))


async def store_group(writer: ReportWriter, reports: Sequence[IncomingReport]) -> list[Outcome]:
    """Store a group in one transaction. When the database refuses one of them, each is stored for itself."""
    try:
        return [*await writer.write([r.body for r in reports], [r.key for r in reports])]
    except NeedleError as error:
        if error.code != "report.unstorable" or len(reports) == 1:
            return [error] * len(reports)
    return [outcome for report in reports for outcome in await store_group(writer, [report])]


def _answer(group: Sequence[_Waiting], outcomes: Sequence[Outcome]) -> None:
    for waiting, outcome in zip(group, outcomes, strict=True):
        if waiting.answer.done():
            continue
        if isinstance(outcome, NeedleError):
            waiting.answer.set_exception(outcome)
        else:
            waiting.answer.set_result(outcome)
