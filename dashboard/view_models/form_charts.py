"""What answers say together, a chart a question: which kind fits it, and its numbers with their names."""

from typing import Any, Final

from dashboard.view_models.form_questions import BESIDE, AskedQuestion
from dashboard.wall_state import Ground
from data.forms_layout import GEOMETRIES, Kind
from data.stores import form_summary as store
from data.stores.form_reading import AnsweredForm, Asked, Connection

NUMBERS: Final = frozenset({Kind.INTEGER, Kind.DECIMAL})
DAYS: Final = frozenset({Kind.DATE, Kind.DATETIME})
CHOSEN: Final = frozenset({"select_one", "select_multiple", "rank"})
Chart = dict[str, Any]


async def charts(
    connection: Connection, form: AnsweredForm, asked: Asked, questions: list[AskedQuestion], ground: Ground
) -> dict[str, Any]:
    """``came`` by day, ``areas``, ``links``, ``charts`` of the questions, ``points`` on the map."""
    came = await store.days(connection, form, asked, None, ground.timezone)
    areas = await store.by_area(connection, form, asked, ground.place_layer)
    return {
        "came": [[day.isoformat(), count] for day, count in came],
        "areas": [[ground.areas.get(code, code) if code else None, code, count] for code, count in areas],
        "links": [[label, count] for label, count in await store.by_link(connection, form, asked)],
        "charts": [
            await chart(connection, form, asked, question, ground.timezone)
            for question in questions
            if question.type not in BESIDE and question.column.kind not in GEOMETRIES
        ],
        "points": [[p.id, p.lng, p.lat, p.review] for p in await store.points(connection, form, asked)],
    }


async def chart(connection: Connection, form: AnsweredForm, asked: Asked, question: AskedQuestion, zone: str) -> Chart:
    """The chart of a question: ``choices``, ``numbers``, ``days``, ``texts``, or only how many ``answered``."""
    column = question.column
    told: Chart = {"name": column.name, "sheet": column.sheet, "label": question.label}
    if column.kind in NUMBERS and not question.choices:
        found = await store.spread(connection, form, asked, column)
        figures = {"least": found.least, "most": found.most, "mean": found.mean, "median": found.median}
        return told | {"kind": "numbers", "answered": found.answered, "bins": list(found.bins), **figures}
    if column.kind in DAYS:
        days = await store.days(connection, form, asked, column, zone)
        total = sum(count for _, count in days)
        return told | {"kind": "days", "answered": total, "days": [[day.isoformat(), count] for day, count in days]}
    tally = await store.tally(connection, form, asked, column)
    if question.choices or column.kind in (Kind.CHOICE, Kind.CHOICES):
        return told | {"kind": "choices", "answered": tally.answered, "values": in_order(tally, question)}
    if column.kind is Kind.DIGEST:
        return told | {"kind": "files", "answered": tally.answered}
    return told | {"kind": "texts", "answered": tally.answered, "values": [[v, v, n] for v, n in tally.values[:8]]}


def in_order(tally: store.Tally, question: AskedQuestion) -> list[list[Any]]:
    """[value, label, count] in the order in which the form offers them, those that nobody chose too; others behind."""
    counts = dict(tally.values)
    offered = [[value, label, counts.pop(value, 0)] for value, label in question.choices.items()]
    return offered + [[value, value, count] for value, count in counts.items()]
