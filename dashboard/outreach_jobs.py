"""Work of an asking that takes time, in threads with progress: issuing links, printing posters as a ZIP. It can be stopped."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from dashboard import jobs
from dashboard.accounts import Account
from dashboard.jobs import Jobs, run
from data.database import Connection, connect
from data.settings import Settings
from data.stores import links as store
from data.stores.audit import Deed, add_entry
from data.stores.reading import TAKE_ON
from forms.links import issuing
from forms.links.lists import codes_in, read_list
from forms.links.tokens import link_secret
from forms.posters.archive import posters_of, stream_zip
from forms.posters.fonts import read_slices
from geo.errors import NeedleError

FONT: Final = Path(__file__).with_name("assets") / "vendor" / "fonts" / "noto-sans-sc"


@dataclass(kw_only=True)
class Job(jobs.Job):
    """A piece of work. ``outcome``: what it made, once it is ready."""

    outcome: dict[str, Any] | None = None

    @property
    def finished(self) -> bool:
        """Whether there is an outcome."""
        return self.outcome is not None

    def result(self) -> dict[str, Any]:
        """What it made."""
        return {"outcome": self.outcome}


class OutreachJobs(Jobs[Job]):
    """The jobs of one process."""

    def __init__(self) -> None:
        super().__init__("outreach")

    def begin(self, owner: int, work: Callable[[Job], dict[str, Any]], suffix: str = "") -> str:
        """Start some work in a thread; the id of its job, ``export.busy``. ``suffix``: of the file that it writes, if any."""

        def finish(job: Job) -> None:
            job.outcome = work(job)

        return self.start(
            lambda path: Job(owner=owner, path=path.with_suffix(suffix) if suffix else None),
            lambda job: run(job, finish),
        )


# --- what is done -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wanted:
    """An asking that somebody makes: to whom (``to``), in which areas, of which uses, by which list."""

    asking: store.Asking
    to: str
    areas: tuple[tuple[str, str], ...] = ()
    uses: tuple[str, ...] = ()
    list_text: str = ""
    uses_allowed: int | None = None


@contextmanager
def as_account(url: str, account: Account) -> Iterator[Connection]:
    """A transaction in which only the account's own links are seen and changed; committed at the end."""
    with connect(url) as connection:
        connection.execute(TAKE_ON, (str(account.id),))
        yield connection


def issue_links(url: str, settings: Settings, account: Account, wanted: Wanted, deed: Deed, job: Job) -> dict[str, Any]:
    """Make the asking and issue its links; nothing of it stays where it fails or is stopped.

    Raises
    ------
    NeedleError
        ``link.nobody`` where nobody is there to be asked, ``link.list_row``, ``link.no_area``.
    """
    secret = link_secret(settings.home / "secrets")
    with connect(url) as connection:
        outreach = store.load_outreach(connection, store.add_outreach(connection, wanted.asking))
        allowed = wanted.uses_allowed or (None if wanted.to in issuing.POSTED else 1)
        found = (target for target in targets(connection, wanted) if is_own(account, target))
        issued = issuing.issue(connection, outreach, found, secret, allowed, outreach.until, job.tell)
        if not issued:
            raise NeedleError("link.nobody")
        add_entry(connection, Deed(deed.actor, deed.action, f"outreach:{outreach.id}", deed.address, {"links": issued}))
    return {"outreach": outreach.id, "links": issued}


def is_own(account: Account, target: store.Target) -> bool:
    """Whether a target lies in the account's areas; one without a place belongs to the whole city."""
    return not account.areas or any(target.areas.get(layer) == code for layer, code in account.areas)


def targets(connection: Connection, wanted: Wanted) -> Iterator[store.Target]:
    """Who is asked, as they come."""
    if wanted.to == "building":
        for area in wanted.areas or (None,):
            yield from store.load_buildings(connection, area, wanted.uses)
    elif wanted.to == "area":
        if not wanted.areas:
            raise NeedleError("link.no_area", area="")
        yield from (store.load_area(connection, *area) for area in wanted.areas)
    else:
        yield from listed(connection, wanted)


def listed(connection: Connection, wanted: Wanted) -> Iterator[store.Target]:
    """The persons or households of a list."""
    with tempfile.TemporaryDirectory(prefix="needle-list-") as folder:
        path = Path(folder) / "list.csv"
        path.write_text(wanted.list_text, encoding="utf-8")
        houses = {house.target: house for house in store.load_buildings(connection, None, None, codes_in(path))}
        yield from read_list(path, wanted.to, houses)


def print_posters(
    url: str, settings: Settings, account: Account, outreach: int, ids: Sequence[int] | None, job: Job
) -> dict[str, Any]:
    """Write the posters of an asking's open links, or of some of them, as a ZIP.

    Raises
    ------
    NeedleError
        ``poster.nothing``, ``link.secret_changed``.
    """
    assert job.path is not None, "posters are a file"
    secret, slices = link_secret(settings.home / "secrets"), read_slices(FONT)
    with as_account(url, account) as connection:
        asked, zone = store.load_outreach(connection, outreach), ZoneInfo(store.load_zone(connection))
        found = store.load_links(connection, outreach, ids, open_only=True)
        posters = posters_of(asked, found, secret, settings.residents_address, zone)
    if not posters:
        raise NeedleError("poster.nothing")
    job.tell(0, len(posters))
    with job.path.open("wb") as out:
        for part in stream_zip(posters, slices, job.tell):
            out.write(part)
    return {"posters": len(posters)}
