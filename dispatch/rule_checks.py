"""Checks a rule set against the city it is for: does everything exist that it names, is every rule ever reached."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from dispatch.rule_parsing import RuleProblem, rule_lines
from dispatch.rule_values import ANYWHERE, Rule, RuleSet, fits


def check_rules(
    ruleset: RuleSet,
    matters: Collection[str],
    departments: Collection[str],
    layers: Mapping[str, Collection[str]],
) -> list[RuleProblem]:
    """Everything a rule set names that the city does not have, and rules that can never be reached.

    Parameters
    ----------
    ruleset : RuleSet
    matters : collection of str
        Matter keys, ``edition:kind:code``.
    departments : collection of str
        Department codes.
    layers : mapping of str to collection of str
        The codes of each layer's areas.

    Returns
    -------
    list of RuleProblem
        In the order of the file; empty when all is well.
    """
    lines = rule_lines(ruleset.body, len(ruleset.rules))
    return [
        RuleProblem(row, line, rule.name, field, code, tuple(values.items()))
        for row, (line, rule) in enumerate(zip(lines, ruleset.rules, strict=True), 1)
        for field, code, values in [
            *unknown_matters(rule, matters),
            *unknown_departments(rule, departments),
            *unknown_areas(rule, layers),
            *shadowed(rule, ruleset.rules[: row - 1]),
        ]
    ]


Finding = tuple[str, str, dict[str, object]]


def unknown_matters(rule: Rule, matters: Collection[str]) -> Iterator[Finding]:
    for pattern in rule.matter:
        if pattern not in matters and not any(fits(pattern, key) for key in matters):
            yield "matter", "unknown_matter", {"value": pattern}


def unknown_departments(rule: Rule, departments: Collection[str]) -> Iterator[Finding]:
    if rule.department not in departments:
        yield "department", "unknown_department", {"value": rule.department}


def unknown_areas(rule: Rule, layers: Mapping[str, Collection[str]]) -> Iterator[Finding]:
    for key in rule.area:
        layer, _, code = key.partition(":")
        if key == ANYWHERE:
            continue
        if layer not in layers:
            yield "area", "unknown_layer", {"value": layer}
        elif code not in layers[layer]:
            yield "area", "unknown_area", {"layer": layer, "value": code}


def shadowed(rule: Rule, earlier: Iterable[Rule]) -> Iterator[Finding]:
    """The first earlier exclusive rule that alone covers all matters and areas of this one."""
    for number, other in enumerate(earlier, 1):
        if other.exclusive and covers(other, rule):
            yield "matter", "never_reached", {"other": number, "name": other.name}
            return


def covers(wide: Rule, narrow: Rule) -> bool:
    """Whether every matter and every area of ``narrow`` is one of ``wide``."""
    matters = all(any(fits(pattern, matter) for pattern in wide.matter) for matter in narrow.matter)
    return matters and (ANYWHERE in wide.area or set(narrow.area) <= set(wide.area))
