"""Messages: by a real gateway and a real mail server, once a round, not at night, and never to who wants none."""

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from hypothesis import given
from hypothesis import strategies as st

from data.database import AsyncPool, Connection, open_pool
from data.stores.links import Asking, Recipient, Target, add_outreach, load_links, load_outreach, revoke_links
from data.stores.outbox_messages import claim, enqueue, leave, load_messages, remind, retry_dead
from data.stores.reading import reading
from dispatch.delivery.addresses import guarded_client
from forms.links.issuing import issue
from forms.links.tokens import LinkSecret
from forms.messengers.email import Email, MailServer
from forms.messengers.postman import Letterhead, Postman
from forms.messengers.protocol import Message, Messenger, Outcome, Spool, Try
from forms.messengers.quiet import PAUSES, Quiet, next_try
from forms.messengers.settings import FILE, read_settings
from forms.messengers.sms import FORM, JSON, Gateway, Sms, filled
from forms.messengers.texts import wants_out
from geo.errors import NeedleError

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
SECRET = LinkSecret(bytes(32))
HEAD = Letterhead(SECRET, "https://ask.example", ZONE)
WANG = Recipient("王小明", "13800000000", "wang@example.org")
MESSAGE = Message(
    "needle-7",
    "13800000000",
    '王"小\\明',
    "zh",
    "满意度调查",
    "请填写\n《调查》&=",
    "https://a/f/X",
    "https://a/api/links/X/opt-out",
)


# --- quiet hours and back-off -------------------------------------------------------------------------------------


@given(st.integers(0, 10**7).map(lambda minutes: NOW + timedelta(minutes=minutes)), st.times(), st.times())
def test_quiet_hours_end_at_their_end_within_a_day(moment: datetime, start: time, end: time) -> None:
    quiet = Quiet(start, end)
    over = quiet.over_at(moment, ZONE)
    assert moment <= over <= moment + timedelta(days=1)
    assert not quiet.holds(over, ZONE)
    assert (over == moment) == (not quiet.holds(moment, ZONE))


@pytest.mark.parametrize(
    ("clock", "is_quiet"), [("21:59", False), ("22:00", True), ("03:00", True), ("07:59", True), ("08:00", False)]
)
def test_nobody_is_disturbed_at_night(clock: str, is_quiet: bool) -> None:
    moment = datetime.combine(NOW.date(), time.fromisoformat(clock), ZONE)
    assert Quiet().holds(moment, ZONE) is is_quiet


def test_pauses_grow_and_end() -> None:
    pauses = [next_try(tries, NOW) for tries in range(1, len(PAUSES) + 2)]
    assert pauses[-1] is None
    moments = [at for at in pauses if at is not None]
    assert moments == sorted(moments)


# --- what is said, and what comes back -----------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["TD", " td ", "T", "退订", "退订。", "Stop", "取消！"])
def test_one_reply_ends_messages(words: str) -> None:
    assert wants_out(words)


@pytest.mark.parametrize("words", ["", "谢谢", "TD是什么", "不退订", "today"])
def test_other_replies_do_not(words: str) -> None:
    assert not wants_out(words)


@pytest.mark.parametrize("content_type", [JSON, FORM])
def test_no_name_breaks_out_of_the_gateways_format(content_type: str) -> None:
    if content_type == JSON:
        found = json.loads(filled('{"to": "${phone}", "name": "${name}", "text": "${text}"}', MESSAGE, JSON))
    else:
        found = dict(httpx.QueryParams(filled("to=${phone}&name=${name}&text=${text}", MESSAGE, FORM)))
    assert found == {"to": MESSAGE.to, "name": MESSAGE.name, "text": MESSAGE.text}


# --- a gateway -----------------------------------------------------------------------------------------------------


@dataclass
class GatewayServer:
    """A gateway on this machine: answers what it is told to, and keeps what it got."""

    status: int = 200
    answer: str = '{"code": 0}'
    got: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def gateway() -> Iterator[GatewayServer]:
    told = GatewayServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.got.append(
                (self.headers["Authorization"], json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            )
            body = told.answer.encode()
            if told.status == 0:  # takes the message and says nothing
                self.connection.close()
                return
            self.send_response(told.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    told.url = f"http://127.0.0.1:{server.server_port}/send"
    yield told
    server.shutdown()
    server.server_close()
    thread.join()


def as_configured(url: str) -> Gateway:
    return Gateway(url, '{"to": "${phone}", "text": "${text}"}', {"Authorization": "Bearer x"}, success='"code": ?0')


@pytest.mark.parametrize(
    ("status", "answer", "outcome"),
    [
        (200, '{"code": 0}', Outcome.SENT),
        (200, '{"code": 17, "why": "no balance"}', Outcome.REFUSED),
        (400, "bad number", Outcome.REFUSED),
        (429, "slower", Outcome.AGAIN),
        (503, "later", Outcome.AGAIN),
        (500, "?", Outcome.UNCLEAR),
        (0, "", Outcome.UNCLEAR),
    ],
)
async def test_a_gateways_answer_is_understood(
    gateway: GatewayServer, status: int, answer: str, outcome: Outcome
) -> None:
    gateway.status, gateway.answer = status, answer
    async with httpx.AsyncClient() as client:
        found = await Sms(as_configured(gateway.url), client).send(MESSAGE)
    assert found.outcome is outcome
    assert gateway.got == [("Bearer x", {"to": "13800000000", "text": MESSAGE.text})]


async def test_a_gateway_that_is_not_there_is_tried_again(gateway: GatewayServer) -> None:
    async with httpx.AsyncClient() as client:
        found = await Sms(as_configured("http://127.0.0.1:9/"), client).send(MESSAGE)
    assert found.outcome is Outcome.AGAIN


async def test_an_address_inside_the_network_is_never_called(gateway: GatewayServer) -> None:
    async with guarded_client((), 5) as client:
        found = await Sms(as_configured(gateway.url), client).send(MESSAGE)
    assert "delivery.address_refused" in found.problem
    assert gateway.got == []


# --- a mail server -------------------------------------------------------------------------------------------------


class MailBox:
    """A mail server's handler: keeps what it got, and answers with its number."""

    def __init__(self) -> None:
        self.got: list[bytes] = []
        self.rcpt, self.data = "250 OK", "250 OK"

    async def handle_RCPT(  # noqa: N802 - the server's own name for it
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.got.append(envelope.content if isinstance(envelope.content, bytes) else b"")
        return self.data


@pytest.fixture
def mail() -> Iterator[tuple[MailBox, Email]]:
    box = MailBox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, Email(MailServer("127.0.0.1", port, "社区居委会 <ask@example.org>", security="none"))
    controller.stop()


async def test_mail_arrives_with_the_button_that_ends_it(mail: tuple[MailBox, Email]) -> None:
    box, email = mail
    found = await email.send(Message(**{**as_dict(MESSAGE), "to": "wang@example.org"}))
    assert found == Try(Outcome.SENT)
    (got,) = (message_from_bytes(content, policy=policy.default) for content in box.got)
    assert got["From"] == "社区居委会 <ask@example.org>"
    assert got["To"].addresses[0].addr_spec == "wang@example.org"
    assert got["Subject"] == "满意度调查"
    assert got["Message-ID"] == "<needle-7@example.org>"
    assert got["List-Unsubscribe"] == "<https://a/api/links/X/opt-out>"
    assert got["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert got.get_content().split() == MESSAGE.text.split()


@pytest.mark.parametrize(
    ("rcpt", "data", "outcome"),
    [
        ("550 no such user", "250 OK", Outcome.REFUSED),
        ("451 greylisted", "250 OK", Outcome.AGAIN),
        ("250 OK", "554 spam", Outcome.REFUSED),
        ("250 OK", "452 full", Outcome.AGAIN),
    ],
)
async def test_a_mail_servers_number_is_understood(
    mail: tuple[MailBox, Email], rcpt: str, data: str, outcome: Outcome
) -> None:
    box, email = mail
    box.rcpt, box.data = rcpt, data
    assert (await email.send(Message(**{**as_dict(MESSAGE), "to": "wang@example.org"}))).outcome is outcome


async def test_a_mail_server_that_does_not_let_us_in_costs_nobody_their_message(mail: tuple[MailBox, Email]) -> None:
    server = mail[1].server
    for wrong in (replace(server, security="starttls"), replace(server, username="us", password="no")):
        assert (await Email(wrong).send(MESSAGE)).outcome is Outcome.AGAIN


async def test_a_mail_server_that_is_not_there_is_tried_again() -> None:
    found = await Email(MailServer("127.0.0.1", 9, "a@example.org", security="none")).send(MESSAGE)
    assert found.outcome is Outcome.AGAIN


def as_dict(message: Message) -> dict[str, str]:
    return {name: getattr(message, name) for name in message.__slots__}


# --- rounds --------------------------------------------------------------------------------------------------------


@dataclass
class Recording:
    """A messenger that keeps what it was given and ends as it is told."""

    channel: str = "sms"
    outcome: Outcome = Outcome.SENT
    got: list[Message] = field(default_factory=list)

    def address(self, recipient: Recipient) -> str | None:
        return recipient.phone if self.channel == "sms" else recipient.email

    async def send(self, message: Message, /) -> Try:
        self.got.append(message)
        return Try(self.outcome, "" if self.outcome is Outcome.SENT else self.outcome.value)


@dataclass
class Round:
    """An asking of three persons, all known to the portal, and a clock."""

    base: AsyncPool
    connection: Connection
    outreach: int
    now: datetime = NOW

    async def go(self, *ways: Messenger, quiet: Quiet = Quiet()) -> int:
        return await Postman(self.base, ways, HEAD, quiet, lambda: self.now)()

    async def states(self) -> list[tuple[int, str, str | None]]:
        async with reading(self.base) as connection:
            rows = await load_messages(connection, None, self.outreach)
        return sorted((row.due.round, row.state, row.problem) for row in rows)

    def link(self, number: int) -> int:
        found = [link.id for link in load_links(self.connection, self.outreach)]
        self.connection.commit()
        return found[number]

    def do(self, statement: str, *values: object) -> None:
        self.connection.execute(statement.encode(), values)
        self.connection.commit()


@pytest.fixture
async def rounds(database_url: str, connection: Connection) -> AsyncIterator[Round]:
    connection.execute("insert into city (profile, name_zh, name_en) values ('test', '测试市', 'Test')")
    until = NOW + timedelta(days=7)
    asking = Asking("survey", "满意度调查", "幸福里居委会", until, (NOW + timedelta(days=2), NOW + timedelta(days=4)))
    number = add_outreach(connection, asking)
    people = [WANG, Recipient("", "13900000000", None), Recipient("Li", None, "li@example.org", "en")]
    targets = [Target("person", f"p{n}", "x", None, None, {}, person) for n, person in enumerate(people)]
    issue(connection, load_outreach(connection, number), targets, SECRET, 1, until)
    connection.execute("update link set published = revision")
    connection.commit()
    async with open_pool(database_url) as pool:
        yield Round(pool, connection, number)


async def test_everybody_is_asked_once_by_the_first_way_that_reaches_them(rounds: Round) -> None:
    sms, email = Recording("sms"), Recording("email")
    for _ in range(3):
        await rounds.go(sms, email)
    assert [message.to for message in sms.got] == ["13800000000", "13900000000"]
    assert [message.to for message in email.got] == ["li@example.org"]
    assert await rounds.states() == [(0, "sent", None)] * 3
    token = SECRET.token(rounds.link(0), 1)
    assert sms.got[0].text == (
        f"【幸福里居委会】王小明您好，请填写《满意度调查》，12月1日10:00截止：https://ask.example/f/{token} 不想再收到，回复TD。"
    )
    assert email.got[0].text.startswith("Hello Li,\n\n幸福里居委会 asks you")
    assert f"/leave/{SECRET.token(rounds.link(2), 1)}" in email.got[0].text


async def test_two_postmen_at_once_send_nothing_twice(rounds: Round) -> None:
    ways = [Recording("sms"), Recording("sms")]
    await asyncio.gather(*(rounds.go(way, Recording("email")) for way in ways))
    sent = [message for way in ways for message in way.got]
    assert sorted(message.to for message in sent) == ["13800000000", "13900000000"]
    assert len({message.id for message in sent}) == 2


async def test_only_who_has_not_answered_is_reminded_once_a_round(rounds: Round) -> None:
    sms = Recording("sms")
    await rounds.go(sms, Spool())
    rounds.do("update link set used_at = now() where id = %s", rounds.link(0))
    rounds.now = NOW + timedelta(days=2, minutes=1)
    for _ in range(2):
        await rounds.go(sms, Spool())
    assert [message.to for message in sms.got] == ["13800000000", "13900000000", "13900000000"]
    assert "还没有收到您的回答" in sms.got[-1].text
    async with reading(rounds.base) as connection:
        await remind(connection, rounds.outreach, rounds.now)
    await rounds.go(sms, Spool())
    assert len(sms.got) == 4, "asked for at the console"


async def test_rounds_that_were_missed_are_not_made_up_for(rounds: Round) -> None:
    sms = Recording("sms")
    rounds.now = NOW + timedelta(days=5)
    await rounds.go(sms)
    assert len(sms.got) == 2
    assert "请填写" in sms.got[0].text, "the first message somebody gets is no reminder"


async def test_nothing_goes_out_at_night_and_all_of_it_in_the_morning(rounds: Round) -> None:
    sms = Recording("sms")
    rounds.now = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)  # 23:00 in the city
    assert await rounds.go(sms) == 0
    assert [state for _, state, _ in await rounds.states()] == ["waiting"] * 3
    rounds.now = datetime(2026, 11, 25, 0, 1, tzinfo=UTC)
    assert await rounds.go(sms, Spool()) == 3


@pytest.mark.parametrize(
    ("meanwhile", "problem"),
    [
        (lambda rounds: rounds.do("insert into opt_out (address, by) values ('13800000000', 'reply')"), "opted out"),
        (
            lambda rounds: rounds.do("insert into opt_out (address, by) values ('wang@example.org', 'link')"),
            "opted out",
        ),
        (lambda rounds: rounds.do("update link set used_at = now() where id = %s", rounds.link(0)), "answered"),
        (lambda rounds: revoke_links(rounds.connection, [rounds.link(0)]) and rounds.connection.commit(), "closed"),
    ],
)
async def test_what_became_unwanted_before_it_went_out_is_dropped(
    rounds: Round, meanwhile: Callable[[Round], object], problem: str
) -> None:
    sms = Recording("sms")
    async with reading(rounds.base) as connection:
        assert await enqueue(connection, NOW) == 3
    meanwhile(rounds)
    await rounds.go(sms, Spool())
    assert [message.to for message in sms.got] == ["13900000000"]
    assert (0, "dropped", problem) in await rounds.states()


async def test_who_wants_none_gets_none_from_any_asking(rounds: Round) -> None:
    async with reading(rounds.base) as connection:
        await leave(connection, "13900000000", "reply")
        assert await enqueue(connection, NOW) == 2


async def test_nobody_is_sent_a_link_that_the_portal_does_not_know(rounds: Round) -> None:
    rounds.do("update link set published = 0 where id = %s", rounds.link(0))
    async with reading(rounds.base) as connection:
        assert await enqueue(connection, NOW) == 2


async def test_a_failure_is_tried_again_later_each_time_and_then_given_up(rounds: Round) -> None:
    rounds.do("update outreach set remind_at = '{}'")
    sms = Recording("sms", Outcome.AGAIN)
    for _ in range(20):
        await rounds.go(sms, Recording("email"))
        rounds.now += timedelta(hours=6)
    assert len(sms.got) == 2 * (len(PAUSES) + 1)
    assert [state for _, state, _ in await rounds.states()].count("dead") == 2


@pytest.mark.parametrize(("outcome", "again"), [(Outcome.UNCLEAR, 0), (Outcome.REFUSED, 2)])
async def test_what_may_have_arrived_is_only_sent_again_on_demand(rounds: Round, outcome: Outcome, again: int) -> None:
    await rounds.go(Recording("sms", outcome), Recording("email"))
    rounds.now += timedelta(hours=1)
    assert await rounds.go(Recording("sms")) == 0
    async with reading(rounds.base) as connection:
        assert await retry_dead(connection, unclear=False) == again
        assert await retry_dead(connection, unclear=True) == 2 - again


async def test_a_message_that_was_being_sent_when_all_stopped_is_not_sent_again(rounds: Round) -> None:
    async with reading(rounds.base) as connection:
        await enqueue(connection, NOW)
        assert len(await claim(connection, NOW, 20)) == 3
    rounds.now += timedelta(minutes=11)
    sms = Recording("sms")
    await rounds.go(sms)
    assert sms.got == []
    assert {(state, (problem or "").split(":")[0]) for _, state, problem in await rounds.states()} == {
        ("dead", "unclear")
    }


async def test_a_link_of_another_secret_is_not_sent(rounds: Round) -> None:
    postman = Postman(
        rounds.base, [Spool()], Letterhead(LinkSecret(b"x" * 32), "https://x", ZONE), Quiet(), lambda: NOW
    )
    await postman()
    assert {problem for _, _, problem in await rounds.states()} == {"link.secret_changed"}


# --- the file ------------------------------------------------------------------------------------------------------


def test_settings_come_from_a_file_and_secrets_from_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "sms").write_text("hidden\n")
    (tmp_path / FILE).write_text(
        '[quiet]\nfrom = "21:00"\nuntil = "09:30"\n[sms]\nurl = "https://sms.example"\nbody = "{}"\n'
        'headers = { Authorization = "Bearer ${secret:sms}" }\n[email]\nhost = "h"\nsender = "a@b.cn"\n'
    )
    found = read_settings(tmp_path)
    assert found.quiet == Quiet(time(21), time(9, 30))
    assert found.gateway is not None
    assert found.gateway.headers == {"Authorization": "Bearer hidden"}
    assert found.mail_server == MailServer("h", 587, "a@b.cn")


def test_without_a_file_messages_stay_on_the_spool(tmp_path: Path) -> None:
    found = read_settings(tmp_path)
    assert (found.quiet, found.gateway, found.mail_server) == (Quiet(), None, None)


@pytest.mark.parametrize("text", ["[sms]\nurl = 1", "[sms", "[quiet]\nform = '22:00'", "[email]\nhost = 'h'"])
def test_a_mistake_in_the_file_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(NeedleError) as told:
        read_settings(tmp_path)
    assert told.value.code == "message.settings"
