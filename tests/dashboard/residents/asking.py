"""A form that is asked of the demo block: published, its links issued and told to the portal, its answers sent as by a phone."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from xml.sax.saxutils import escape

import orjson

from data.database import connect, open_pool
from data.portal.links_courier import LinksCourierSide
from data.portal.links_resident import LinksResidentSide, SealedAnswer
from data.portal.resident_side import ResidentSide
from data.stores.links import Asking, Target, add_outreach, load_outreach
from forms.letters import pack
from forms.links.issuing import issue
from forms.links.publishing import LinkRounds
from forms.links.tokens import LinkSecret, hash_token
from forms.sealing import mail_id_of, open_reply, reply_key_of, seal_letter
from forms.xlsform.compiling import compile_form
from forms.xlsform.model import Choice, ChoiceList, FormDefinition, Group, Question
from forms.xlsform.publishing import publish
from tests.dashboard.residents.conftest import Zones

SECRET: Final = LinkSecret(bytes(range(32)))
LABEL: Final = (("中文 (zh)", "年龄"), ("English (en)", "Age"))
FORM: Final = FormDefinition(
    "visit",
    "入户走访",
    "1",
    children=(
        Question("age", LABEL, type="integer", required="yes", constraint=". >= 0 and . <= 120"),
        Question("alone", (("中文 (zh)", "独居"),), type="select_one", list_name="yn"),
        Question("contact", (("中文 (zh)", "联系人"),), type="text", relevant="${alone} = 'yes'", required="yes"),
        Question("photo", (("中文 (zh)", "照片"),), type="image"),
        Group(
            "child",
            (("中文 (zh)", "孩子"),),
            kind="repeat",
            children=(Question("born", (("中文 (zh)", "出生日期"),), type="date"),),
        ),
    ),
    lists=(ChoiceList("yn", (Choice("yes", (("中文 (zh)", "是"),)), Choice("no", (("中文 (zh)", "否"),)))),),
)


@dataclass(frozen=True)
class Asked:
    """An asking: its links by target, each with its token."""

    zones: Zones
    tokens: dict[str, str]
    links: dict[str, int]

    async def put(self, code: str, instance: str, target: str = "door", **more: Any) -> str:
        """Answer by a link; the mail's id."""
        head = {"code": code, "form": "visit", "version": "1", "instance": instance, "language": "zh"}
        files, replaces = more.pop("files", {}), more.get("replaces")
        plain = pack({**head, "files": [{"name": name} for name in files], **more}, tuple(files.values()))
        return await self.put_raw(mail_id_of(code), plain, target, mail_id_of(replaces) if replaces else None)

    async def put_raw(self, mail_id: str, plain: bytes, target: str = "door", replaces: str | None = None) -> str:
        """Send a letter by a link, whatever is in it; how the portal took it where it did not keep it."""
        key_id, point = self.zones.keys.newest
        sealed = seal_letter(plain, point, mail_id, "answer")
        async with open_pool(self.zones.portal) as pool:
            token = hash_token(self.tokens[target])
            answer = SealedAnswer(token, mail_id, key_id, sealed, b"somebody", replaces)
            outcome = (await LinksResidentSide(pool).use([answer]))[mail_id]
        return mail_id if outcome == "kept" else outcome

    async def reply(self, code: str) -> dict[str, Any]:
        """What the resident with this code reads."""
        mail_id = mail_id_of(code)
        async with open_pool(self.zones.portal) as pool:
            standing = await ResidentSide(pool).standing(mail_id)
        assert standing.sealed is not None, standing
        found: dict[str, Any] = orjson.loads(open_reply(standing.sealed, reply_key_of(code), mail_id))
        return found

    def uses(self, target: str) -> tuple[int, int]:
        """How often a link was used, as the base database and as the mailbox count."""
        ((here,),) = self.zones.rows("select uses from link where id = %s", self.links[target])
        with connect(self.zones.mailbox) as connection:
            row = connection.execute("select uses from mailbox.link where id = %s", [self.links[target]]).fetchone()
        assert row is not None
        return int(here), int(row[0])


async def ask(zones: Zones, form: FormDefinition = FORM, *, is_published: bool = True) -> Asked:
    """Publish a form and ask a house and a person by links."""
    with connect(zones.base) as connection:
        if is_published:
            publish(connection, compile_form(form))
        until = datetime.now(UTC) + timedelta(days=2)
        number = add_outreach(connection, Asking(form.form_id, form.title, "幸福里社区", until))
        outreach = load_outreach(connection, number)
        door, person = (
            Target("building", "door", "1 号楼", None, None, {}),
            Target("person", "li", "李", None, None, {}),
        )
        issue(connection, outreach, [door], SECRET, None, until)
        issue(connection, outreach, [person], SECRET, 1, until)
        links: dict[str, int] = dict(
            connection.execute("select target, id from link where outreach_id = %s", [number]).fetchall()
        )
    async with open_pool(zones.base) as base, open_pool(zones.mailbox) as pool:
        await LinkRounds(LinksCourierSide(pool), base)()
    return Asked(zones, {target: SECRET.token(link, 1) for target, link in links.items()}, links)


async def count_uses(zones: Zones) -> None:
    """The courier's errand with links."""
    async with open_pool(zones.base) as base, open_pool(zones.mailbox) as pool:
        await LinkRounds(LinksCourierSide(pool), base)()


def instance(number: object, age: object = 71, **more: object) -> str:
    """A filled-in form as Enketo writes it."""
    children = more.pop("children", ())
    answers = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in {"age": age, **more}.items())
    rows = "".join(f"<child><born>{born}</born></child>" for born in children)  # type: ignore[attr-defined]
    meta = f"<meta><instanceID>uuid:{number}</instanceID></meta>"
    return f'<data id="visit" version="1">{answers}{rows}{meta}</data>'
