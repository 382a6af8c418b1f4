"""The files that a profile names: whether they are there, and whether they have the columns that it says."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from data.profile_model import EventSource, Profile
from geo.errors import NeedleError
from geo.files import read_table


def check_files(profile: Profile, folder: Path) -> None:
    """Refuse before anything is read when a file is missing.

    Raises
    ------
    NeedleError
        ``profile.file_missing``, naming all of them.
    """
    named = [layer.file for layer in profile.layer] + [team.file for team in profile.team]
    named += [profile.events.file] if profile.events is not None else []
    missing = [name for name in named if not (folder / name).is_file()]
    if missing:
        raise NeedleError("profile.file_missing", folder=folder, missing=", ".join(missing))


def check_columns(known: Iterable[str], wanted: Iterable[str | None], what: str) -> None:
    """Refuse a table that lacks columns.

    Raises
    ------
    NeedleError
        ``profile.column_missing``, naming the missing and the present ones.
    """
    present = [str(column) for column in known]
    missing = sorted({column for column in wanted if column is not None and column not in present})
    if missing:
        raise NeedleError("profile.column_missing", what=what, missing=", ".join(missing), known=", ".join(present))


def read_events_table(source: EventSource, path: Path, extra: Iterable[str] = ()) -> pd.DataFrame:
    """The table of events as it stands, its columns checked (``extra``: columns wanted besides the source's own)."""
    table = read_table(path)
    check_columns(table.columns, [*source.columns.model_dump().values(), *extra], path.name)
    return table.reset_index(drop=True)
