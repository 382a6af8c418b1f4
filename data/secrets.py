"""Secrets by name: from the environment (``NEEDLE_SECRET_<NAME>``) or a file of the secrets' folder; never in the database."""

import os
import tempfile
from pathlib import Path

from geo.errors import NeedleError


def read_secret(name: str, folder: Path) -> str:
    """The secret ``name``; letters other than A-Z, a-z and 0-9 are written ``_`` in the environment's variable.

    Raises
    ------
    NeedleError
        ``delivery.secret_missing`` naming the variable and the file that were looked for.
    """
    variable = "NEEDLE_SECRET_" + "".join(c if c.isascii() and c.isalnum() else "_" for c in name).upper()
    file = folder / Path(name).name
    found = os.environ.get(variable)
    if found is None and file.is_file():
        found = file.read_text(encoding="utf-8")
    if not found or not found.strip():
        raise NeedleError("delivery.secret_missing", name=name, variable=variable, file=file)
    return found.strip()


def make_once(file: Path, content: bytes) -> None:
    """Write a secret durably, readable by its owner alone; where one is already, it stays: of two processes the first wins."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=file.parent, delete=False) as made:
        made.write(content)
        made.flush()
        os.fsync(made.fileno())
    try:
        file.hardlink_to(made.name)
    except FileExistsError:
        pass
    finally:
        Path(made.name).unlink()
