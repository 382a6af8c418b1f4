"""What ``needle city check`` measures, and how it says it."""

from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from dashboard.cli.city_tables import show_agreement, verdict
from data.importers.checking import AgreementResult, agreement, routing_history
from data.importers.city import Progress, RealCity
from data.importers.locating import Whereabouts, locate_events
from data.profile_model import Learning
from dispatch.learn import learn_routing
from geo.errors import NeedleError


@dataclass(frozen=True)
class LearningResult:
    """How often the department learned from the months before is the one that had the event in the month kept back."""

    month: str
    learned_from: int
    tested: int
    share: float
    at_least: float

    @property
    def met(self) -> bool:
        """Whether the share reaches what the profile asks for."""
        return self.share >= self.at_least


@dataclass(frozen=True)
class CheckResult:
    """Everything that a check found. ``counts`` are rows by what they are, bilingual label first."""

    counts: dict[str, int]
    agreements: list[AgreementResult]
    learning: LearningResult

    @property
    def met(self) -> bool:
        """Whether everything reaches what the profile asks for."""
        return self.learning.met and all(found.met for found in self.agreements)


def check_city(city: RealCity, tell: Progress) -> CheckResult:
    """Measure what the profile's ``[check]`` asks for; pure but for the progress.

    Raises
    ------
    NeedleError
        ``profile.no_check`` for a profile without one, or without events.
    """
    profile, asked = city.profile, city.profile.check
    if asked is None or profile.events is None or city.events is None or city.table is None:
        raise NeedleError("profile.no_check", name=profile.name)
    tell("locating", 0, 1)
    whereabouts = locate_events(city.events, city.atlas, profile.events.uncertainty_m)
    agreements = [agreement(layer, city.table, city.events, whereabouts) for layer in asked.agreement]
    tell("locating", 1, 1)
    tell("learning", 0, 1)
    learning = learn(city, whereabouts, asked.learning)
    tell("learning", 1, 1)
    return CheckResult(row_counts(city, whereabouts), agreements, learning)


def learn(city: RealCity, whereabouts: Whereabouts, asked: Learning) -> LearningResult:
    """Learn departments from the months before the one kept back, and see how often they hold in it."""
    assert city.events is not None
    month = f"{asked.month:%Y-%m}"
    history = routing_history(city.events, whereabouts, asked.area, city.profile.timezone)
    until = history[history["reported_at"].dt.strftime("%Y-%m") <= month]
    found = next(m for m in learn_routing(until, held_back=1).months if m.month == month)
    return LearningResult(month, found.learned_from, found.tested, found.share, asked.at_least)


def row_counts(city: RealCity, whereabouts: Whereabouts) -> dict[str, int]:
    """What the rows are: every row is read, and located or unknown."""
    assert city.events is not None
    problems = city.events.problem_counts()
    unknown = int((city.events.location_problem != "").sum())
    return {
        "读入 read": len(city.events),
        "有真实位置 with a real location": len(city.events) - unknown,
        "位置不明 location unknown": unknown,
        "  其中默认点 of these on the geocoder's default spot": problems["coordinate.default_spot"],
        "辖区之外 outside every area": int(whereabouts.outside.sum()),
        "近界待核 near a border, to be confirmed": int(whereabouts.ambiguous.any(axis=0).sum()),
        "办结早于报告 closes before it opens": problems["event.closed_before_opened"],
        "编号缺失或重复 key missing or repeated": problems["event.key_missing"] + problems["event.key_repeated"],
        "时间看不懂 unreadable time": problems["event.time_invalid"],
    }


def show_check(found: CheckResult, console: Console) -> None:
    """Print everything that was measured."""
    table = Table(title="行数 rows", title_justify="left", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_column(justify="right")
    total = next(iter(found.counts.values()))
    for label, count in found.counts.items():
        table.add_row(label, f"{count:,}", f"{count / max(total, 1):.1%}")
    console.print(table)
    show_agreement(found.agreements, console)
    learned = found.learning
    console.print(
        f"学得的部门 learned department, {learned.month} kept back: {learned.share:.2%} of {learned.tested:,} "
        f"(asked ≥ {learned.at_least:.0%}, learned from {learned.learned_from:,})  {verdict(learned.met)}",
        highlight=False,
        soft_wrap=True,
    )
