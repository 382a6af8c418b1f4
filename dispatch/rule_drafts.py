"""A learned routing table as a rule file for a person to read, change and accept."""

import json
import re
from collections import defaultdict
from collections.abc import Mapping

from dispatch.learn import Proposal, Routing
from dispatch.rule_values import ANYWHERE, Level

NO_KEYS: Mapping[str, str] = {}
NO_LEVELS: Mapping[str, Level] = {}


def draft_rules(
    proposal: Proposal,
    edition: str,
    area_layer: str,
    levels: Mapping[str, Level] = NO_LEVELS,
    matter_keys: Mapping[str, str] = NO_KEYS,
) -> str:
    """The lines of categories as rules: areas that have another department first and exclusive, then the whole city.

    Parameters
    ----------
    proposal : Proposal
    edition : str
        A category without a key of its own becomes the matter ``edition:event:category``.
    area_layer : str
        The layer whose codes the history's areas are.
    levels : mapping of str to str
        Level of each department; ``district`` where it is not known.
    matter_keys : mapping of str to str
        Matter key of a category.
    """
    general = [line for line in proposal.routings if line.by == "category"]
    usual = {line.key: line.department for line in general}
    particular = [
        line for line in proposal.routings if line.by == "category_area" and line.department != usual.get(line.key)
    ]

    def rule(name: str, of_rule: list[Routing], area: str, extra: str = "") -> str:
        keys = [matter_keys.get(line.key) or matter_key(edition, line.key) for line in of_rule]
        return rule_text(name, keys, area, of_rule, levels.get(of_rule[0].department, "district")) + extra

    texts = [heading(proposal)]
    texts += [
        rule(f"{d} · {area_layer}:{a}", of_rule, f"{area_layer}:{a}", "exclusive = true\n")
        for (d, a), of_rule in grouped(particular).items()
    ]
    texts += [rule(department, of_rule, ANYWHERE) for (department, _), of_rule in grouped(general).items()]
    return "\n".join(texts)


def grouped(table: list[Routing]) -> dict[tuple[str, str | None], list[Routing]]:
    """Lines by department and area, in order."""
    groups: dict[tuple[str, str | None], list[Routing]] = defaultdict(list)
    for line in sorted(table, key=lambda line: (line.department, line.area or "", line.key)):
        groups[line.department, line.area].append(line)
    return dict(groups)


def matter_key(edition: str, category: str) -> str:
    """A category as a matter's key; the signs that keys are made of become dashes."""
    return f"{edition}:event:{re.sub('[:*]', '-', category)}"


def rule_text(name: str, keys: list[str], area: str, of_rule: list[Routing], level: Level) -> str:
    """One ``[[rule]]``, each matter on its own line with what stands behind it."""
    matters = "".join(f"    {quoted(key)},  # {evidence(line)}\n" for key, line in zip(keys, of_rule, strict=True))
    return (
        f"[[rule]]\nname = {quoted(name)}\nmatter = [\n{matters}]\narea = [{quoted(area)}]\n"
        f"department = {quoted(of_rule[0].department)}\nlevel = {quoted(level)}\n"
    )


def evidence(line: Routing) -> str:
    """What stands behind a line."""
    queue = ", " + "".join(c if c.isprintable() else " " for c in line.queue) if line.queue else ""
    return f"{line.share:.0%} / {line.support}{queue}"


def quoted(text: str) -> str:
    """A TOML basic string: JSON's escapes are TOML's, but for the delete character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def heading(proposal: Proposal) -> str:
    """What the file is and how well such tables did."""
    months = "".join(
        f"#   {m.month}: 部门 department {m.share:.2%}, 队列 queue {m.queue_share:.2%} of {m.tested} "
        f"(covered {m.covered / m.tested:.1%}, learned from {m.learned_from})\n"
        for m in proposal.months
    )
    return (
        "# 由历史学得的派遣规则(草案),须由人审定。Rules learned from history: a draft for a person to accept.\n"
        "# 留出月份的准确率 accuracy on months kept back:\n"
        f"{months}"
        "# 每行注释:历史上归该部门的比例 / 件数, 队列。\n"
        "# Beside each matter: share of its events that this department had / events, queue.\n"
    )
