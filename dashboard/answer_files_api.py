"""``/api/forms/of/{key}/file``: the answers that are asked for as a file, written a chunk at a time beside the server's loop."""

import asyncio
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from dashboard.accounts import require
from dashboard.answer_files import FORMATS, Line, Part, Writer
from dashboard.answers_api import asked_of, opened
from dashboard.audit_log import audit_of, deed_of
from dashboard.i18n import Words, language_of, words
from dashboard.office import TheWall
from dashboard.sessions import Asker
from dashboard.view_models.form_questions import AskedQuestion, in_words, questions_of, sheet_labels
from dashboard.wall_state import Ground
from data.stores import form_reading
from data.stores.form_reading import AnsweredForm, AnswerRow, Asked, Connection
from data.stores.form_reviews import load_sheet
from data.stores.reading import scoped
from geo.errors import NeedleError

CHUNK: Final = 2_000

router = APIRouter(prefix="/api/forms/of/{form_id}")


@router.get("/file")
async def file(form_id: str, request: Request, wall: TheWall, account: Asker) -> Response:
    """The answers of a filter: ``format`` xlsx, csv (a ZIP) or gpkg."""
    require(account, "answer.read")
    query, ground = request.query_params, await wall.ground()
    form_of_file = FORMATS.get(query.get("format", ""))
    if form_of_file is None:
        raise NeedleError("export.unknown_format", format=query.get("format", ""), known=", ".join(FORMATS))
    language = language_of(query.get("lang"))
    path = Path(tempfile.mkdtemp(prefix="needle-answers-")) / f"answers.{form_of_file.suffix}"
    asked = asked_of(query, ZoneInfo(ground.timezone))
    async with scoped(wall.pool, account.id) as connection:
        form, definition = await opened(connection, form_id)
        writing = Writing(form, asked, questions_of(form, definition, language), ground, words(language))
        titles = sheet_labels(form, definition, language)
        count = await writing.write(connection, form_of_file.writer(path), titles)
    detail = {"answers": count, "format": query.get("format")}
    audit_of(request).tell(deed_of(request, account, "answer.export", f"form:{form_id}", detail))
    name = quote(f"{form.title}-{datetime.now(UTC).astimezone(ZoneInfo(ground.timezone)):%Y%m%d-%H%M}")
    headers = {
        "cache-control": "no-store",
        "content-encoding": "identity",
        "content-disposition": f"attachment; filename*=UTF-8''{name}.{form_of_file.suffix}",
    }
    after = BackgroundTask(away, path)
    return FileResponse(path, media_type=form_of_file.media_type, headers=headers, background=after)


def away(path: Path) -> None:
    """Throw a file away that was sent."""
    path.unlink(missing_ok=True)
    path.parent.rmdir()


class Writing:
    """One export: what is written of each answer."""

    def __init__(
        self, form: AnsweredForm, asked: Asked, questions: list[AskedQuestion], ground: Ground, say: Words
    ) -> None:
        self.form, self.asked, self.ground, self.say = form, asked, ground, say
        self.questions, self.zone = questions, ZoneInfo(ground.timezone)

    async def write(self, connection: Connection, writer: Writer, titles: dict[str, str]) -> int:
        """Write the form's own rows, then those of each repeat; how many answers there were."""
        root, *repeats = self.form.layout.tables
        await asyncio.to_thread(writer.begin, Part("answers", titles[root.path], self.headings(root.path)))
        places: dict[int, tuple[float, float] | None] = {}
        while rows := await self.rows(connection, len(places)):
            places |= {row.id: self.place(row) for row in rows}
            await asyncio.to_thread(writer.write, [self.line(row) for row in rows])
        for table in repeats:
            part = Part(table.path.rpartition("/")[2], titles[table.path], self.headings(table.path))
            await asyncio.to_thread(writer.begin, part)
            for start in range(0, len(places), CHUNK):
                lines = await self.repeated(connection, table.path, list(places)[start : start + CHUNK], places)
                await asyncio.to_thread(writer.write, lines)
        await asyncio.to_thread(writer.close)
        return len(places)

    async def rows(self, connection: Connection, start: int) -> list[AnswerRow]:
        """The next chunk, in the order of their coming."""
        return await form_reading.load_rows(connection, self.form, self.asked, "received", (start, start + CHUNK))

    def of(self, sheet: str) -> list[AskedQuestion]:
        """The questions of a sheet, in the order of the form."""
        return [question for question in self.questions if question.column.sheet == sheet]

    def headings(self, sheet: str) -> list[str]:
        """The first line of a table."""
        own = ["id"] if sheet == self.form.root.path else ["id", "no"]
        head = ["received", "review", "from", "area", "receipt"] if sheet == self.form.root.path else []
        return [*(self.say(f"forms.file.{name}") for name in (*own, *head)), *(q.label for q in self.of(sheet))]

    def line(self, row: AnswerRow) -> Line:
        """A row of the form's own table."""
        by_name = dict(zip((c.name for c in self.form.columns_of(self.form.root.path)), row.values, strict=True))
        code = row.areas.get(self.ground.place_layer, "")
        head = [
            row.id,
            row.received_at.astimezone(self.zone).strftime("%Y-%m-%d %H:%M:%S"),
            self.say(f"forms.review.{row.review}"),
            row.label or "",
            self.ground.areas.get(code, code),
            row.receipt or "",
        ]
        said = [in_words(by_name[q.column.name], q, self.zone) for q in self.of(self.form.root.path)]
        return Line([*head, *said], self.place(row))

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
