"""The one command line: ``needle``. This file only wires; each group of commands has its own module."""

import sys
from importlib.metadata import version

import typer
from rich.console import Console

from dashboard.cli import audit, bench, channel, city, db, demo, events, layer, locate, rules, up
from geo.errors import NeedleError

app = typer.Typer(
    name="needle",
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


RUN, CITY, TOOLS = "Run the system", "Bring in a city", "Work with the parts"
app.command("demo", rich_help_panel=RUN)(demo.demo)
app.command("up", rich_help_panel=RUN)(up.up)
app.command("worker", rich_help_panel=RUN)(up.worker)
app.command("serve", rich_help_panel=RUN)(up.serve)
app.command("rehearse", hidden=True)(up.rehearse)
app.command("status", rich_help_panel=RUN)(up.status)
app.add_typer(db.app, name="db", rich_help_panel=RUN)
app.add_typer(channel.app, name="channel", rich_help_panel=RUN)
app.add_typer(city.app, name="city", rich_help_panel=CITY)
app.add_typer(layer.app, name="layer", rich_help_panel=CITY)
app.add_typer(events.app, name="events", rich_help_panel=CITY)
app.command("locate", rich_help_panel=TOOLS)(locate.locate)
app.add_typer(audit.app, name="audit", rich_help_panel=TOOLS)
app.add_typer(rules.app, name="rules", rich_help_panel=TOOLS)
app.command("bench", rich_help_panel=TOOLS)(bench.bench)


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
