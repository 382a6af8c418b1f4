"""The city as replays see it, read from the database: boundaries and rules in force, teams with their stations and weeks."""

from collections.abc import Iterable
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from data.database import Connection
from data.stores.layers import list_layers, load_layers
from data.stores.reference import load_matters
from data.stores.rules import current_rule_set
from data.stores.teams import load_teams
from data.stores.workbench import load_city_settings
from dispatch.rules import RuleSet, parse_rules
from dispatch.what_if_changes import Stage
from geo.atlas import Atlas
from geo.errors import NeedleError
from geo.layers import Layer

CELLS: Final = "cell"


def load_stage(connection: Connection) -> Stage:
    """Read a city for replays.

    Unit cells are left out where no rule and no team names one: they are most of a city's polygons, and decide nothing then.

    Raises
    ------
    NeedleError
        ``rules.none_in_force``.
    """
    found = current_rule_set(connection)
    if found is None:
        raise NeedleError("rules.none_in_force")
    rules, teams = parse_rules(found[1]), tuple(load_teams(connection))
    named = named_layers(rules) | {team.scope_layer for team in teams}
    wanted = [row.name for row in list_layers(connection) if row.name != CELLS or CELLS in named]
    zone, _ = load_city_settings(connection)
    matters = load_matters(connection)
    return Stage(
        atlas=Atlas.build(load_layers(connection, names=wanted)),
        rules=rules,
        teams=teams,
        matters=tuple(f"{row.edition}:{row.kind}:{row.code}" for row in matters),
        matter_ids=tuple(row.id or 0 for row in matters),
        zone=ZoneInfo(zone),
    )


def named_layers(rules: RuleSet) -> set[str]:
    """The layers that rules name areas of."""
    return {key.partition(":")[0] for rule in rules.rules for key in rule.area if ":" in key}


def matter_indices(stage: Stage, ids: Iterable[int]) -> NDArray[np.int32]:
    """Index into the stage's matters of matters given by id; -1: unknown."""
    place = {number: at for at, number in enumerate(stage.matter_ids)}
    return np.array([place.get(number, -1) for number in ids], np.int32)


def codes_of(layers: Iterable[Layer]) -> dict[str, frozenset[str]]:
    """The codes of layers, as ``dispatch.rules.check_rules`` takes them."""
    return {layer.name: frozenset(layer.codes) for layer in layers}
