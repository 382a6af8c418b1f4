"""Many posters as one ZIP that is sent while it is made: nothing waits, and nothing is held, but one poster."""

import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from io import RawIOBase
from typing import Any, Final
from zoneinfo import ZoneInfo

from data.stores.links import LinkRow, OutreachRow
from forms.links.issuing import addresses
from forms.links.tokens import LinkSecret, grouped
from forms.posters.fonts import Slices
from forms.posters.sheet import Poster, faces_for, render

AT_ONCE: Final = 2_000
"""Posters whose characters one font is cut for."""
UNSAFE: Final = re.compile(r'[\x00-\x1f/\\:*?"<>|]+')
MOMENT: Final = (1980, 1, 1, 0, 0, 0)


class Sink(RawIOBase):
    """Takes what the ZIP writer writes, until it is fetched."""

    def __init__(self) -> None:
        self.held = bytearray()

    def writable(self) -> bool:
        """It is written to, and never sought in."""
        return True

    def write(self, content: Any) -> int:
        """Hold some bytes."""
        self.held += content
        return len(content)

    def fetch(self) -> bytes:
        """What was written since the last time."""
        found = bytes(self.held)
        self.held.clear()
        return found


def posters_of(
    outreach: OutreachRow, links: Iterable[LinkRow], secret: LinkSecret, base: str, zone: ZoneInfo
) -> list[Poster]:
    """A poster for each link; ``base``: where residents find the portal.

    Raises
    ------
    NeedleError
        ``link.secret_changed``.
    """
    return [
        Poster(
            outreach.asks,
            outreach.title,
            link.label,
            min(outreach.until, link.expires_at).astimezone(zone),
            url,
            typed_address(base, short, url),
        )
        for link, url, short in addresses(links, secret, base)
    ]


def typed_address(base: str, short: str | None, url: str) -> str:
    """What a person types: without ``https://``, which every browser adds; the code in groups of four."""
    plain = f"{base.rstrip('/')}/f/{grouped(short)}" if short is not None else url.partition("#")[0]
    return plain.removeprefix("https://")


def stream_zip(
    posters: list[Poster], slices: Slices, progress: Callable[[int, int], None] = lambda _done, _of: None
) -> Iterator[bytes]:
    """The ZIP in pieces as they are ready; ``progress`` is told how many posters of how many are in it."""
    sink = Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for at, poster in enumerate(posters):
            if at % AT_ONCE == 0:
                faces = faces_for(posters[at : at + AT_ONCE], slices)
            archive.writestr(zipfile.ZipInfo(file_name(at + 1, poster), MOMENT), render(poster, faces))
            progress(at + 1, len(posters))
            yield sink.fetch()
    yield sink.fetch()


def file_name(number: int, poster: Poster) -> str:
    """A name that sorts as the list does and that every system can keep."""
    return f"{number:05d} {UNSAFE.sub(' ', poster.label).strip()[:60] or poster.typed[-14:]}.pdf"
