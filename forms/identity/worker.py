"""The process that compares: takes frames that wait, has a child compare them, writes down how it went, deletes the frames.

The child holds the model, may take so much memory and no more, and is replaced after so many comparisons or when it dies.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import structlog
from numpy.typing import NDArray

from data.database import AsyncPool
from data.stores import identity_checks as checks
from data.stores import identity_purposes as purposes
from data.stores import identity_references as references
from data.stores.identity_checks import AsyncConnection, CheckRow, Comparison
from data.stores.identity_purposes import CalibrationRow, Purpose
from data.stores.reading import reading
from forms.identity.comparing import Found, Job, bound_memory, compare
from forms.identity.consent import receipt_of
from forms.identity.deciding import DECIDED, Limits, Outcome, decide, told
from forms.identity.desk import FAILURES_COUNT_FOR
from forms.identity.letters import DOCUMENT
from forms.identity.liveness import Action
from forms.identity.retention import expires_at
from forms.identity.vault import Vault
from forms.identity.ways import standing, ways_of
from geo.errors import NeedleError

COMPARISONS_A_CHILD: Final = 500
MOST_TRIES: Final = 3
NO_DOCUMENT: Final = "no_document"

log = structlog.get_logger("identity")


@dataclass
class Bench:
    """Where comparisons are made: one child process at a time, made when it is needed."""

    home: Path
    model: str = "Dlib"
    detector: str = "dlib"
    _pool: ProcessPoolExecutor | None = field(default=None, init=False)

    async def compare(self, job: Job) -> Found:
        """Compare in the child.

        Raises
        ------
        BrokenProcessPool
            The child died; the next comparison has another one.
        """
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                1, get_context("spawn"), initializer=bound_memory, max_tasks_per_child=COMPARISONS_A_CHILD
            )
        work = self._pool.submit(compare, self.home, self.model, self.detector, job)
        try:
            return await asyncio.wrap_future(work)
        except BrokenProcessPool:
            self.close()
            raise

    def close(self) -> None:
        """Stop the child."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None


@asynccontextmanager
async def bench_of(home: Path, model: str, detector: str) -> AsyncIterator[Bench]:
    """A bench that is cleared at the end."""
    bench = Bench(home, model, detector)
    try:
        yield bench
    finally:
        await asyncio.to_thread(bench.close)


class FaceWorker:
    """Compares what waits, one after the other; several may work side by side."""

    def __init__(
        self, base: AsyncPool, vault: Vault, bench: Bench, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.base, self.vault, self.bench, self.clock = base, vault, bench, clock

    async def __call__(self) -> int:
        """Compare the next that waits, if there is one; how many."""
        async with reading(self.base) as connection:
            check = await checks.claim(connection)
            if check is None:
                return 0
            purpose, calibration = await self._ground(connection)
            if purpose is None or calibration is None or purpose.id != check.purpose_id:
                await fail(connection, check, "not_open")
                return 1
            try:
                await self._compare(connection, check, purpose, calibration)
            except BrokenProcessPool:
                log.warning("the comparing process died", check=check.id, tries=check.tries)
                if check.tries >= MOST_TRIES:
                    await fail(connection, check, "broken")
        return 1

    async def _ground(self, connection: AsyncConnection) -> tuple[Purpose | None, CalibrationRow | None]:
        bench = self.bench
        calibration = await purposes.load_calibration(connection, bench.model, bench.detector)
        return await purposes.load_open(connection), calibration

    async def _compare(
        self, connection: AsyncConnection, check: CheckRow, purpose: Purpose, calibration: CalibrationRow
    ) -> None:
        assert check.sealed is not None
        pictures = shown_of(check, self.vault.open_pictures(check.sealed, f"frames:{check.begun_id}"))
        marks = [self.vault.mark(content) for _, content in pictures]
        seen = await checks.load_seen(connection, marks)
        stored = await references.find_reference(connection, check.subject, purpose.id, calibration.model)
        reference = self.vault.open_template(stored.sealed, check.subject) if stored else None
        known = frozenset(at for at, mark in enumerate(marks) if mark in seen or marks.count(mark) > 1)
        asked = cast("tuple[Action, ...]", tuple(check.asked))
        found = await self.bench.compare(Job(tuple(pictures), asked, calibration.threshold, reference, known))
        if stored is None and check.submission_id is None:
            found = replace(found, why=tuple(one for one in found.why if one != NO_DOCUMENT))
        outcome = outcome_of(found, Limits(calibration.threshold, purpose.most_risk))
        source = stored.source if stored else "document" if found.distance is not None else "none"
        await checks.record(connection, record_of(check, calibration, purpose, found, outcome, source, tuple(marks)))
        await self._end(connection, check, outcome, found)
        if outcome == "match" and found.template is not None and stored is None:
            await self._keep(connection, check, purpose, calibration.model, found.template)

    async def _end(self, connection: AsyncConnection, check: CheckRow, outcome: Outcome, found: Found) -> None:
        failed = await checks.failures(connection, check.subject, self.clock() - FAILURES_COUNT_FOR)
        ways = ways_of("any", is_face_open=True)
        counted = [*failed, "face"] if outcome != "match" else failed
        reply: dict[str, Any] = {"way": "face", **told(outcome, found.why, standing(ways, counted))}
        token = secrets.token_urlsafe(24) if outcome == "match" else ""
        if token:
            reply["pass"] = token
        await checks.finish(connection, check, DECIDED[outcome], reply, token=token)

    async def _keep(
        self,
        connection: AsyncConnection,
        check: CheckRow,
        purpose: Purpose,
        model: str,
        template: NDArray[np.float64],
    ) -> None:
        """Keep the template for the next time, where the consent says so."""
        consents = await references.load_consents(connection, check.subject)
        mine = next((one for one in consents if one.id == check.consent_id), None)
        if mine is None or not mine.keeps or mine.withdrawn_at is not None:
            return
        until = expires_at(self.clock(), purpose.kept_days, purpose.until)
        sealed = self.vault.seal_template(template, check.subject)
        await references.keep_reference(
            connection, check.subject, purpose.id, mine.id, "document", model, sealed, "worker", until
        )


def shown_of(check: CheckRow, pictures: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """What is compared: a document only for an answer. Whoever names a person might photograph any document."""
    return [one for one in pictures if check.submission_id is not None or one[0] != DOCUMENT]


def outcome_of(found: Found, limits: Limits) -> Outcome:
    """What becomes of it. Good pictures and nothing to compare them with are told as two different people: who asks for
    somebody learns by nothing whether a template of them is kept."""
    return "no_match" if found.distance is None and not found.why else decide(found.distance, found.risk, limits)


async def fail(connection: AsyncConnection, check: CheckRow, why: str) -> None:
    """End a check that could not be made."""
    await checks.finish(connection, check, "failed", {"state": "failed", "way": "face", "why": [why]})


async def clear_away(base: AsyncPool, now: datetime) -> int:
    """The clock that deletes: templates past their time, checks that nobody went on with; how many things went."""
    async with reading(base) as connection:
        gone = await references.delete_references(connection, "expired", receipt_of("expiry", now.isoformat()), now=now)
        return gone + len(await checks.expire(connection, now))


def record_of(
    check: CheckRow,
    calibration: CalibrationRow,
    purpose: Purpose,
    found: Found,
    outcome: Outcome,
    reference: str,
    marks: tuple[str, ...],
) -> Comparison:
    """What is written down of a comparison: model, threshold and rates with it, numbers of the frames, no picture."""
    return Comparison(
        check_id=check.id,
        purpose_id=purpose.id,
        calibration_id=calibration.id,
        model=calibration.model,
        detector=calibration.detector,
        library=calibration.library,
        reference=reference,
        distance=found.distance,
        threshold=calibration.threshold,
        fmr=calibration.fmr,
        fnmr=calibration.fnmr,
        risk=found.risk,
        signs=found.signs,
        measured=found.measured,
        frame_marks=marks,
        outcome=outcome,
        seconds=round(found.seconds, 3),
    )


async def enrol(
    base: AsyncPool, vault: Vault, bench: Bench, subject: str, picture: bytes, guardian: str, by: str, now: datetime
) -> str:
    """Keep somebody's template from a photo, in person before an official, with the consent given there; its receipt.

    Raises
    ------
    NeedleError
        ``identity.not_open``, ``identity.no_face``, ``identity.no_picture``.
    """
    from forms.identity.comparing import engine_of
    from forms.identity.engine import read_picture

    async with reading(base) as connection:
        purpose = await purposes.load_open(connection)
        notice = await purposes.load_notice(connection, purpose.id) if purpose is not None else None
        if purpose is None or notice is None:
            raise NeedleError("identity.not_open")
        engine = engine_of(bench.home, bench.model, bench.detector)
        template = await asyncio.to_thread(lambda: engine.template(read_picture(picture)))
        receipt = receipt_of("consent", f"{subject} {now.isoformat()}")
        sealed = vault.seal(guardian.encode(), f"guardian:{receipt}") if guardian else None
        given = references.NewConsent(purpose.id, notice.version, subject, sealed, True, "worker", None, receipt, now)
        consent = await references.keep_consent(connection, given)
        until = expires_at(now, purpose.kept_days, purpose.until)
        kept = vault.seal_template(template, subject)
        await references.keep_reference(
            connection, subject, purpose.id, consent, "enrolled", bench.model, kept, by, until
        )
    return receipt
