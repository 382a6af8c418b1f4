"""Suggests matters from words for one process, by a model of its city that is learnt anew from time to time."""

import asyncio
from collections.abc import Mapping
from time import monotonic
from typing import Any, Final

from data.database import Connection, connect
from data.stores.case_words import load_case_words
from data.stores.reference import load_matters
from dispatch.matters import Matter
from dispatch.reference import matter_of
from dispatch.suggest import WordModel
from dispatch.suggest_matters import LEARNT, LIMIT, matter_model, suggested

KEPT_S: Final = 900.0


class Suggester:
    """The model of one database."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.matters: Mapping[str, Matter] = {}
        self.model: WordModel | None = None
        self.until = 0.0
        self.learning = asyncio.Lock()

    async def suggest(self, words: str, limit: int = LIMIT) -> list[dict[str, Any]]:
        """The likeliest matters: ``matter`` (key), ``name_zh``, ``name_en``, ``score``, ``words`` that spoke for it.

        Raises
        ------
        NeedleError
            ``database.unreachable``.
        """
        async with self.learning:
            if monotonic() >= self.until:
                self.matters, self.model = await asyncio.to_thread(self._learn)
                self.until = monotonic() + KEPT_S
        found = suggested(self.model, words, limit) if self.model is not None else []
        names = ((one, self.matters[one["matter"]]) for one in found)
        return [one | {"name_zh": matter.name_zh, "name_en": matter.name_en} for one, matter in names]

    def _learn(self) -> tuple[Mapping[str, Matter], WordModel | None]:
        with connect(self.url, autocommit=True) as connection:
            matters = {matter.key: matter for matter in map(matter_of, load_matters(connection))}
            return matters, learn_city(connection, matters)


def learn_city(connection: Connection, matters: Mapping[str, Matter]) -> WordModel | None:
    """The model of a city: its catalogue and its newest cases."""
    return matter_model(matters.values(), load_case_words(connection, LEARNT))
