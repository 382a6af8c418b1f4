"""A rule as one sentence that a person can read aloud, in Chinese or English."""

from collections.abc import Mapping

from dispatch.reasons import word
from dispatch.rule_values import ANYWHERE, Rule
from geo.errors import Language

NO_NAMES: Mapping[str, str] = {}


def say(rule: Rule, language: Language = "zh", names: Mapping[str, str] = NO_NAMES) -> str:
    """The rule in words.

    Parameters
    ----------
    rule : Rule
    language : {"zh", "en"}
    names : mapping of str to str
        Readable names of matter keys, area keys and department codes; what is missing is said by its key.
    """
    between, stop = ("、", "。") if language == "zh" else (", ", ".")
    sentence = word(
        "phrase",
        "says_who",
        language,
        matters=between.join(say_matter(key, language, names) for key in rule.matter),
        areas=between.join(say_area(key, language, names) for key in rule.area),
        department=names.get(rule.department, rule.department),
        level=word("level", rule.level, language),
    )
    return sentence + say_conditions(rule, language) + stop


def say_matter(pattern: str, language: Language, names: Mapping[str, str]) -> str:
    if pattern == "*":
        return word("phrase", "anything", language)
    if pattern.endswith("*"):
        return word("phrase", "starting", language, prefix=pattern[:-1])
    return names.get(pattern, pattern)


def say_area(key: str, language: Language, names: Mapping[str, str]) -> str:
    return word("phrase", "anywhere", language) if key == ANYWHERE else names.get(key, key)


def say_conditions(rule: Rule, language: Language) -> str:
    parts = []
    if rule.skill:
        parts.append(word("phrase", "says_skill", language, skill=rule.skill))
    if rule.max_travel_minutes:
        parts.append(word("phrase", "says_travel", language, minutes=f"{rule.max_travel_minutes:g}"))
    if rule.urgent:
        parts.append(word("phrase", "says_urgent", language))
    if rule.exclusive:
        parts.append(word("phrase", "says_exclusive", language))
    return "".join(parts)
