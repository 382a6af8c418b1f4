"""Askings, links and messages as their page reads them: addresses masked, tokens nowhere."""

import re
from dataclasses import asdict
from typing import Any, Final
from zoneinfo import ZoneInfo

from data.stores.outbox_messages import MessageRow
from data.stores.outreach_overview import AskingLine, LinkLine
from forms.messengers.settings import MessengerSettings
from forms.messengers.texts import compose

HIDDEN: Final = "••••"


def asking_as_json(row: AskingLine, messages: dict[str, int], now: float) -> dict[str, Any]:
    """An asking in the list. ``state``: draft without links, open, over."""
    counts = {"links": row.links or 0, "used": row.used or 0, "revoked": row.revoked or 0}
    over = row.until.timestamp() <= now
    return {
        "id": row.id,
        "form": row.form,
        "title": row.title,
        "asks": row.asks,
        "until": row.until.timestamp(),
        "created": row.created_at.timestamp(),
        "by": row.created_by,
        "reminders": [at.timestamp() for at in row.remind_at],
        "kinds": row.kinds or [],
        "unpublished": row.unpublished or 0,
        "filled": row.filled or 0,
        "kept": row.kept or 0,
        "state": "over" if over else "open" if row.links else "draft",
        "messages": messages,
        **counts,
    }


def link_as_json(row: LinkLine, now: float) -> dict[str, Any]:
    """A link in the list, with its state: revoked, expired, waiting for the portal, open."""
    values = {name: value for name, value in asdict(row).items() if name not in ("used_at", "expires_at", "revoked_at")}
    state = "open" if row.is_published else "waiting"
    if row.revoked_at is not None:
        state = "revoked"
    elif row.expires_at.timestamp() <= now:
        state = "expired"
    return {**values, "state": state, "used_at": None if row.used_at is None else row.used_at.timestamp()}


def message_as_json(row: MessageRow, base: str, zone: ZoneInfo) -> dict[str, Any]:
    """A message as it is (or would be) sent, its address and its link masked."""
    due = row.due
    to = due.recipient.phone or due.recipient.email or ""
    channel = row.channel or ("sms" if due.recipient.phone else "email")
    words = compose(due, channel, masked(to), f"{base}/f/{HIDDEN}", base, zone).text
    return {
        "id": due.id,
        "link": due.link_id,
        "round": due.round,
        "to": masked(to),
        "name": due.recipient.name[:1] + "*" * max(0, len(due.recipient.name) - 1),
        "state": row.state,
        "channel": row.channel,
        "problem": row.problem,
        "tries": due.tries,
        "created": row.created_at.timestamp(),
        "done": None if row.done_at is None else row.done_at.timestamp(),
        "words": words,
    }


def masked(address: str) -> str:
    """An address of which only its owner makes sense: 139****1234, w***@example.org."""
    if "@" in address:
        name, _, host = address.partition("@")
        return f"{name[:1]}***@{host}"
    return re.sub(r"^(\+?\d{3})\d+(\d{4})$", r"\1****\2", address)


def settings_as_json(found: MessengerSettings) -> dict[str, Any]:
    """How messages go out, without any secret."""
    return {
        "sms": None if found.gateway is None else found.gateway.url.split("/")[2],
        "email": None if found.mail_server is None else found.mail_server.host,
        "quiet": [found.quiet.start.strftime("%H:%M"), found.quiet.end.strftime("%H:%M")],
    }
