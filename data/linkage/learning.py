"""Learning the chances of a kind of record from the registry, and keeping them. Splink is loaded only here, when it is asked."""

from datetime import date
from importlib.resources import files
from math import log2
from typing import Final

import orjson

from data.database import connect
from data.linkage.kinds import LINKABLE
from data.linkage.weights import FEWEST_TO_LEARN, Weights, weights_from
from data.stores.registry_linking import load_some_records
from data.stores.registry_unlinked import count_records, save_weights

LEARNED_FROM: Final = 100_000
"""Chances of a million are those of so many."""


def learn(url: str, kind: str, today: date) -> Weights:
    """Learn from the records that are there, keep it, and say it: some seconds, and half a gibibyte."""
    from data.linkage.linking import learn_weights

    with connect(url) as connection:
        count = count_records(connection, kind)
        weights = learn_weights(load_some_records(connection, kind, LEARNED_FROM), today, LINKABLE[kind])
        save_weights(connection, kind, count, weights)
        connection.commit()
    return weights


def first_weights(kind: str, count: int) -> Weights:
    """Chances for a registry of too few records to learn from: those of invented ones (``tables/weights.json`` says which).

    Only what does not hang on a city is taken from there; the prior is that of so many records, each with one partner.
    """
    kept = orjson.loads(files("data.linkage").joinpath("tables/weights.json").read_bytes())[kind]
    prior = 1 / max(count, FEWEST_TO_LEARN)
    return weights_from(kept | {"prior": log2(prior / (1 - prior)), "trained": {}})
