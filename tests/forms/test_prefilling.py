"""Prefill: what somebody answered before comes back to them alone, sealed, where the question can hold it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest

from data.database import Connection
from data.forms_layout import Kind
from data.registry.claims import Source
from data.registry.purposes import usual_purposes
from data.stores.links import Asking, Recipient, Target, add_outreach, load_links, load_outreach
from data.stores.registry_bulk import load_batch
from data.stores.registry_purposes import save_purposes
from forms.links.issuing import issue
from forms.links.prefilling import as_answer
from forms.links.tokens import LinkSecret, open_prefill
from forms.xlsform.compiling import compile_form
from forms.xlsform.model import FormDefinition, Question
from forms.xlsform.publishing import keep_submission, publish
from forms.xlsform.xform import XNode

SECRET = LinkSecret(bytes(range(32)))
UNTIL = datetime.now(UTC) + timedelta(days=3)
LI = Target("person", "p1", "李", None, None, {})
SAME_KEY = replace(LI, label="王")
HOME = Target("household", "h1", "1-2-301", None, None, {}, prefill=b'{"phone": "5551234", "nothing": "x"}')
DOOR = Target("building", "b1", "1 号楼", None, None, {}, prefill=b'{"phone": "5551234"}')


def question(name: str, kind: str, field: str) -> Question:
    return Question(name, (("", name),), type=kind, needle_field=field)


FIRST = FormDefinition(
    "first",
    "入户登记",
    "1",
    children=(question("tel", "text", "person.phone"), question("born", "date", "person.birthday")),
)
SECOND = FormDefinition(
    "second",
    "满意度",
    "1",
    children=(question("phone", "text", "person.phone"), question("age", "integer", "person.age")),
)


def asked(connection: Connection, form: str, *targets: Target) -> dict[str, Any]:
    """Issue links; what each packet says, by label."""
    outreach = load_outreach(connection, add_outreach(connection, Asking(form, form, "居委会", UNTIL)))
    issue(connection, outreach, targets, SECRET, 1, UNTIL)
    said = {}
    for link in load_links(connection, outreach.id):
        plain = link.prefill and open_prefill(link.prefill, SECRET.prefill_key(link.id, 1), link.token_hash)
        said[link.label] = orjson.loads(plain)["fields"] if plain else None
    return said


def test_what_somebody_answered_before_is_in_their_own_packet_only(connection: Connection) -> None:
    first = publish(connection, compile_form(FIRST))
    publish(connection, compile_form(SECOND))
    assert asked(connection, "first", LI)["李"] is None
    for number, phone in enumerate(("138", "139")):
        text = (
            f'<data id="first" version="1"><tel>{phone}</tel><meta><instanceID>uuid:{number}</instanceID></meta></data>'
        )
        keep_submission(connection, first, text, UTC)
        connection.execute(
            "update form_submission set link_id = (select max(id) from link), received_at = %s where instance_id = %s",
            [datetime(2026, 3, 1 + number, tzinfo=UTC), f"uuid:{number}"],
        )
    said = asked(connection, "second", LI, HOME, DOOR)
    assert said["李"] == {"/data/phone": {"value": "139", "since": "2026-03-02", "source": "入户登记"}}
    assert asked(connection, "second", SAME_KEY)["王"] is None, "the same key of another list is somebody else"
    today = datetime.now(UTC).date().isoformat()
    assert said["1-2-301"] == {"/data/phone": {"value": "5551234", "since": today, "source": "居委会"}}
    assert said["1 号楼"] is None, "what hangs on a door says nothing of anybody"
    connection.execute("update form_submission set review = 'rejected'")
    assert asked(connection, "second", LI)["李"] is None


def test_golden_values_fill_in_forms_of_those_whom_the_registry_knows_for_sure(connection: Connection) -> None:
    publish(connection, compile_form(SECOND))
    save_purposes(connection, usual_purposes(), replace=True)
    rows = [
        {"name": "李强", "phone": "13900000001", "id_number": "11010119000101009X"},
        {"name": "王芳", "phone": "13900000002"},
        {"name": "王芳", "phone": "13900000002"},
    ]
    at = datetime(2026, 3, 1, tzinfo=UTC)
    allowed = Source("import", "book", "人口台账")
    assert load_batch(connection, "person", allowed, rows, at) is not None
    other = Source("import", "narrow", "专项名单", ("epidemic",))
    load_batch(connection, "person", other, [{"name": "赵敏", "phone": "13900000003"}], at)
    ((code,),) = connection.execute("select code from registry_entity where name = '李强'").fetchall()
    ((narrow,),) = connection.execute("select code from registry_entity where name = '赵敏'").fetchall()
    known = Target("person", code, "李", None, None, {})
    by_list = Target("person", "k1", "强", None, None, {}, Recipient("李强", "13900000001", None))
    twins = Target("person", "k2", "王", None, None, {}, Recipient("王芳", "13900000002", None))
    stranger = Target("person", "k3", "李强", None, None, {}, Recipient("李强", "13911111111", None))
    said = asked(connection, "second", known, by_list, twins, stranger, Target("person", narrow, "赵", None, None, {}))
    filled = {"/data/phone": {"value": "13900000001", "since": "2026-03-01", "source": "人口台账"}}
    assert said == {"李": filled, "强": filled, "王": None, "李强": None, "赵": None}
    figures = connection.execute(
        "select sum(asked), sum(filled), sum(cardinality(claims)) from registry_filling"
    ).fetchone()
    assert figures == (5, 2, 2)
    assert connection.execute("select count(*) from registry_read where purpose = 'prefill'").fetchone() == (2,)


@pytest.mark.parametrize(
    ("node", "value", "answer"),
    [
        (XNode("/data/a", Kind.TEXT), "x", "x"),
        (XNode("/data/a", Kind.INTEGER), 7, "7"),
        (XNode("/data/a", Kind.INTEGER), "seven", None),
        (XNode("/data/a", Kind.DECIMAL), Decimal("1.50"), "1.50"),
        (XNode("/data/a", Kind.DATE), date(1954, 3, 21), "1954-03-21"),
        (XNode("/data/a", Kind.DATE), "soon", None),
        (XNode("/data/a", Kind.CHOICE, choices=("a", "b")), "a", "a"),
        (XNode("/data/a", Kind.CHOICE, choices=("a", "b")), "c", None),
        (XNode("/data/a", Kind.CHOICES, choices=("a", "b")), ["a", "b"], "a b"),
        (XNode("/data/a", Kind.CHOICE, choices=("a", "b")), ["a", "b"], None),
        (XNode("/data/a", Kind.DIGEST), "0" * 64, None),
    ],
)
def test_a_value_fills_only_a_question_that_can_hold_it(node: XNode, value: Any, answer: str | None) -> None:
    assert as_answer(node, value) == answer
