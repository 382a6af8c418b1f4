"""Commands that are imported when they are called, so that ``needle --help`` answers at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group


@dataclass(frozen=True)
class Entry:
    """One command of the command line, as the overview shows it.

    Attributes
    ----------
    name : str
        What is typed.
    source : str
        ``module:attribute``: a function, or a ``typer.Typer`` with commands of its own.
    panel : str
        The heading under which the overview lists it; ``""`` keeps it out of the overview.
    help : str
        The first sentence of its own help; a test compares the two.
    """

    name: str
    source: str
    panel: str
    help: str

    def load(self) -> Any:
        """The command itself."""
        module, attribute = self.source.split(":")
        found = getattr(import_module(module), attribute)
        if isinstance(found, typer.Typer):
            command: Any = get_group(found)
        else:
            alone = typer.Typer(add_completion=False)
            alone.command(self.name)(found)
            command = get_command(alone)
        command.name, command.rich_help_panel, command.hidden = self.name, self.panel or None, not self.panel
        return command

    def outline(self) -> Any:
        """The command as far as an overview shows it."""
        alone = typer.Typer(add_completion=False)
        alone.command(self.name, help=self.help, rich_help_panel=self.panel or None, hidden=not self.panel)(_nothing)
        return get_command(alone)


def _nothing() -> None:
    """Stands for a command in the overview."""


def lazy_group(entries: Sequence[Entry]) -> type[TyperGroup]:
    """A class of groups with these commands, for ``typer.Typer(cls=…)``."""
    by_name = {entry.name: entry for entry in entries}

    class LazyGroup(TyperGroup):
        """Knows its commands by their outlines; loads the one that is called."""

        def __init__(self, **attributes: Any) -> None:
            super().__init__(**attributes)
            self.commands.update({name: entry.outline() for name, entry in by_name.items()})

        def resolve_command(self, ctx: Any, args: list[str]) -> Any:
            """Load the command that is called."""
            if args[0] in by_name:
                self.commands[args[0]] = by_name[args[0]].load()
            return super().resolve_command(ctx, args)

    return LazyGroup
