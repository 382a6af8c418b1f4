"""A worker confirms in person: the code that a resident shows, who they say they are, and the worker's word."""

import secrets
from dataclasses import dataclass
from typing import Final

import numpy as np
import orjson
import qrcode

from data.stores import identity_checks as checks
from data.stores.identity_checks import AsyncConnection, CheckRow
from forms.identity.vault import Vault
from geo.errors import NeedleError

SHOWN_FIRST, SHOWN_LAST = 6, 4
HIDDEN: Final = "*"
MARK: Final = "needle:visit:"
"""By which a worker's phone knows the picture for what it is."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who stands before the worker, as they say themselves; either may be empty."""

    name: str
    id_number: str

    @property
    def masked(self) -> str:
        """As much of the number as it takes to compare it with a document that one holds in the hand."""
        hidden = len(self.id_number) - SHOWN_FIRST - SHOWN_LAST
        return (
            self.id_number[:SHOWN_FIRST] + HIDDEN * max(0, hidden) + self.id_number[-SHOWN_LAST:] if hidden > 0 else ""
        )


def qr_rows(code: str) -> list[str]:
    """The code as a QR code without its border: rows of 0 and 1, for the resident's page to draw."""
    picture = qrcode.QRCode(border=0)
    picture.add_data(f"{MARK}{code}")
    return ["".join("1" if bit else "0" for bit in row) for row in picture.get_matrix()]


def read_qr(picture: bytes) -> str | None:
    """The code on a photographed QR code; None where there is none of ours."""
    import cv2

    image = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_GRAYSCALE)
    text = cv2.QRCodeDetector().detectAndDecode(image)[0] if image is not None else ""
    return text.removeprefix(MARK) if text.startswith(MARK) else None


def seal_visitor(vault: Vault, visitor: Visitor, mail_id: str) -> bytes:
    """As it is kept with the check until that is over."""
    return vault.seal(orjson.dumps([visitor.name, visitor.id_number]), f"visit:{mail_id}")


async def find_visit(connection: AsyncConnection, vault: Vault, code: str) -> tuple[CheckRow, Visitor]:
    """The check whose code is shown, and whom it is of.

    Raises
    ------
    NeedleError
        ``identity.code_wrong``.
    """
    check = await checks.find_to_confirm(connection, code)
    if check is None or check.sealed is None:
        raise NeedleError("identity.code_wrong")
    name, number = orjson.loads(vault.open(check.sealed, f"visit:{check.begun_id}"))
    return check, Visitor(name, number)


async def confirm_visit(connection: AsyncConnection, check: CheckRow, by: str) -> None:
    """The worker ``by`` has compared them with their document: the check has passed."""
    token = secrets.token_urlsafe(24)
    await checks.finish(
        connection, check, "passed", {"state": "passed", "way": "worker", "pass": token}, by=by, token=token
    )
