"""What is known of a recipient already, put into the packet that travels sealed with their link.

From three sources: columns of the list that asks them, golden values of the registry, and what they answered before to questions
about the same fields. Only persons' and households' links carry a packet: what hangs on a door says nothing of anybody.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

import orjson

from data.database import Connection
from data.forms_layout import Kind
from data.registry.fields import by_question
from data.stores.earlier_answers import Earlier, Recipient, load_bindings, load_earlier, load_newest_xform
from data.stores.links import OutreachRow, Target
from data.stores.registry_prefill import Filled, Held, load_held, note_filled
from forms.xlsform.validation import form_of
from forms.xlsform.xform import XForm, XNode

PERSONAL: Final = ("person", "household")
FILLED: Final = frozenset(Kind) - {Kind.DIGEST, Kind.POINT, Kind.LINE, Kind.AREA}

Fields = dict[str, dict[str, str]]


@dataclass(frozen=True)
class Prefilling:
    """How packets are made for one asking. ``bindings``: registry fields by path; ``source``: who asks, of a list's columns."""

    connection: Connection
    outreach: int
    form: XForm
    bindings: Mapping[str, str]
    source: str
    today: date

    def fill(self, targets: Sequence[Target]) -> list[Target]:
        """Targets with what is known of each as their packets' content; how much that is, is noted."""
        personal = [target for target in targets if target.kind in PERSONAL]
        asked = set(self.bindings.values())
        earlier: dict[Recipient, list[Earlier]] = {}
        if asked and personal:
            for one in load_earlier(self.connection, asked, [recipient_of(target) for target in personal]):
                earlier.setdefault(one.recipient, []).append(one)
        held = load_held(self.connection, personal, asked)
        known = [
            self._known(target, earlier.get(recipient_of(target), ()), held.get(place, ()))
            for place, target in enumerate(personal)
        ]
        self._note(personal, known, held)
        filled = iter(zip(personal, known, strict=True))
        return [
            with_packet(*next(filled)) if target.kind in PERSONAL else replace(target, prefill=None)
            for target in targets
        ]

    def _known(self, target: Target, earlier: Iterable[Earlier], held: Iterable[Held]) -> Fields:
        fields = answered_before(self.form, self.bindings, earlier)
        fields |= from_registry(self.form, self.bindings, held)
        return fields | from_list(self.form, orjson.loads(target.prefill or b"{}"), self.source, self.today)

    def _note(self, targets: Sequence[Target], known: Sequence[Fields], held: Mapping[int, Sequence[Held]]) -> None:
        """How many of the questions that are about the registry were filled in, and by which claims."""
        asked = [path for path, field in self.bindings.items() if field in by_question()]
        if not asked:
            return
        filled = [
            Filled(
                target.kind,
                target.target,
                len(asked),
                sum(path in fields for path in asked),
                tuple(one.claim for one in held.get(place, ()) if self._is_used(one, fields)),
            )
            for place, (target, fields) in enumerate(zip(targets, known, strict=True))
        ]
        note_filled(self.connection, self.outreach, filled, held)

    def _is_used(self, one: Held, fields: Fields) -> bool:
        """Whether a value of the registry stands in a packet."""
        paths = [path for path, field in self.bindings.items() if field == one.field]
        return any(fields.get(path, {}).get("source") == one.source for path in paths)


def with_packet(target: Target, fields: Fields) -> Target:
    """A target with what is known of it; None where nothing is."""
    return replace(target, prefill=orjson.dumps({"fields": fields}) if fields else None)


def prefilling(connection: Connection, outreach: OutreachRow) -> Prefilling | None:
    """How packets are made for an asking; None where its form is not published yet."""
    xform = load_newest_xform(connection, outreach.form)
    if xform is None:
        return None
    bindings = load_bindings(connection, outreach.form)
    today = outreach.created_at.date()
    return Prefilling(connection, outreach.id, form_of(xform), bindings, outreach.asks, today)


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
    return as_fields(form, bindings, {field: (one.value, one.at, one.form) for field, one in newest.items()})


def from_registry(form: XForm, bindings: Mapping[str, str], held: Iterable[Held]) -> Fields:
    """What the registry holds of somebody, where the question can hold it."""
    return as_fields(form, bindings, {one.field: (one.value, one.at, one.source) for one in held})


def as_fields(form: XForm, bindings: Mapping[str, str], known: Mapping[str, tuple[Any, datetime, str]]) -> Fields:
    """Values with their moment and source, by the paths of the questions that can hold them."""
    out: Fields = {}
    for path, field in bindings.items():
        node = form.node(path)
        if node is None or field not in known:
            continue
        value, at, source = known[field]
        text = as_answer(node, value)
        if text is not None:
            out[path] = {"value": text, "since": at.date().isoformat(), "source": source}
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
