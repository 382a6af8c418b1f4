"""Judge an answer against its form's own logic: good, to be corrected by its sender, or for an operator to look at. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from data.forms_layout import Kind
from data.stores.form_answers import Answers
from forms.answers.labels import in_language, label_of
from forms.words import answer_problems
from forms.xlsform.submission import Finding, parse_xml
from forms.xlsform.validation import check_submission, every, form_of, place_of, to_tree
from forms.xpath.nodes import path_of
from geo.errors import NeedleError

#: What the sender can mend. What is no part of the form (``unknown``) is kept in the XML and stands in no table.
MENDED_BY_SENDER: Final = frozenset({"type", "choice", "required", "relevant", "constraint", "calculate", "file"})


@dataclass(frozen=True, slots=True)
class Good:
    """A submission that may be filed. ``root``: the form's own path."""

    instance_id: str
    root: str
    answers: Answers


@dataclass(frozen=True, slots=True)
class Faulty:
    """What its sender has to correct; not empty."""

    findings: tuple[Finding, ...]


def judge(xform: str, text: str, at: datetime, digests: Mapping[str, str], *, whole: bool = True) -> Good | Faulty:
    """Judge a submission as it was when it came.

    Parameters
    ----------
    at : datetime
        When it came, in the city's zone: a day that has passed since does not make it wrong.
    digests : mapping
        Of its files by name.
    whole : bool
        Whether every file that it names must be there; some clients bring them later.

    Raises
    ------
    NeedleError
        ``form.submission_broken``, ``form.submission_other``; ``form.…`` where the form's own expression cannot be evaluated.
    """
    checked = check_submission(xform, text, at, digests)
    absent = [
        Finding(place, "file") for place, name in named_files(xform, text).items() if name not in digests and whole
    ]
    faults = [f for f in checked.findings if f.what in MENDED_BY_SENDER] + absent
    if faults:
        return Faulty(tuple(faults))
    for finding in checked.findings:
        if "." in finding.what:
            raise NeedleError("letter.invalid", part=f"{finding.place}: {finding.what}")
    said = checked.submission
    return Good(said.instance_id, form_of(xform).root, said.answers)


def named_files(xform: str, text: str) -> dict[str, str]:
    """The files that a submission names: by the place that names each."""
    form = form_of(xform)
    binary = {node.path for node in form.nodes if node.kind is Kind.DIGEST}
    if not binary:
        return {}
    repeats = frozenset(node.path for node in form.nodes if node.repeat)
    found = (e for e in every(to_tree(parse_xml(text))) if path_of(e) in binary and e.text.strip())
    return {place_of(element, repeats): element.text.strip() for element in found}


def problem_as_json(xform: str, finding: Finding, language: str) -> dict[str, str]:
    """A finding for the person who answered: where, what it is called, what to do, in both languages."""
    own = answer_problems()[finding.what]
    said = finding.message if finding.what in ("constraint", "required") else {}
    return {
        "path": finding.place,
        "what": finding.what,
        "label": label_of(xform, finding.place, language),
        "message_zh": in_language(said, "zh") or own["zh"],
        "message_en": in_language(said, "en") or own["en"],
    }
