"""The search index of one database, kept on disk from one process to the next, with what of the registry it holds.

Beside the index lies ``state.json``: which database it is of, in which form its entries are, up to which position of the registry
it holds what was written, and how far a first filling has come. What does not fit is thrown away. It is written after the
index, so that a process that dies between the two only reads some entries again. One process holds a folder at a time.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, TextIO

import orjson

from data.search.index import SearchIndex

FORM: Final = 1
"""Counted up when entries are indexed otherwise than before (`data.search.tokens`)."""
STATE: Final = "state.json"
LOCK: Final = "lock"


@dataclass(frozen=True, slots=True)
class State:
    """What an index holds.

    Attributes
    ----------
    position : int
        Everything that was written before it (`data.stores.registry_unlinked.load_position`), once it is full.
    filled_to : int or None
        Number of the last entity of a filling that has not ended; None: it is full.
    """

    database: str
    position: int
    filled_to: int | None
    form: int = FORM


class KeptIndex:
    """An index with its state. ``state`` is None until something was written."""

    def __init__(self, folder: Path, database: str) -> None:
        self.folder, self.database = folder, database
        self.state = read_state(folder, database)
        try:
            self.index = SearchIndex(folder / "index")
        except (OSError, ValueError):
            self.state = None
        if self.state is None:
            self.begin_anew()

    def begin_anew(self) -> None:
        """Throw away what there is."""
        self.state = None
        (self.folder / STATE).unlink(missing_ok=True)
        shutil.rmtree(self.folder / "index", ignore_errors=True)
        self.index = SearchIndex(self.folder / "index")

    def note(self, position: int, filled_to: int | None) -> None:
        """Note what the index holds now: once it is written, for good."""
        self.state = State(self.database, position, filled_to)
        new = self.folder / f"{STATE}.new"
        with new.open("wb") as file:
            file.write(orjson.dumps(asdict(self.state)))
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.folder / STATE)


def read_state(folder: Path, database: str) -> State | None:
    """The state of a folder's index; None where there is none that fits."""
    try:
        state = State(**orjson.loads((folder / STATE).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None
    fits = (state.database, state.form) == (database, FORM) and (folder / "index").is_dir()
    return state if fits else None


@contextmanager
def hold_index(home: Path, database: str) -> Iterator[KeptIndex]:
    """The database's index under a home, or one of this process alone while another process holds that.

    Indexes that nobody holds, of other databases and of processes that are no more, are removed.
    """
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    sweep(home, database)
    with suppress(BlockingIOError), held(home / database):
        yield KeptIndex(home / database, database)
        return
    own = home / f"{database}-{os.getpid()}"
    with held(own):
        yield KeptIndex(own, database)
    shutil.rmtree(own, ignore_errors=True)


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """A folder that no other holds meanwhile; ``BlockingIOError`` where another does."""
    folder.mkdir(mode=0o700, exist_ok=True)
    with (folder / LOCK).open("a") as lock:
        take(lock)
        yield


def take(lock: TextIO) -> None:
    """Take a lock that ends with its file."""
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def sweep(home: Path, kept: str) -> None:
    """Remove folders that nobody holds, but the one that is kept."""
    for folder in home.iterdir():
        if folder.name != kept and folder.is_dir():
            with suppress(OSError), held(folder):
                shutil.rmtree(folder, ignore_errors=True)
