"""What messages say, in Chinese or English, and what residents reply to be left alone."""

import csv
import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Final
from zoneinfo import ZoneInfo

from data.stores.outbox_messages import DueMessage
from forms.messengers.protocol import Message

LEAVE: Final = re.compile(r"\s*(?:td|t|退订|取消|stop|unsubscribe|n)\s*[.。!！]?\s*", re.IGNORECASE)


@cache
def texts(language: str) -> Mapping[str, str]:
    """The table ``forms/tables/messages.csv`` in a language."""
    table = files("forms").joinpath("tables", "messages.csv").read_text(encoding="utf-8")
    return {row["key"]: row[language].replace("\\n", "\n") for row in csv.DictReader(table.splitlines())}


def compose(due: DueMessage, channel: str, to: str, url: str, base: str, zone: ZoneInfo) -> Message:
    """A message as it goes out.

    Parameters
    ----------
    url : str
        The recipient's link, its fragment included.
    base : str
        Where residents find the portal.
    """
    token = url.partition("#")[0].rpartition("/")[2]
    kind = "remind" if due.is_reminder else "ask"
    words = texts(due.recipient.language)
    until = due.until.astimezone(zone)
    said = {
        "name": due.recipient.name,
        "title": due.title,
        "asks": due.asks,
        "until": until_words(until, due.recipient.language),
        "url": url,
        "leave": f"{base}/leave/{token}",
    }
    text = words[f"{kind}.{'mail' if channel == 'email' else 'text'}"].format_map(said)
    return Message(
        id=f"needle-{due.id}",
        to=to,
        name=due.recipient.name,
        language=due.recipient.language,
        subject=words[f"{kind}.subject"].format_map(said),
        text=tidy(text),
        url=url,
        leave_url=f"{base}/api/links/{token}/opt-out",
    )


def until_words(until: datetime, language: str) -> str:
    """A moment as it is said: 11月25日18:00."""
    if language == "zh":
        return f"{until.month}月{until.day}日{until:%H:%M}"
    return f"{until.day} {until:%b %Y, %H:%M}"


def tidy(text: str) -> str:
    """The text without what a missing name leaves behind."""
    return text.replace("hello ,", "hello,").replace("Hello ,", "Hello,")


def wants_out(reply: str) -> bool:
    """Whether a resident's reply asks for no more messages: one word of those that everybody uses, and nothing else."""
    return LEAVE.fullmatch(reply) is not None
