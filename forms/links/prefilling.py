"""What is known of a recipient already, put into the packet that travels sealed with their link.

From two sources: columns of the list that asks them, and what they answered before to questions about the same fields of the
registry. Only persons' and households' links carry a packet: what hangs on a door for everybody says nothing of anybody.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

import orjson

from data.database import Connection
from data.forms_layout import Kind
from data.stores.earlier_answers import Earlier, Recipient, load_bindings, load_earlier, load_newest_xform
from data.stores.links import OutreachRow, Target
from forms.xlsform.validation import form_of
from forms.xlsform.xform import XForm, XNode

PERSONAL: Final = ("person", "household")
FILLED: Final = frozenset(Kind) - {Kind.DIGEST, Kind.POINT, Kind.LINE, Kind.AREA}

Fields = dict[str, dict[str, str]]


@dataclass(frozen=True)
class Prefilling:
    """How packets are made for one asking. ``bindings``: registry fields by path; ``source``: who asks, of a list's columns."""

    connection: Connection
    form: XForm
    bindings: Mapping[str, str]
    source: str
    today: date

    def fill(self, targets: Sequence[Target]) -> list[Target]:
        """Targets with what is known of each as their packets' content."""
        personal = [recipient_of(target) for target in targets if target.kind in PERSONAL]
        earlier: dict[Recipient, list[Earlier]] = {}
        if self.bindings and personal:
            for one in load_earlier(self.connection, set(self.bindings.values()), personal):
                earlier.setdefault(one.recipient, []).append(one)
        return [self._filled(target, earlier.get(recipient_of(target), ())) for target in targets]

    def _filled(self, target: Target, earlier: Iterable[Earlier]) -> Target:
        if target.kind not in PERSONAL:
            return replace(target, prefill=None) if target.prefill is not None else target
        fields = answered_before(self.form, self.bindings, earlier)
        fields |= from_list(self.form, orjson.loads(target.prefill or b"{}"), self.source, self.today)
        return replace(target, prefill=orjson.dumps({"fields": fields}) if fields else None)


def prefilling(connection: Connection, outreach: OutreachRow) -> Prefilling | None:
    """How packets are made for an asking; None where its form is not published yet."""
    xform = load_newest_xform(connection, outreach.form)
    if xform is None:
        return None
    bindings = load_bindings(connection, outreach.form)
    return Prefilling(connection, form_of(xform), bindings, outreach.asks, outreach.created_at.date())


def recipient_of(target: Target) -> Recipient:
    """By what somebody is known again."""
    return target.kind, target.target, target.label


def from_list(form: XForm, said: Mapping[str, Any], source: str, today: date) -> Fields:
    """What a list says of somebody, by the paths of the questions that it names; a name that the form lacks is left out."""
    paths = {node.path.rpartition("/")[2]: node.path for node in form.nodes if node.kind in FILLED}
    known = {paths[name]: str(value) for name, value in said.items() if name in paths}
    return {path: {"value": value, "since": today.isoformat(), "source": source} for path, value in known.items()}


def answered_before(form: XForm, bindings: Mapping[str, str], earlier: Iterable[Earlier]) -> Fields:
    """What somebody answered before, the newest of each field, where the question can hold it."""
    newest: dict[str, Earlier] = {}
    for one in earlier:
        if one.field not in newest or one.at > newest[one.field].at:
            newest[one.field] = one
    out: Fields = {}
    for path, field in bindings.items():
        node, known = form.node(path), newest.get(field)
        text = None if node is None or known is None else as_answer(node, known.value)
        if text is not None and known is not None:
            out[path] = {"value": text, "since": known.at.date().isoformat(), "source": known.form}
    return out


def as_answer(node: XNode, value: Any) -> str | None:
    """A value as a question of another form would have it; None where it cannot."""
    chosen = value if isinstance(value, list) else [value]
    if node.kind not in FILLED or (node.kind is not Kind.CHOICES and len(chosen) != 1):
        return None
    texts = [as_text(each) for each in chosen]
    if node.choices and not set(texts) <= set(node.choices):
        return None
    if node.kind is Kind.INTEGER and not texts[0].lstrip("-").isdigit():
        return None
    if node.kind in (Kind.DATE, Kind.DATETIME) and not isinstance(value, date):
        return None
    if node.kind is Kind.DATE:
        return texts[0][:10]
    return " ".join(texts)


def as_text(value: Any) -> str:
    """A value as XForms write it."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    return f"{value:f}" if isinstance(value, Decimal) else value.isoformat() if isinstance(value, date) else str(value)
