"""What edits of an answer changed: question by question, what was said before and what is said now. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from dashboard.view_models.form_questions import AskedQuestion, in_words
from data.stores.answer_edits import Edition
from data.stores.form_answers import Answers
from forms.xlsform.submission import read_submission
from forms.xlsform.xform import read_xform

Places = tuple[int, ...]
"""Which rounds of its repeats, from 1; empty outside of repeats."""


@dataclass(frozen=True)
class Names:
    """What the form calls its questions and repeats, in one language, workers by account, and the city's clock."""

    questions: Sequence[AskedQuestion]
    sheets: Mapping[str, str]
    workers: Mapping[int, str]
    zone: ZoneInfo


def edits_as_json(editions: Sequence[Edition], names: Names, digests: Mapping[str, str]) -> list[dict[str, Any]]:
    """Each edit of an answer, the last first: ``at``, ``who`` (a worker; None: a resident), ``changes``.

    ``was``: what staff had found of what it said before.

    Parameters
    ----------
    digests : mapping
        Of the answer's files by name.
    """
    read = [read_submission(read_xform(e.xform), e.xml, names.zone, digests).answers for e in editions]
    pairs = list(zip(editions, editions[1:], read, read[1:], strict=False))
    return [
        {
            "at": now.received_at.timestamp(),
            "who": None if now.account_id is None else names.workers.get(now.account_id),
            "was": before.review,
            "changes": changes(old, new, names),
        }
        for before, now, old, new in reversed(pairs)
    ]


def changes(before: Answers, after: Answers, names: Names) -> list[dict[str, Any]]:
    """What differs, in the order of the form: ``label``, ``before``, ``after``; None where nothing was said."""
    known = {question.column.path: question for question in names.questions}
    order = {path: place for place, path in enumerate(known)}
    old, new = dict(flat(before)), dict(flat(after))
    differ = [key for key in old.keys() | new.keys() if old.get(key) != new.get(key) and key[0] in known]
    return [
        {
            "label": label(known[path], places, names),
            "kind": known[path].column.kind.value,
            "before": in_words(old.get((path, places)), known[path], names.zone),
            "after": in_words(new.get((path, places)), known[path], names.zone),
        }
        for path, places in sorted(differ, key=lambda key: (order[key[0]], key[1]))
    ]


def flat(answers: Answers, places: Places = ()) -> Iterator[tuple[tuple[str, Places], Any]]:
    """Every value, by its question and the rounds that it stands in."""
    yield from (((path, places), value) for path, value in answers.values.items())
    for rows in answers.repeats.values():
        for place, row in enumerate(rows, 1):
            yield from flat(row, (*places, place))


def label(question: AskedQuestion, places: Places, names: Names) -> str:
    """What a question is called; within a repeat with the round that it stands in."""
    if not places:
        return question.label
    return f"{names.sheets[question.column.sheet]} {'.'.join(map(str, places))} · {question.label}"
