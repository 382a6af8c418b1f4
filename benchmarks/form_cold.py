"""The residents' form page opened from its link on a cheap phone: for the first time, and again.

The phone is that of ``phone_cold``: CPU ÷ 4, 1.6 Mbit/s, 150 ms there and back. The form has 60 questions of ten types in two
languages, with logic, in groups and a repeat. Usable: the first question can be answered (``ready`` is marked by the page, after
Enketo Core has started the form). Cold: a browser that has never run. Warm: the page opened anew in the same browser, its service
worker at work. The peer is the same page with nothing compressed.
"""

import asyncio
import gzip
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import orjson
from playwright.sync_api import Page, sync_playwright

from benchmarks.peers.relay import Relay
from benchmarks.phone_cold import ARGUMENTS, CHROMIUM, PHONE, QUIET_MS, READY_MS, served, throttle
from benchmarks.publish import compose
from benchmarks.result import Progress, Result, Size
from data.cluster import Cluster
from data.database import open_pool
from data.portal.courier_side import CourierSide
from data.portal.links_courier import LinksCourierSide
from data.portal.mailbox import ROLE, make_in, upgrade
from data.stores.link_rounds import UnpublishedLink
from forms.enketo.transform import transform
from forms.keys import KeyRing
from forms.links.tokens import LinkSecret, hash_token
from forms.xlsform.compiling import compile_form

BAR = "first question of 60 usable < 5 s cold, < 2 s warm on CPU ÷ 4 and 1.6 Mbit/s; < 260 kB"
COLD_S, WARM_S, MOST_KB = 5.0, 2.0, 260.0
ROUNDS = 5
FORM, TITLE = "household", "独居老人走访登记"
CONTROLLED = "() => navigator.serviceWorker.ready.then(() => true)"


@dataclass(frozen=True)
class Opened:
    """Seconds from the start of navigation until the first question can be answered, and what came over the wire at first."""

    cold_s: float
    warm_s: float
    kilobytes: float


def run(_: Size, progress: Progress) -> Result:
    """Open the page compressed and not, in turn, each time in a new browser; medians."""
    with tempfile.TemporaryDirectory(prefix="needle-form-") as folder, asked(Path(folder), progress) as (port, path):
        found: dict[bool, list[Opened]] = {True: [], False: []}
        for number in range(ROUNDS):
            progress(f"opening, round {number + 1}", 0.1 + 0.9 * number / ROUNDS)
            for packed in found:
                found[packed].append(open_twice(port, path, packed))
    ours, plain = middle(found[True]), middle(found[False])
    return Result(
        name="form_cold",
        bar=BAR,
        met=ours.cold_s < COLD_S and ours.warm_s < WARM_S and ours.kilobytes < MOST_KB,
        ours=figures(ours),
        peers={"not compressed": figures(plain) | {"ratio": plain.cold_s / ours.cold_s}},
    )


def figures(opened: Opened) -> dict[str, float]:
    """The page in numbers."""
    return {"cold_s": opened.cold_s, "warm_s": opened.warm_s, "on_the_wire_kb": opened.kilobytes}


def middle(all_opened: list[Opened]) -> Opened:
    """Medians."""
    return Opened(
        median(one.cold_s for one in all_opened),
        median(one.warm_s for one in all_opened),
        median(one.kilobytes for one in all_opened),
    )


def open_twice(port: int, path: str, packed: bool) -> Opened:
    """Open the page in a new browser on a throttled phone, and once more; bytes of the first time, until it is usable."""
    with Relay(port, packed) as relay, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        page = browser.new_page(**PHONE)
        throttle(page.context.new_cdp_session(page))
        address = f"http://127.0.0.1:{relay.port}{path}"
        cold_s = usable_s(page, address)
        received = relay.received
        page.evaluate(CONTROLLED)
        page.wait_for_timeout(QUIET_MS)
        warm_s = usable_s(page, address)
        browser.close()
        return Opened(cold_s, warm_s, received / 1000)


def usable_s(page: Page, address: str) -> float:
    """Open an address; after how many seconds its first question could be answered."""
    page.goto(address, wait_until="commit")
    page.wait_for_selector("body[data-ready]", timeout=120_000)
    if page.locator("form.or .question").count() == 0:
        raise RuntimeError("the form does not show")
    return float(page.evaluate(READY_MS)) / 1000


@contextmanager
def asked(folder: Path, progress: Progress) -> Iterator[tuple[int, str]]:
    """A portal with the form hung out and one link to it: its port and the link's path."""
    progress("hanging out the form", 0.0)
    folder.chmod(0o755)
    cluster = Cluster(folder / "pg")
    cluster.start()
    try:
        mailbox = make_in(cluster)
        upgrade(mailbox)
        token = asyncio.run(hang_out(mailbox, KeyRing(folder / "secrets")))
        with served("portal", {"NEEDLE_PORTAL_DATABASE_URL": cluster.url("portal", ROLE)}) as port:
            yield port, f"/f/{token}"
    finally:
        cluster.stop()


async def hang_out(mailbox: str, keys: KeyRing) -> str:
    """What the courier publishes of a form and its link; the link's token."""
    form = compile_form(compose(0))
    page, name, until = transform(form.xform), f"form-{FORM}-1", datetime.now(UTC) + timedelta(days=1)
    paper = {"form": FORM, "version": "1", "title": TITLE, "media": [], "languages": page.languages}
    body = gzip.compress(orjson.dumps({**paper, "html": page.html, "model": page.model}))
    token = LinkSecret(bytes(32)).token(1, 1)
    link = UnpublishedLink(
        1,
        1,
        "household",
        hash_token(token),
        None,
        None,
        None,
        until,
        False,
        1,
        1,
        FORM,
        TITLE,
        "幸福里社区居委会",
        until,
    )
    async with open_pool(mailbox, size=2) as pool:
        side = CourierSide(pool)
        await side.publish_key(*keys.newest)
        await side.publish([(name, body)])
        links = LinksCourierSide(pool)
        await links.publish([link])
        await links.name_papers({FORM: name})
    return token


if __name__ == "__main__":
    print(run("small", lambda what, _done: print(what, file=sys.stderr)))
