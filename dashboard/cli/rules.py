"""``needle rules``: check, accept, learn and explain the rules by which events find their team."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import pandas as pd
import typer
from rich.console import Console
from rich.markup import escape

from dashboard.cli.rules_args import RuleFile, read_rules
from dashboard.cli.rules_suggest import suggest
from dashboard.cli.rules_tables import show_accuracy, show_candidates, show_problems, show_rules, stored_sentence
from dashboard.cli.rules_what_if import what_if
from data.cluster import ensure_database
from data.database import Connection, connect
from data.settings import get_settings
from data.stores.reference import load_matters
from data.stores.rulebook import load_area_codes, load_decision, load_departments, load_routing_history
from data.stores.rules import current_rule_set, save_rule_set
from data.stores.teams import load_teams
from data.stores.workbench import load_open_tasks
from dispatch.ground import load_ground, set_loads
from dispatch.learn import Proposal, learn_routing
from dispatch.matching import decision_sentence, stored_candidates
from dispatch.rule_drafts import draft_rules
from dispatch.rules import LEVELS, RuleProblem, RuleSet, check_rules, rules_invalid
from geo.errors import Language, NeedleError
from geo.files import read_table

app = typer.Typer(help="Check, accept, learn and explain the rules of who acts where.", no_args_is_help=True)
app.command()(suggest)
app.command("what-if")(what_if)

In = Annotated[Literal["zh", "en"], typer.Option("--in", help="Language of the sentences.")]


def city_problems(connection: Connection, ruleset: RuleSet) -> list[RuleProblem]:
    """What a rule set names that the city in the database does not have."""
    matters = [f"{m.edition}:{m.kind}:{m.code}" for m in load_matters(connection)]
    departments = [department.code for department in load_departments(connection)]
    return check_rules(ruleset, matters, departments, load_area_codes(connection))


def names_of(connection: Connection, language: Language) -> dict[str, str]:
    """Readable names of matters and departments, by key."""
    matters = {f"{m.edition}:{m.kind}:{m.code}": getattr(m, f"name_{language}") for m in load_matters(connection)}
    return matters | {d.code: getattr(d, f"name_{language}") for d in load_departments(connection)}


@app.command()
def check(
    file: RuleFile,
    city: Annotated[bool, typer.Option("--city", help="Also against the city in the database.")] = False,
    language: In = "zh",
) -> None:
    """Check a rule file and say every rule in words. Exit code 1: something it names does not exist."""
    console = Console()
    ruleset, names, problems = read_rules(file), {}, []
    if city:
        with connect(ensure_database(get_settings())) as connection:
            names, problems = names_of(connection, language), city_problems(connection, ruleset)
    show_rules(ruleset, names, language, console)
    show_problems(problems, console)
    console.print(f"{len(ruleset.rules)} 条规则 rules, {len(problems)} 处问题 problems", highlight=False)
    if problems:
        raise typer.Exit(1)


@app.command()
def accept(
    file: RuleFile,
    by: Annotated[str, typer.Option(help="Who accepts them.")],
    note: Annotated[str, typer.Option(help="Why they change.")] = "",
) -> None:
    """Put a rule file in force if it is right for the city; earlier rules stay, to explain old cases."""
    ruleset = read_rules(file)
    with connect(ensure_database(get_settings())) as connection:
        problems = city_problems(connection, ruleset)
        if problems:
            raise rules_invalid(problems)
        number = save_rule_set(connection, ruleset.body, note, by)
        connection.commit()
    Console().print(f"规则集 rule set {number} 生效 in force: {len(ruleset.rules)} rules", highlight=False)


@app.command()
def learn(
    out: Annotated[Path, typer.Option(help="Write the draft here (TOML).")],
    history: Annotated[Path | None, typer.Option(help="A table of past events; default: the database's cases.")] = None,
    category: Annotated[str, typer.Option(help="Column: what it is about, known at intake.")] = "category",
    department: Annotated[str, typer.Option(help="Column: who had it in the end.")] = "department",
    time: Annotated[str, typer.Option(help="Column: when it was reported.")] = "reported_at",
    time_format: Annotated[str | None, typer.Option(help="Its format, e.g. '%m/%d/%Y %I:%M:%S %p'.")] = None,
    area: Annotated[str, typer.Option(help="Column with the code of the area it lies in.")] = "area",
    queue: Annotated[str, typer.Option(help="Column: the department's queue.")] = "queue",
    reason: Annotated[str, typer.Option(help="Column: the group of the category, known at intake.")] = "reason",
    layer: Annotated[str, typer.Option(help="The layer whose codes the areas are.")] = "subdistrict",
    edition: Annotated[str, typer.Option(help="Edition of the matters that the categories become.")] = "city",
    held_back: Annotated[int, typer.Option(min=1, help="Last months to test on.")] = 3,
    table: Annotated[Path | None, typer.Option(help="Write the whole table here (CSV), queues too.")] = None,
) -> None:
    """Propose rules from history, with their accuracy on months kept back, for a person to accept."""
    console = Console()
    with console.status("读取历史 reading history"):
        levels, keys = {}, {}
        if history is None:
            with connect(ensure_database(get_settings())) as connection:
                events = load_routing_history(connection, layer)
                levels = {d.code: level for d in load_departments(connection) for level in LEVELS if level == d.level}
            keys = {key: key for key in events["category"].unique()}
        else:
            columns = {category: "category", department: "department", time: "reported_at"}
            columns |= {area: "area", queue: "queue", reason: "reason"}
            events = read_history(history, columns, time_format)
    with console.status("学习 learning"):
        proposal = learn_routing(events, held_back)
    out.write_text(draft_rules(proposal, edition, layer, levels, keys), encoding="utf-8")
    if table is not None:
        pd.DataFrame([vars(line) for line in proposal.routings]).to_csv(table, index=False)
    show_accuracy(proposal, console)
    say_next(proposal, out, console)


def read_history(path: Path, columns: dict[str, str], time_format: str | None) -> pd.DataFrame:
    """A table of past events under our names for its columns."""
    events = read_table(path).rename(columns=columns)
    if "reported_at" in events:
        events["reported_at"] = pd.to_datetime(events["reported_at"], format=time_format, errors="coerce")
    return events


def say_next(proposal: Proposal, out: Path, console: Console) -> None:
    """What the person does with the draft."""
    console.print(f"{len(proposal.routings)} 行 lines → {out}", highlight=False)
    console.print(f"审阅后 after reading it: needle rules accept {out} --by NAME", highlight=False)


@app.command()
def explain(
    case_number: Annotated[str | None, typer.Argument(help="案卷号: explain the decision that was stored.")] = None,
    matter: Annotated[str | None, typer.Option(help="Decide now, storing nothing: a matter key ...")] = None,
    lng: Annotated[float | None, typer.Option(help="... and a place, WGS84 degrees.")] = None,
    lat: Annotated[float | None, typer.Option()] = None,
    language: In = "zh",
) -> None:
    """Say why a case went to its team, or who would get an event now; with the reason for every other team."""
    console = Console()
    with connect(ensure_database(get_settings())) as connection:
        if case_number is not None:
            explain_case(connection, case_number, language, console)
        elif matter is not None and lng is not None and lat is not None:
            explain_now(connection, matter, lng, lat, language, console)
        else:
            raise NeedleError("rules.explain_what")


def explain_case(connection: Connection, case_number: str, language: Language, console: Console) -> None:
    """The stored decision of a case."""
    decision = load_decision(connection, case_number)
    teams = {team.id: team.name for team in load_teams(connection)}
    console.print(f"{decision.case_number}  {decision.at:%Y-%m-%d %H:%M:%S %Z}", highlight=False)
    console.print(escape(stored_sentence(decision, teams, language)), style="bold")
    show_candidates(stored_candidates(decision.candidates), teams, language, console)


def explain_now(
    connection: Connection, matter: str, lng: float, lat: float, language: Language, console: Console
) -> None:
    """A decision by the rules in force and the teams as they stand now."""
    if current_rule_set(connection) is None:
        raise NeedleError("rules.none_in_force")
    with console.status("装入城市 reading the city"):
        ground = load_ground(connection, (), datetime.now(UTC))
    if ground is None or ground.matcher is None:
        raise NeedleError("rules.none_in_force")
    set_loads(ground, load_open_tasks(connection))
    decision = ground.matcher.decide(matter, lng, lat, ground.atlas.locate_one(lng, lat))
    teams = {team.id: team for team in ground.matcher.teams}
    console.print(escape(decision_sentence(decision, teams, language)), style="bold")
    show_candidates(decision.candidates, {i: team.name for i, team in teams.items()}, language, console)
