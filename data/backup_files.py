"""The files that a database speaks of, in a backup of their own beside it: photos of reports, files of answers and of forms.

Files lie by the SHA-256 of their content, so that a restore only adds what is missing, and proves each file by its own name. They
are written after the database is, and put back before it: so nothing that the database names is missing.
"""

import os
import tempfile
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Final

from geo.errors import NeedleError

Tell = Callable[[str, int, int], None]
#: Folders of an installation's home. Keys (``secrets``) are kept elsewhere than what they open: they are no part of it.
FOLDERS: Final = ("photos", "attachments")
CHUNK: Final = 1 << 20


def files_beside(path: Path) -> Path:
    """Where the files of the backup ``path`` lie."""
    return path.with_name(path.name + ".files.zip")


def backup_files(home: Path, path: Path, tell: Tell) -> int:
    """Write an installation's files beside the backup ``path``; how many. The file appears only when it is whole.

    Raises
    ------
    NeedleError
        ``backup.exists``.
    """
    target = files_beside(path)
    if target.exists():
        raise NeedleError("backup.exists", path=target)
    target.parent.mkdir(parents=True, exist_ok=True)
    found = [file for folder in FOLDERS for file in sorted((home / folder).glob("??/*")) if digest_of(file)]
    draft = target.with_name(target.name + ".part")
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_STORED, strict_timestamps=False) as archive:
        for number, file in enumerate(found):
            tell("files", number, len(found))
            archive.write(file, file.relative_to(home).as_posix())
    with draft.open("rb") as whole:
        os.fsync(whole.fileno())
    draft.replace(target)
    return len(found)


def restore_files(home: Path, path: Path, tell: Tell) -> int:
    """Put the files of the backup ``path`` back where they are missing; how many were. None beside it: nothing to do.

    Raises
    ------
    NeedleError
        ``backup.unreadable``: damaged, or with something in it that is no file of ours; nothing was changed before that file.
    """
    source = files_beside(path)
    if not source.exists():
        return 0
    added = 0
    try:
        with zipfile.ZipFile(source) as archive:
            names = archive.namelist()
            for number, name in enumerate(names):
                tell("files", number, len(names))
                added += put_back(archive, name, home)
    except (zipfile.BadZipFile, EOFError, ValueError) as error:
        raise NeedleError("backup.unreadable", path=source, reason=error) from error
    return added


def put_back(archive: zipfile.ZipFile, name: str, home: Path) -> bool:
    """One file of a backup, whole and proved; False where it is there already."""
    target = home / name
    digest = digest_of(target)
    if target.relative_to(home).parts[0] not in FOLDERS or len(Path(name).parts) != 3 or digest is None:
        raise ValueError(name)
    if target.exists():
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    seen = sha256()
    with archive.open(name) as source, tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as file:
        while chunk := source.read(CHUNK):
            seen.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    if seen.hexdigest() != digest:
        Path(file.name).unlink()
        raise ValueError(name)
    Path(file.name).replace(target)
    return True


def digest_of(file: Path) -> str | None:
    """The SHA-256 that a file is named by, in hexadecimal digits; None for what is no kept file."""
    digest = file.parent.name + file.stem
    return digest if len(digest) == 64 and set(digest) <= set("0123456789abcdef") else None
