"""``needle rules what-if``: past cases through other rules, before and after."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from dashboard.cli.layer_args import steps_on
from dashboard.cli.rules_args import RuleFile, read_rules
from data.cluster import ensure_database
from data.database import connect
from data.settings import get_settings
from data.stores.past_cases import read_past_cases
from data.stores.rulebook import load_departments
from dispatch.what_if import PastCases, Replayed, Side, replay
from dispatch.what_if_changes import Changes, side_as_is, side_with
from dispatch.what_if_compare import Comparison, compare
from dispatch.what_if_stage import load_stage, matter_indices
from geo.stats.bootstrap import Interval, Paired

SHOWN: Final = 15
MINUTES: Final = frozenset({"reach", "reach_p90", "way"})


def what_if(
    path: RuleFile,
    days: Annotated[int, typer.Option(help="Cases reported in so many last days.", min=1)] = 90,
) -> None:
    """Send past cases through other rules: who would have had them, how far the ways, before and after. Ctrl-C stops it."""
    console, now, rules = Console(), datetime.now(UTC), read_rules(path)
    with connect(ensure_database(get_settings())) as connection:
        stage = load_stage(connection)
        departments = tuple(row.code for row in load_departments(connection))
        rows = read_past_cases(connection, now - timedelta(days=days), now, departments)
    columns = {name: rows[name].copy() for name in ("lng", "lat", "reported", "due", "answered", "department", "team")}
    cases = PastCases(matter=matter_indices(stage, rows["matter"].tolist()), **columns, departments=departments)
    sides = side_as_is(stage), side_with(stage, Changes(rules=rules))
    with steps_on(console) as steps:

        def run(side: Side, name: str) -> Replayed:
            return replay(side, cases, lambda done, total: steps.say(name, done / total))

        replays = run(sides[0], "rules in force"), run(sides[1], path.name)
    show(compare(cases, sides, replays), console)


def said(name: str, value: Interval) -> str:
    """Minutes or per cent with their interval."""
    scale, unit = (1 / 60, "min") if name in MINUTES else (100.0, "%")
    return f"{value.value * scale:.1f} {unit} ({value.low * scale:.1f} – {value.high * scale:.1f})"


def row_of(name: str, figure: Paired) -> tuple[str, ...]:
    """A line of the table; a difference that cannot be told from zero says so."""
    apart = "not distinguishable" if figure.difference.holds_zero else said(name, figure.difference)
    return name, said(name, figure.before), said(name, figure.after), apart


def show(found: Comparison, console: Console) -> None:
    """Print the comparison."""
    title = f"{found.cases:,} cases; 95 % intervals by bootstrap over {found.groups}"
    table = Table(title=title, title_justify="left")
    for column in ("", "before", "after", "after - before"):
        table.add_column(column, justify="left" if not column else "right")
    for name, figure in found.figures.items():
        table.add_row(*row_of(name, figure))
    for load in found.loads[:SHOWN]:
        had, has = load.cases
        if had != has:
            table.add_row(load.team.name, f"{had:,}", f"{has:,}", f"{has - had:+,}")
    console.print(table)
    console.print(f"another team: {found.moved:,}; another department: {found.handed_over:,}")
