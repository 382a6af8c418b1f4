"""What filed answers say of fields of the registry; whom it is said of, the registry finds out."""

from collections.abc import Mapping, Sequence
from typing import Any

from data.registry.claims import Source, Verification
from data.registry.sayings import Asked, Told, told
from data.stores.answer_filing import AskedLink, AsyncConnection, NewAnswer, load_bindings
from data.stores.form_answers import Answers
from data.stores.forms import AskedForm
from data.stores.registry_answers import file_told


async def say(
    connection: AsyncConnection, asked: AskedForm, answers: Sequence[tuple[NewAnswer, AskedLink | None]]
) -> None:
    """Make claims of what answers to a form say, each once, in the transaction that files them."""
    bindings = await load_bindings(connection, asked.form)
    if bindings:
        await file_told(connection, [claims_of(asked, answer, link, bindings) for answer, link in answers])


def claims_of(asked: AskedForm, answer: NewAnswer, link: AskedLink | None, bindings: Mapping[str, str]) -> Told:
    """What an answer says.

    Parameters
    ----------
    link : AskedLink or None
        None: a field worker filled it in, who saw whom it is about: that verifies it.
    bindings : mapping
        Keys of the question bank by the questions' paths.
    """
    by_worker = link is None
    source = Source(
        "worker" if by_worker else "form",
        reference_of(asked.form_id, answer.instance_id),
        asked.title,
        tuple(asked.purposes),
        None if by_worker else f"form:{asked.form_id}",
        f"account:{answer.account_id}" if by_worker else "",
    )
    by_link = None if link is None else Asked(link.id, link.kind, link.building)
    rounds = [bound(one, bindings) for one in repeats(answer.answers)]
    once = bound(answer.answers, bindings)
    proof: Verification = "worker" if by_worker else "none"
    return told(source, answer.received_at, proof, by_link, once, [one for one in rounds if one])


def reference_of(form_id: str, instance_id: str) -> str:
    """The mark of an answer as a source."""
    return f"{form_id}/{instance_id}"


def bound(answers: Answers, bindings: Mapping[str, str]) -> dict[str, Any]:
    """Values of questions that are bound to the registry, by the question bank's keys."""
    return {bindings[path]: value for path, value in answers.values.items() if path in bindings}


def repeats(answers: Answers) -> list[Answers]:
    """Every round of every repeat, inner ones too."""
    return [each for rounds in answers.repeats.values() for one in rounds for each in (one, *repeats(one))]
