"""Rules: who has the power to act, as readable TOML that is parsed, checked, evaluated and said (``docs/rules.md``).

The parts: ``rule_values`` (what a rule is and whether it holds), ``rule_parsing`` (text to rules, all problems named),
``rule_checks`` (rules against the city they are for) and ``rule_words`` (a rule as a sentence).
"""

from dispatch.rule_checks import check_rules
from dispatch.rule_parsing import RuleProblem, parse_rules, rules_invalid
from dispatch.rule_values import LEVELS, Level, Rule, RuleSet, level_above
from dispatch.rule_words import say

__all__ = [
    "LEVELS",
    "Level",
    "Rule",
    "RuleProblem",
    "RuleSet",
    "check_rules",
    "level_above",
    "parse_rules",
    "rules_invalid",
    "say",
]
