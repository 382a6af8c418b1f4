"""What every way of sending has in common: a message, a messenger, and how a try may end."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from data.stores.links import Recipient


class Outcome(StrEnum):
    """How a try ended. A message whose fate is unclear is never sent again by itself: nobody gets it twice."""

    SENT = "sent"
    AGAIN = "again"
    REFUSED = "refused"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Try:
    """An outcome, and what went wrong in the words of the other side."""

    outcome: Outcome
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it goes out. ``id`` is the same at every try; ``leave_url``: where a POST ends further messages."""

    id: str
    to: str
    name: str
    language: str
    subject: str
    text: str
    url: str
    leave_url: str


class Messenger(Protocol):
    """A way of sending."""

    @property
    def channel(self) -> str:
        """sms, email, spool."""

    def address(self, recipient: Recipient) -> str | None:
        """Where this way reaches somebody; None: not."""

    async def send(self, message: Message, /) -> Try:
        """Try once. Whatever goes wrong is in the outcome."""


class Spool:
    """Keeps messages where officials read them: for cities without a gateway, and to see what would be sent."""

    channel = "spool"

    def address(self, recipient: Recipient) -> str | None:
        """Everybody with an address of any kind."""
        return recipient.phone or recipient.email

    async def send(self, _message: Message, /) -> Try:
        """The message's row is the spool: there is nothing else to do."""
        return Try(Outcome.SENT)
