"""E-mail by SMTP, with the button that ends further mail (RFC 8058) in every message."""

import asyncio
import smtplib
import ssl
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.utils import formataddr, formatdate, parseaddr
from typing import Final

from data.stores.links import Recipient
from forms.messengers.protocol import Message, Outcome, Try

PATIENCE_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class MailServer:
    """A server that takes mail. ``security``: tls, starttls or none; ``username`` empty: without signing in."""

    host: str
    port: int
    sender: str
    security: str = "starttls"
    username: str = ""
    password: str = ""


class Email:
    """A messenger over a mail server."""

    channel = "email"

    def __init__(self, server: MailServer) -> None:
        self.server = server

    def address(self, recipient: Recipient) -> str | None:
        """Whoever has an e-mail address."""
        return recipient.email

    async def send(self, message: Message) -> Try:
        """Hand a message to the server."""
        return await asyncio.to_thread(self._send, as_mail(message, self.server.sender))

    def _send(self, mail: EmailMessage) -> Try:
        """Only what happens while the words are on their way can leave it unclear whether they arrived."""
        is_under_way = is_taken = False
        try:
            with self._connected() as smtp:
                for code, answer in (
                    smtp.mail(parseaddr(self.server.sender)[1]),
                    smtp.rcpt(mail["To"].addresses[0].addr_spec),
                ):
                    if code >= 400:
                        return refused(code, answer)
                is_under_way = True
                code, answer = smtp.data(mail.as_bytes(policy=policy.SMTP))
                if code >= 400:
                    return refused(code, answer)
                is_taken = True
        except smtplib.SMTPDataError as error:
            return refused(error.smtp_code, error.smtp_error)
        except (OSError, smtplib.SMTPException) as error:
            said = f"{type(error).__name__}: {error}"[:300]
            if not is_taken:
                return Try(Outcome.UNCLEAR, f"unclear: {said}") if is_under_way else Try(Outcome.AGAIN, said)
        return Try(Outcome.SENT)

    def _connected(self) -> smtplib.SMTP:
        server, context = self.server, ssl.create_default_context()
        if server.security == "tls":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=PATIENCE_S, context=context)
        else:
            smtp = smtplib.SMTP(server.host, server.port, timeout=PATIENCE_S)
        try:
            smtp.ehlo()
            if server.security == "starttls":
                smtp.starttls(context=context)
                smtp.ehlo()
            if server.username:
                smtp.login(server.username, server.password)
        except (OSError, smtplib.SMTPException):
            smtp.close()
            raise
        return smtp


def refused(code: int, answer: bytes | str) -> Try:
    """What a server's number means: 4xx later, 5xx never."""
    said = f"{code} {answer.decode(errors='replace') if isinstance(answer, bytes) else answer}"[:300]
    return Try(Outcome.AGAIN if code < 500 else Outcome.REFUSED, said)


def as_mail(message: Message, sender: str) -> EmailMessage:
    """A message as mail; its id is the same at every try, so that a mail program shows it once."""
    mail = EmailMessage()
    mail["From"] = formataddr(parseaddr(sender))
    mail["To"] = formataddr((message.name, message.to))
    mail["Subject"] = message.subject
    mail["Date"] = formatdate()
    mail["Message-ID"] = f"<{message.id}@{parseaddr(sender)[1].rpartition('@')[2]}>"
    mail["Content-Language"] = message.language
    mail["Auto-Submitted"] = "auto-generated"
    mail["List-Unsubscribe"] = f"<{message.leave_url}>"
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(message.text)
    return mail
