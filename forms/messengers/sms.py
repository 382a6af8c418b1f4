"""SMS by any gateway with an HTTP address: what is sent and how success looks is configuration, not code."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from string import Template
from typing import Final
from urllib.parse import quote_plus

import httpx
import orjson

from data.stores.links import Recipient
from forms.messengers.protocol import Message, Outcome, Try
from geo.errors import NeedleError

JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"
LATER: Final = (408, 425, 429, 503)
"""The gateway says itself that it did not take the message."""
PROBLEM_LENGTH: Final = 300


@dataclass(frozen=True, slots=True)
class Gateway:
    """A gateway's address and ways.

    Attributes
    ----------
    body : str
        A template with ``${phone}``, ``${text}``, ``${name}``, ``${url}`` and ``${id}`` (the same at every try, for gateways that
        recognise what they have sent); values are written as ``content_type`` (JSON or form) needs them.
    success : str
        A regular expression that the answer's body must match besides a status of 2xx.
    """

    url: str
    body: str
    headers: Mapping[str, str]
    content_type: str = JSON
    success: str = ""
    method: str = "POST"


class Sms:
    """A messenger over a gateway. ``client`` must be guarded: the address comes from a file that people edit."""

    channel = "sms"

    def __init__(self, gateway: Gateway, client: httpx.AsyncClient) -> None:
        self.gateway, self.client = gateway, client
        self.success = re.compile(gateway.success)

    def address(self, recipient: Recipient) -> str | None:
        """Whoever has a telephone number."""
        return recipient.phone

    async def send(self, message: Message) -> Try:
        """Hand a message to the gateway."""
        content = filled(self.gateway.body, message, self.gateway.content_type)
        headers = {"Content-Type": self.gateway.content_type, **self.gateway.headers}
        try:
            answer = await self.client.request(
                self.gateway.method, self.gateway.url, content=content.encode(), headers=headers
            )
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            return Try(Outcome.AGAIN, f"{type(error).__name__}: {error}"[:PROBLEM_LENGTH])
        except NeedleError as error:
            return Try(Outcome.AGAIN, f"{error.code}: {error.sentence('en')}"[:PROBLEM_LENGTH])
        except httpx.TransportError as error:
            return Try(Outcome.UNCLEAR, f"unclear: {type(error).__name__}: {error}"[:PROBLEM_LENGTH])
        return self.read(answer)

    def read(self, answer: httpx.Response) -> Try:
        """What a gateway's answer means."""
        said = f"{answer.status_code} {answer.text}"[:PROBLEM_LENGTH]
        if answer.is_success:
            is_taken = self.success.search(answer.text) is not None
            return Try(Outcome.SENT) if is_taken else Try(Outcome.REFUSED, said)
        if answer.status_code in LATER:
            return Try(Outcome.AGAIN, said)
        return Try(Outcome.UNCLEAR, f"unclear: {said}") if answer.is_server_error else Try(Outcome.REFUSED, said)


def filled(body: str, message: Message, content_type: str) -> str:
    """The body with a message's values in it: nobody's name can end a JSON string or begin another form field."""
    values = {"phone": message.to, "text": message.text, "name": message.name, "url": message.url, "id": message.id}
    kind = content_type.partition(";")[0].strip().lower()
    if kind == JSON:
        values = {name: orjson.dumps(value).decode()[1:-1] for name, value in values.items()}
    elif kind == FORM:
        values = {name: quote_plus(value) for name, value in values.items()}
    return Template(body).substitute(values)
