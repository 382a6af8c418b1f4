"""The demo city's asking: satisfaction with local services in one street, half of it answered, some doors refused or silent.

Everything goes by the functions of real work: the template is published, links are issued, answers are judged and kept in the
form's typed tables, uses counted, visits noted. Only the mailbox between is left out.
"""

import asyncio
import random
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from data.database import Connection, connect, open_pool
from data.stores import answer_filing, coverage
from data.stores.accounts import AccountRow, load_account
from data.stores.forms import AskedForm
from data.stores.link_rounds import LinkUse, save_uses
from data.stores.links import (
    Asking,
    LinkRow,
    OutreachRow,
    Recipient,
    Target,
    add_outreach,
    load_buildings,
    load_links,
    load_outreach,
    load_outreaches,
    load_zone,
)
from data.stores.reading import reading
from forms.answers.judging import Good, judge
from forms.answers.replies import receipt_of
from forms.links.issuing import issue
from forms.links.tokens import LinkSecret, link_secret
from forms.templates import template
from forms.xlsform.compiling import compile_form
from forms.xlsform.publishing import publish
from geo.errors import NeedleError

FORM: Final = "satisfaction"
TITLE: Final = "社区服务满意度"
HOUSES, POSTERS = 70, 14
"""Buildings whose households are asked each by a link of its own, and buildings with one link for all on their door."""
FAMILIES: Final = ("王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周", "徐", "孙", "马", "朱", "胡", "郭")
WISHES: Final = ("多几个充电车棚", "楼道灯修一修", "周末开放社区食堂", "小区门口别再占道停车", "", "", "")
TROUBLES: Final = ("parking", "repair", "charging", "noise")


@dataclass(frozen=True)
class Plan:
    """What happens to a recipient. ``answers``: how many come; ``met``: what a worker notes; ``days``: so long ago."""

    answers: int
    met: str | None
    days: float


def ensure_demo_asking(url: str, home: Path) -> None:
    """Ask the street of the demo's accounts, once; nothing happens without it, or where somebody was asked already."""
    with connect(url) as connection:
        try:
            inspector = load_account(connection, "inspector")
        except NeedleError:
            return
        if load_outreaches(connection) or not inspector.area_codes:
            return
        draw = random.Random(20261124)
        outreach = ask(connection, inspector, link_secret(home / "secrets"), draw)
        found = list(load_links(connection, outreach.id))
        zone = ZoneInfo(load_zone(connection))
    plans = {link.id: plan_of(link, draw) for link in found}
    asyncio.run(live(url, outreach, found, plans, inspector, zone))


def ask(connection: Connection, inspector: AccountRow, secret: LinkSecret, draw: random.Random) -> OutreachRow:
    """Publish the form and issue its links."""
    publish(connection, compile_form(template(FORM).form))
    now = datetime.now(UTC)
    asking = Asking(FORM, TITLE, "街道办事处", now + timedelta(days=9), (now + timedelta(days=5),), "supervisor")
    outreach = load_outreach(connection, add_outreach(connection, asking))
    street = (inspector.area_layer or "", inspector.area_codes[0])
    houses = list(islice(load_buildings(connection, street, ["residential"]), HOUSES + POSTERS))
    homes = [home for house in houses[:HOUSES] for home in households(house, draw)]
    issue(connection, outreach, homes, secret, 1, outreach.until)
    issue(connection, outreach, houses[HOUSES:], secret, None, outreach.until)
    return outreach


def households(house: Target, draw: random.Random) -> Iterator[Target]:
    """A few households of a building, some with a telephone."""
    areas = {**house.areas, "building": house.target}
    for number in range(1, draw.randint(3, 8)):
        door = f"{house.label} {draw.randint(1, 3)} 单元 {number}0{draw.randint(1, 4)}"
        name = draw.choice(FAMILIES) + draw.choice(("先生", "女士"))
        phone = f"139{draw.randint(0, 99_999_999):08d}" if draw.random() < 0.6 else None
        who = Recipient(name, phone, None) if phone else None
        yield replace(
            house, kind="household", target=f"{house.target}/{number}", label=door, areas=areas, recipient=who
        )


def plan_of(link: LinkRow, draw: random.Random) -> Plan:
    """Half answer; of the others some are met, some are not, most are left."""
    if link.kind == "building":
        return Plan(draw.choice((0, 0, 2, 5, 9)), None, draw.uniform(0.2, 6))
    share = draw.random()
    met = next(
        (name for name, below in (("refused", 0.58), ("not_reachable", 0.68), ("vacant", 0.74)) if share < below), None
    )
    return Plan(int(share < 0.5), None if share < 0.5 else met, draw.uniform(0.1, 6))


async def live(
    url: str,
    outreach: OutreachRow,
    links: Sequence[LinkRow],
    plans: dict[int, Plan],
    inspector: AccountRow,
    zone: ZoneInfo,
) -> None:
    """Let answers and visits happen."""
    async with open_pool(url, size=1) as pool, reading(pool) as connection:
        asked = await answer_filing.load_asked(connection, FORM, template(FORM).form.version)
        assert asked is not None, "it was published"
        draw, now = random.Random(7), datetime.now(UTC)
        for link in links:
            plan = plans[link.id]
            at = now - timedelta(days=plan.days)
            mails = [uuid.UUID(int=draw.getrandbits(128)).hex for _ in range(plan.answers)]
            new = [answer(asked, link, mail, at.astimezone(zone), draw) for mail in mails]
            if new:
                await answer_filing.keep_answers(connection, asked, new)
                await save_uses(connection, [LinkUse(mail, link.id, at) for mail in mails])
            if plan.met is not None:
                await coverage.add_visit(connection, link.id, plan.met, inspector.id, inspector.name, "")
        due = (now + timedelta(days=4)).astimezone(zone).date()
        await coverage.save_target(connection, outreach.id, inspector.id, len(links) * 4 // 5, due, "supervisor")


def answer(asked: AskedForm, link: LinkRow, mail: str, at: datetime, draw: random.Random) -> answer_filing.NewAnswer:
    """One household's answer, judged as if the portal had brought it."""
    text = instance(asked, mail, draw)
    verdict = judge(asked.xform, text, at, {})
    assert isinstance(verdict, Good), verdict
    return answer_filing.NewAnswer(
        verdict.instance_id, text, verdict.root, verdict.answers, at, link.id, mail, receipt_of(mail)
    )


def instance(asked: AskedForm, mail: str, draw: random.Random) -> str:
    """The answers as XForms has them: mostly content, parking less so."""
    scores = {name: min(5, max(1, round(draw.gauss(mean, 0.9)))) for name, mean in MEANS.items()}
    low = min(scores.values()) <= 2
    rating = "".join(f"<{name}>{score}</{name}>" for name, score in scores.items())
    parts = (
        f"<years>{draw.choice(('y0', 'y1', 'y5', 'y10', 'y10'))}</years>",
        f"<age_group>{draw.choice(('a18', 'a36', 'a36', 'a60'))}</age_group>",
        f"<rating>{rating}</rating>",
        f"<troubles>{draw.choice(TROUBLES)}</troubles>" if low else "",
        f"<wish>{draw.choice(WISHES)}</wish>",
        f"<overall>{min(10, round(2 * sum(scores.values()) / len(scores)))}</overall>",
        "<call_back>no</call_back>",
        f"<meta><instanceID>uuid:{uuid.UUID(mail)}</instanceID></meta>",
    )
    return f'<data id="{asked.form_id}" version="{asked.version}">{"".join(parts)}</data>'


MEANS: Final = {"cleanliness": 4.1, "safety": 4.4, "parking": 2.9, "property": 3.4, "grid": 4.5}
