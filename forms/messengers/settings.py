"""How messages are sent, from a TOML file that an installation edits; without one, they stay on the spool.

::

    [quiet]
    from = "22:00"
    until = "08:00"

    [sms]
    url = "https://sms.example.com/send"
    body = '{"mobile": "${phone}", "content": "${text}", "serial": "${id}"}'
    success = '"code": ?0'
    headers = { Authorization = "Bearer ${secret:sms}" }

    [email]
    host = "smtp.example.com"
    port = 587
    sender = "社区居委会 <ask@example.com>"
    username = "ask"
    password = "${secret:smtp}"

``${secret:NAME}`` is read from the environment or the secrets' folder (``data.secrets``), never written here.
"""

import re
import tomllib
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from data.secrets import read_secret
from forms.messengers.email import MailServer
from forms.messengers.quiet import Quiet
from forms.messengers.sms import JSON, Gateway
from geo.errors import NeedleError

FILE: Final = "messengers.toml"
SECRET: Final = re.compile(r"\$\{secret:([\w-]+)\}")


class Strict(BaseModel):
    """A misspelt key is an error, not a default."""

    model_config = ConfigDict(extra="forbid")


class QuietTable(Strict):
    """``[quiet]``"""

    start: Annotated[time, Field(alias="from")] = time(22)
    end: Annotated[time, Field(alias="until")] = time(8)


class SmsTable(Strict):
    """``[sms]``"""

    url: str
    body: str
    headers: dict[str, str] = {}
    content_type: str = JSON
    success: str = ""
    method: Literal["POST", "PUT"] = "POST"


class EmailTable(Strict):
    """``[email]``"""

    host: str
    sender: str
    port: int = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str = ""
    password: str = ""


class MessengersFile(Strict):
    """The whole file."""

    quiet: QuietTable = QuietTable()
    sms: SmsTable | None = None
    email: EmailTable | None = None


@dataclass(frozen=True, slots=True)
class MessengerSettings:
    """What is configured: hours, and the ways of sending in the order in which they are tried."""

    quiet: Quiet
    gateway: Gateway | None = None
    mail_server: MailServer | None = None


def read_settings(home: Path) -> MessengerSettings:
    """The settings of an installation; its folder of secrets is ``home/secrets``.

    Raises
    ------
    NeedleError
        ``message.settings`` naming what is wrong; ``delivery.secret_missing``.
    """
    file = home / FILE
    if not file.is_file():
        return MessengerSettings(Quiet())
    try:
        found = MessengersFile.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise NeedleError("message.settings", file=file, reason=str(error)) from error
    secrets = home / "secrets"
    return MessengerSettings(
        Quiet(found.quiet.start, found.quiet.end), _gateway(found.sms, secrets), _mail_server(found.email, secrets)
    )


def _gateway(table: SmsTable | None, secrets: Path) -> Gateway | None:
    if table is None:
        return None
    headers = {name: with_secrets(value, secrets) for name, value in table.headers.items()}
    body = with_secrets(table.body, secrets)
    return Gateway(table.url, body, headers, table.content_type, table.success, table.method)


def _mail_server(table: EmailTable | None, secrets: Path) -> MailServer | None:
    if table is None:
        return None
    password = with_secrets(table.password, secrets)
    return MailServer(table.host, table.port, table.sender, table.security, table.username, password)


def with_secrets(text: str, folder: Path) -> str:
    """The text with the secrets that it names."""
    return SECRET.sub(lambda slot: read_secret(slot[1], folder), text)
