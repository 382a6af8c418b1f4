"""The one command line: ``needle``. This file only lists; each command is imported when it is called."""

import sys
from importlib.metadata import version

import typer
from rich.console import Console

from dashboard.cli.lazy import Entry, lazy_group
from geo.errors import NeedleError

RUN, ASK, CITY, TOOLS = "Run the system", "Ask residents", "Bring in a city", "Work with the parts"
COMMANDS = (
    Entry(
        "demo",
        "dashboard.cli.demo:demo",
        RUN,
        "Build the demo city (first time only) and show it live: reports, teams at work, everything on the wall map.",
    ),
    Entry(
        "up",
        "dashboard.cli.up:up",
        RUN,
        "Start the database, the operators' server, the worker, the deliverer, the courier and the residents' portal.",
    ),
    Entry(
        "worker",
        "dashboard.cli.up:worker",
        RUN,
        "Run one worker alone, in the foreground; several may run side by side.",
    ),
    Entry(
        "deliver",
        "dashboard.cli.up:deliver",
        RUN,
        "Tell other systems of cases and take their answers; one process, in the foreground.",
    ),
    Entry(
        "portal",
        "dashboard.cli.portal:portal",
        RUN,
        "Serve the residents' pages; knows the mailbox's database and no other.",
    ),
    Entry(
        "courier",
        "dashboard.cli.portal:courier",
        RUN,
        "Fetch residents' sealed mail, open it, file it, and write back how it stands; one process, in the foreground.",
    ),
    Entry("serve", "dashboard.cli.up:serve", RUN, "Run the operators' server alone, in the foreground."),
    Entry(
        "rehearse",
        "dashboard.cli.up:rehearse",
        "",
        "Let the demo city's people live: they report, and teams work, over HTTP alone.",
    ),
    Entry(
        "status", "dashboard.cli.up:status", RUN, "Say what runs, which city is loaded and how much work is waiting."
    ),
    Entry("db", "dashboard.cli.db:app", RUN, "Start, stop, migrate, back up and restore the database."),
    Entry("account", "dashboard.cli.account:app", RUN, "Say who may sign in, with which role, and what they see."),
    Entry(
        "channel", "dashboard.cli.channel:app", RUN, "Give systems keys to send reports with, list them, revoke them."
    ),
    Entry(
        "registry", "dashboard.cli.registry:app", RUN, "Bring tables into the registry, link what is one and the same."
    ),
    Entry(
        "connector",
        "dashboard.cli.connector:app",
        RUN,
        "Connect departments' own systems: which are told of cases, and what is not delivered.",
    ),
    Entry(
        "link",
        "dashboard.cli.link:app",
        ASK,
        "Ask persons, households, buildings or an area by links; revoke, reissue, export them.",
    ),
    Entry(
        "poster",
        "dashboard.cli.poster:poster",
        ASK,
        "Print an asking's links on A4 sheets for doors: QR code, address to type, who asks and until when.",
    ),
    Entry(
        "message",
        "dashboard.cli.message:app",
        ASK,
        "Send messages to residents, remind them, leave alone who wants none.",
    ),
    Entry(
        "identity",
        "dashboard.cli.identity:app",
        ASK,
        "Let residents say who they are: thresholds, purposes, what is kept.",
    ),
    Entry("form", "dashboard.cli.form:app", ASK, "Check, publish, list and export forms (XLSForm)."),
    Entry("collect", "dashboard.cli.collect:app", ASK, "Let field workers fill forms in with ODK Collect."),
    Entry("city", "dashboard.cli.city:app", CITY, "Bring in a real city by its profile."),
    Entry("layer", "dashboard.cli.layer:app", CITY, "Bring in boundaries and see which there are."),
    Entry("events", "dashboard.cli.events:app", CITY, "Bring in what happened, or let it happen again."),
    Entry(
        "locate",
        "dashboard.cli.locate:locate",
        TOOLS,
        "Say for each point in which area of each layer it lies, and how near the border.",
    ),
    Entry(
        "geocode",
        "dashboard.cli.geocode:geocode",
        TOOLS,
        "Find addresses among the city's own buildings, however they are written.",
    ),
    Entry(
        "batch",
        "dashboard.cli.batch:app",
        TOOLS,
        "Work through folders of Parquet parts, on every core here or on a Dask cluster.",
    ),
    Entry("audit", "dashboard.cli.audit:app", TOOLS, "Check what was loaded before anybody decides by it."),
    Entry("rules", "dashboard.cli.rules:app", TOOLS, "Check, accept, learn and explain the rules of who acts where."),
    Entry(
        "screenshots",
        "dashboard.cli.screenshots:screenshots",
        TOOLS,
        "Take a picture of every page, in both languages and themes, as screens of their size show it.",
    ),
    Entry(
        "bench",
        "dashboard.cli.bench:bench",
        TOOLS,
        "Measure the hot paths beside their peers, in the same run, as ratios.",
    ),
)

app = typer.Typer(
    name="needle",
    cls=lazy_group(COMMANDS),
    help=(
        "Needle (一根针): put every incident on the right grid cell, with the nearest team that has the power to act, "
        "and watch it until it is verified as done.\n\n"
        "Start here: [bold]needle demo[/bold] builds a city and shows it live."
    ),
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def print_version(wanted: bool) -> None:
    """Print the version and stop."""
    if wanted:
        print(f"needle {version('needle')}")
        raise typer.Exit


@app.callback()
def root(
    version: bool = typer.Option(False, "--version", callback=print_version, is_eager=True, help="Show the version."),
) -> None:
    """Options that stand before any command."""


def main() -> None:
    """Run the command line; an error of the catalogue is said in both languages and ends with exit code 2."""
    try:
        app()
    except NeedleError as error:
        console = Console(stderr=True)
        console.print(f"[bold red]{error.code}[/bold red]", highlight=False)
        console.print(error.sentence("zh"), markup=False, highlight=False)
        console.print(error.sentence("en"), markup=False, highlight=False)
        sys.exit(2)
