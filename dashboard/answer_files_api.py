"""``/api/forms/of/{key}/files``: answers as a file, written a chunk at a time, with progress and a way to stop."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request, Response

from dashboard import file_jobs
from dashboard.accounts import require
from dashboard.answer_files import FORMATS, Line, Part, Writer
from dashboard.answers_api import asked_of, opened
from dashboard.audit_log import audit_of, deed_of
from dashboard.desk_state import as_json
from dashboard.file_jobs import FileJob, FileJobs
from dashboard.i18n import Words, language_of, words
from dashboard.office import TheWall
from dashboard.sessions import Asker
from dashboard.view_models.form_questions import AskedQuestion, in_words, questions_of, sheet_labels
from dashboard.wall_state import Ground
from data.stores import form_reading
from data.stores.form_paging import load_page
from data.stores.form_reading import AnsweredForm, AnswerRow, Asked, Connection
from data.stores.form_reviews import load_sheet
from data.stores.reading import scoped
from geo.errors import NeedleError

CHUNK: Final = 2_000


running, files_of = file_jobs.files("answers")
router = APIRouter(prefix="/api/forms/of/{form_id}/files", lifespan=running)
file_jobs.add_routes(router, "", files_of)
TheFiles = Annotated[FileJobs, Depends(files_of)]


@router.post("")
async def begin(form_id: str, request: Request, wall: TheWall, account: Asker, files: TheFiles) -> Response:
    """Begin to write the answers of a filter: ``format`` xlsx, csv (a ZIP) or gpkg. ``id``, ``done``, ``total``, ``ready``."""
    require(account, "answer.read")
    query, ground = request.query_params, await wall.ground()
    kind = FORMATS.get(query.get("format", ""))
    if kind is None:
        raise NeedleError("export.unknown_format", format=query.get("format", ""), known=", ".join(FORMATS))
    language, zone = language_of(query.get("lang")), ZoneInfo(ground.timezone)
    asked = asked_of(query, zone)
    async with scoped(wall.pool, account.id) as connection:
        form, definition = await opened(connection, form_id)
        counts = await form_reading.count_answers(connection, form, asked)
    writing = Writing(form, asked, questions_of(form, definition, language), ground, words(language))
    titles, loop = sheet_labels(form, definition, language), asyncio.get_running_loop()

    async def write(job: FileJob) -> None:
        async with scoped(wall.pool, account.id) as connection:
            await writing.write(connection, kind.writer(job.path), titles, job)

    def work(job: FileJob) -> None:
        """In a thread, which waits: rows are read on the server's loop, files written in threads of their own."""
        asyncio.run_coroutine_threadsafe(write(job), loop).result()

    name = f"{form.title}-{datetime.now(UTC).astimezone(zone):%Y%m%d-%H%M}.{kind.suffix}"
    begun = files.begin(account.id, name, kind.media_type, work, sum(counts.values()))
    detail = {"answers": sum(counts.values()), "format": query.get("format")}
    audit_of(request).tell(deed_of(request, account, "answer.export", f"form:{form_id}", detail))
    return as_json(begun, 202)


class Writing:
    """One export: what is written of each answer."""

    def __init__(
        self, form: AnsweredForm, asked: Asked, questions: list[AskedQuestion], ground: Ground, say: Words
    ) -> None:
        self.form, self.asked, self.ground, self.say = form, asked, ground, say
        self.questions, self.zone = questions, ZoneInfo(ground.timezone)

    async def write(self, connection: Connection, writer: Writer, titles: dict[str, str], job: FileJob) -> None:
        """Write the form's own rows, then those of each repeat, as long as the job is wanted."""
        root, *repeats = self.form.layout.tables
        await asyncio.to_thread(writer.begin, Part("answers", titles[root.path], self.headings(root.path)))
        places: dict[int, tuple[float, float] | None] = {}
        rows, end = await load_page(connection, self.form, self.asked, "received", None, CHUNK)
        while rows:
            places |= {row.id: self.place(row) for row in rows}
            await asyncio.to_thread(writer.write, [self.line(row) for row in rows])
            job.tell(len(places))
            if end is None:
                break
            rows, end = await load_page(connection, self.form, self.asked, "received", end, CHUNK)
        for table in repeats:
            part = Part(table.path.rpartition("/")[2], titles[table.path], self.headings(table.path))
            await asyncio.to_thread(writer.begin, part)
            for start in range(0, len(places), CHUNK):
                lines = await self.repeated(connection, table.path, list(places)[start : start + CHUNK], places)
                await asyncio.to_thread(writer.write, lines)
                job.tell(job.done)
        await asyncio.to_thread(writer.close)

    def of(self, sheet: str) -> list[AskedQuestion]:
        """The questions of a sheet, in the order of the form."""
        return [question for question in self.questions if question.column.sheet == sheet]

    def headings(self, sheet: str) -> list[str]:
        """The first line of a table."""
        own = ["id"] if sheet == self.form.root.path else ["id", "no"]
        head = ["received", "edited", "review", "from", "area", "receipt"] if sheet == self.form.root.path else []
        return [*(self.say(f"forms.file.{name}") for name in (*own, *head)), *(q.label for q in self.of(sheet))]

    def line(self, row: AnswerRow) -> Line:
        """A row of the form's own table."""
        by_name = dict(zip((c.name for c in self.form.columns_of(self.form.root.path)), row.values, strict=True))
        code = row.areas.get(self.ground.place_layer, "")
        head = [
            row.id,
            self.moment(row.received_at),
            self.moment(row.edited_at),
            self.say(f"forms.review.{row.review}"),
            row.label or "",
            self.ground.areas.get(code, code),
            row.receipt or "",
        ]
        said = [in_words(by_name[q.column.name], q, self.zone) for q in self.of(self.form.root.path)]
        return Line([*head, *said], self.place(row))

    def moment(self, at: datetime | None) -> str:
        """A moment by the city's clock."""
        return "" if at is None else at.astimezone(self.zone).strftime("%Y-%m-%d %H:%M:%S")

    def place(self, row: AnswerRow) -> tuple[float, float] | None:
        """Where an answer is from."""
        return None if row.lng is None or row.lat is None else (row.lng, row.lat)

    async def repeated(
        self, connection: Connection, sheet: str, ids: Sequence[int], places: dict[int, tuple[float, float] | None]
    ) -> list[Line]:
        """The rows of a repeat of some answers."""
        found = await load_sheet(connection, self.form, sheet, ids)
        own = self.of(sheet)
        return [
            Line(
                [answer, row.row_no, *(in_words(row.values.get(q.column.path), q, self.zone) for q in own)],
                places[answer],
            )
            for answer, row in found
        ]
