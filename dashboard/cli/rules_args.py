"""What the commands over rule files share: the argument, and its reading."""

from pathlib import Path
from typing import Annotated

import typer

from dispatch.rules import RuleSet, parse_rules
from geo.errors import NeedleError

RuleFile = Annotated[Path, typer.Argument(help="A rule file (TOML), see docs/rules.md.")]


def read_rules(path: Path) -> RuleSet:
    """Read a rule file.

    Raises
    ------
    NeedleError
        ``rules.unreadable``, and what ``parse_rules`` raises.
    """
    try:
        return parse_rules(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise NeedleError("rules.unreadable", path=path, reason=error) from error
