"""How ``needle rules`` prints rules, problems, decisions and what history taught."""

from collections.abc import Iterable, Mapping

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from data.stores.rulebook import StoredDecision
from dispatch.learn import Proposal
from dispatch.match_sentences import minutes
from dispatch.matching import Candidate, candidate_sentence
from dispatch.reasons import word
from dispatch.rules import RuleProblem, RuleSet, say
from geo.errors import Language


def show_rules(ruleset: RuleSet, names: Mapping[str, str], language: Language, console: Console) -> None:
    """Every rule as a sentence, in order of priority."""
    for number, rule in enumerate(ruleset.rules, 1):
        console.print(
            f"{number}. [bold]{escape(rule.name)}[/bold]  {escape(say(rule, language, names))}", highlight=False
        )


def show_problems(problems: Iterable[RuleProblem], console: Console) -> None:
    """Every problem in both languages."""
    for problem in problems:
        console.print(problem.sentence("zh"), style="red", markup=False, highlight=False)
        console.print(problem.sentence("en"), style="dim", markup=False, highlight=False)


def show_candidates(
    candidates: Iterable[Candidate], teams: Mapping[int, str], language: Language, console: Console
) -> None:
    """Every team that was looked at with its sentence, the chosen first."""
    table = Table()
    table.add_column("原因" if language == "zh" else "reason")
    table.add_column("分钟" if language == "zh" else "min", justify="right")
    table.add_column("在办" if language == "zh" else "open", justify="right")
    table.add_column("说明" if language == "zh" else "in words")
    for candidate in candidates:
        table.add_row(
            candidate.reason,
            minutes(candidate.travel_s),
            f"{candidate.load}/{candidate.capacity}",
            escape(candidate_sentence(candidate, teams.get(candidate.team_id, f"#{candidate.team_id}"), language)),
            style="bold green" if candidate.reason == "chosen" else None,
        )
    console.print(table)


def stored_sentence(decision: StoredDecision, teams: Mapping[int, str], language: Language) -> str:
    """A stored decision as one sentence."""
    team = teams.get(decision.team_id or -1, "")
    parts = [word("outcome", decision.outcome, language, team=team, minutes=minutes(decision.travel_s or 0.0))]
    if decision.rule:
        parts.append(word("note", "by_rule", language, rule=decision.rule))
    if decision.goes_up_to:
        parts.append(word("note", "goes_up", language, level=word("level", decision.goes_up_to, language)))
    return ",".join(parts) + "。" if language == "zh" else ", ".join(parts) + "."


def show_accuracy(proposal: Proposal, console: Console) -> None:
    """How well tables learned from the months before foretold the months kept back."""
    table = Table(title="留出月份 months kept back", title_justify="left")
    for column in ("月份 month", "学自 learned from", "检验 tested", "覆盖 covered", "部门 department", "队列 queue"):
        table.add_column(column, justify="right")
    for month in proposal.months:
        covered = f"{month.covered / month.tested:.1%}"
        table.add_row(
            month.month,
            f"{month.learned_from:,}",
            f"{month.tested:,}",
            covered,
            f"{month.share:.2%}",
            f"{month.queue_share:.2%}",
        )
    console.print(table)
    table = Table(title="各部门 departments", title_justify="left")
    for column in ("部门 department", "实有 had", "判给 foretold", "判对 right", "召回 recall", "准确 precision"):
        table.add_column(column, justify="right")
    for found in proposal.departments:
        recall = f"{found.right / found.had:.1%}" if found.had else "—"
        precision = f"{found.right / found.foretold:.1%}" if found.foretold else "—"
        table.add_row(found.department, f"{found.had:,}", f"{found.foretold:,}", f"{found.right:,}", recall, precision)
    console.print(table)
