"""Matters suggested from a reporter's words: learnt from the catalogue, from everyday words, and from the city's own cases."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final

from dispatch.matters import UNCLASSIFIED, Matter, table_rows
from dispatch.suggest import WordModel, learn_words

SUPERSEDED: Final = "2013"
"""Its matters are told by those of 2026 today."""
LEARNT: Final = 3_000
"""How many of the city's newest cases are learnt from."""
LIMIT: Final = 5


@cache
def synonyms() -> Mapping[str, tuple[str, ...]]:
    """What residents call a matter: its key -> everyday words."""
    return {row["matter"]: tuple(row["words"].split()) for row in table_rows("synonyms.csv")}


def matter_model(matters: Iterable[Matter], cases: Sequence[tuple[str, str]] = ()) -> WordModel | None:
    """A model of the matters that are suggested; None where there are none.

    ``cases``: (matter key, words) of cases that somebody has filed. A component (部件) is suggested as the event that says
    what is wrong with it.
    """
    known = list(matters)
    of_key = {matter.key: matter for matter in known}
    examples = [pair for matter in known if is_suggested(matter) for pair in told(matter, of_key)]
    examples += [(key, words) for key, words in cases if key in of_key and is_suggested(of_key[key])]
    if not examples:
        return None
    return learn_words([words for _, words in examples], [key for key, _ in examples])


def is_suggested(matter: Matter) -> bool:
    """Whether a matter is among those that words may mean."""
    return matter.key != UNCLASSIFIED.key and matter.edition != SUPERSEDED and matter.kind == "event"


def told(matter: Matter, of_key: Mapping[str, Matter]) -> list[tuple[str, str]]:
    """What is said of a matter: its names, its filing conditions, everyday words; one example each."""
    part = of_key.get(f"{matter.edition}:component:{matter.code}")
    conditions = matter.conditions or (part.conditions if part is not None else ())
    said = [matter.name_zh, matter.name_en, *(f"{matter.name_zh} {c.condition}" for c in conditions)]
    everyday = synonyms().get(matter.key, ())
    return [(matter.key, words) for words in (*said, *everyday, " ".join(everyday)) if words]


def suggested(model: WordModel, words: str, limit: int = LIMIT) -> list[dict[str, Any]]:
    """Suggestions as events keep them: ``matter`` (key), ``score``, ``words`` that spoke for it; the likeliest first."""
    return [{"matter": s.label, "score": s.score, "words": list(s.words)} for s in model.suggest(words, limit)]
