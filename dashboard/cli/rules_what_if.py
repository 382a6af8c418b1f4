"""``needle rules what-if``: past cases through other rules, before and after."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from dashboard.cli.layer_args import steps_on
from dashboard.cli.rules_args import RuleFile, read_rules
from data.cluster import ensure_database
from data.database import connect
from data.settings import get_settings
from data.stores.past_cases import read_past_cases
from dispatch.ground import load_ground
from dispatch.matching import Matcher
from dispatch.what_if import Comparison, Mean, PastCases, Replayed, compare, matcher_of, replay
from geo.errors import NeedleError

SHOWN = 15


def what_if(
    path: RuleFile,
    days: Annotated[int, typer.Option(help="Cases reported in so many last days.", min=1)] = 90,
) -> None:
    """Send past cases through other rules: who would have had them, how far the ways, before and after. Ctrl-C stops it."""
    console, now, rules = Console(), datetime.now(UTC), read_rules(path)
    with connect(ensure_database(get_settings())) as connection:
        ground = load_ground(connection, (), now)
        if ground is None or ground.matcher is None:
            raise NeedleError("rules.none_in_force")
        rows = read_past_cases(connection, now - timedelta(days=days), now)
    place = {number: at for at, (number, _) in enumerate(ground.matters.values())}
    matter = np.array([place.get(number, -1) for number in rows["matter"].tolist()], np.int32)
    cases = PastCases(matter, rows["lng"].copy(), rows["lat"].copy())
    teams, matters = ground.matcher.teams, list(ground.matters)
    sides = [matcher_of(one, ground.atlas, teams, matters) for one in (ground.matcher.ruleset, rules)]
    with steps_on(console) as steps:

        def run(side: Matcher, name: str) -> Replayed:
            return replay(side, ground.atlas, cases, lambda done, total: steps.say(name, done / total))

        before, after = run(sides[0], "rules in force"), run(sides[1], path.name)
    show(compare(before, after, sides[0].teams), console)


def said(value: Mean | None) -> str:
    """Minutes with their interval."""
    return "–" if value is None else f"{value.value / 60:.1f} min ({value.low / 60:.1f} – {value.high / 60:.1f})"


def show(found: Comparison, console: Console) -> None:
    """Print the comparison."""
    table = Table(title=f"{found.cases:,} cases", title_justify="left")
    for column in ("", "before", "after"):
        table.add_column(column, justify="left" if not column else "right")
    table.add_row("nobody", f"{found.nobody[0]:,}", f"{found.nobody[1]:,}")
    table.add_row("way (95 %)", *map(said, found.way_s))
    for team, had, has in found.load[:SHOWN]:
        if had != has:
            table.add_row(team.name, f"{had:,}", f"{has:,}")
    console.print(table)
    console.print(
        f"another team: {found.moved:,}; another department: {found.handed_over:,}; saved {said(found.saved_s)}"
    )
