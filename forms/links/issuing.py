"""Issue links: numbers from the database, tokens from the secret, only hashes kept."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Final

from data.database import Connection
from data.stores.links import (
    LinkRow,
    NewLink,
    OutreachRow,
    Target,
    load_links,
    save_links,
    save_reissued,
    take_numbers,
)
from forms.links.prefilling import prefilling
from forms.links.tokens import LinkSecret, address, hash_token, open_prefill, seal_prefill
from geo.errors import NeedleError

AT_ONCE: Final = 10_000
POSTED: Final = ("building", "area")
"""Kinds of links that hang on a wall for everybody: they have a code to type, and are used any number of times."""


def issue(
    connection: Connection,
    outreach: OutreachRow,
    targets: Iterable[Target],
    secret: LinkSecret,
    uses_allowed: int | None,
    expires_at: datetime,
    progress: Callable[[int], None] = lambda _: None,
) -> int:
    """Issue a link to each target that has none of this asking yet, with what is known of it; how many. The caller commits.

    Parameters
    ----------
    uses_allowed : int or None
        How often each may be used; None: any number.
    progress : Callable
        Told how many are issued.
    """
    issued, rest = 0, iter(targets)
    known = prefilling(connection, outreach)
    while batch := list(islice(rest, AT_ONCE)):
        batch = known.fill(batch) if known is not None else batch
        numbers = take_numbers(connection, len(batch))
        links = [new_link(number, target, secret) for number, target in zip(numbers, batch, strict=True)]
        issued += save_links(connection, outreach.id, links, uses_allowed, expires_at)
        progress(issued)
    return issued


def new_link(number: int, target: Target, secret: LinkSecret) -> NewLink:
    """The first issue of a link."""
    token_hash, short_hash = hashes(secret, number, 1, target.kind)
    key = secret.prefill_key(number, 1)
    sealed = None if target.prefill is None else seal_prefill(target.prefill, key, token_hash)
    return NewLink(number, target, token_hash, short_hash, sealed)


def reissue(connection: Connection, outreach_id: int, ids: Sequence[int], secret: LinkSecret, until: datetime) -> int:
    """Give links another token, with their uses before them; the old tokens lead nowhere. How many; the caller commits."""
    found = list(load_links(connection, outreach_id, ids))
    save_reissued(connection, [(*_next_issue(link, secret), until, link.id) for link in found])
    return len(found)


def addresses(links: Iterable[LinkRow], secret: LinkSecret, base: str) -> Iterator[tuple[LinkRow, str, str | None]]:
    """Each link with its address in full, and with the code to type where it has one.

    Raises
    ------
    NeedleError
        ``link.secret_changed``: it was issued under another secret, and only issuing it anew helps.
    """
    for link in links:
        token = secret.token(link.id, link.issue)
        if hash_token(token) != link.token_hash:
            raise NeedleError("link.secret_changed", link=link.id)
        key = secret.prefill_key(link.id, link.issue) if link.prefill is not None else None
        short = secret.short(link.id, link.issue) if link.kind in POSTED else None
        yield link, address(base, token, key), short


def hashes(secret: LinkSecret, number: int, issue: int, kind: str) -> tuple[bytes, bytes | None]:
    """What is kept of an issue: the hashes of its token and of its code to type."""
    short = hash_token(secret.short(number, issue)) if kind in POSTED else None
    return hash_token(secret.token(number, issue)), short


def _next_issue(link: LinkRow, secret: LinkSecret) -> tuple[int, bytes, bytes | None, bytes | None]:
    number = link.issue + 1
    token_hash, short_hash = hashes(secret, link.id, number, link.kind)
    sealed = None
    if link.prefill is not None:
        plain = open_prefill(link.prefill, secret.prefill_key(link.id, link.issue), link.token_hash)
        sealed = seal_prefill(plain, secret.prefill_key(link.id, number), token_hash)
    return number, token_hash, short_hash, sealed
