"""What rules mean: which hold where, in which order, and how far one of them shuts out the others."""

import numpy as np
import pytest

from dispatch.match_powers import PowerTable
from dispatch.rules import Level, Rule, RuleSet, level_above
from geo.errors import NeedleError
from geo.layers import Layer

VENDORS = Rule("vendors in the park", ("2026:event:09006",), ("park:1", "park:2"), "yl", "street", exclusive=True)
STREET = Rule("street order", ("2026:event:09*",), ("*",), "cg", "street")
TRAFFIC = Rule("traffic", ("2026:event:09009", "2026:event:0902*"), ("police:4",), "jj", "district")
ALL = RuleSet((VENDORS, STREET, TRAFFIC), "")


@pytest.mark.parametrize(
    ("matter", "areas", "names"),
    [
        ("2026:event:09006", {"park": "2"}, ["vendors in the park"]),
        ("2026:event:09006", {"park": "3"}, ["street order"]),
        ("2026:event:09006", {"street": "1"}, ["street order"]),
        ("2026:event:09006", {}, ["street order"]),
        ("2026:event:09009", {"police": "4", "park": "1"}, ["street order", "traffic"]),
        ("2026:event:09029", {"police": "4"}, ["street order", "traffic"]),
        ("2026:event:09029", {"police": "5"}, ["street order"]),
        ("2026:event:01001", {"park": "1"}, []),
        ("2013:event:09006", {"park": "1"}, []),
    ],
)
def test_rules_that_hold_come_in_the_order_of_the_file(matter: str, areas: dict[str, str], names: list[str]) -> None:
    assert [rule.name for rule in ALL.powers(matter, areas)] == names


@pytest.mark.parametrize(("level", "above"), [("street", "district"), ("district", "city"), ("city", "city")])
def test_a_case_goes_up_one_level(level: Level, above: Level) -> None:
    assert level_above(level) == above


def test_rules_that_name_too_much_at_once_are_refused_before_they_fill_the_memory() -> None:
    codes = tuple(map(str, range(300)))
    layers = [Layer(name, codes, codes, (None,) * 300, np.empty(300, dtype=object)) for name in ("a", "b", "c")]
    rules = tuple(Rule(f"{a}{c}", ("*",), (f"{a}:{c}",), "cg", "street") for a in "abc" for c in codes)
    with pytest.raises(NeedleError) as caught:
        PowerTable(RuleSet(rules, ""), layers).add("2026:event:09006")
    assert caught.value.code == "rules.too_wide"
