"""Links at the portal: what a token leads to, an answer by it, and the way out of messages. Whoever guesses must wait."""

import base64
from collections.abc import Awaitable, Callable
from typing import Any, Final

from data.portal.links_resident import LinksResidentSide, SealedAnswer
from forms.limits import Buckets
from forms.links.tokens import hash_token, read_token
from forms.portal.letterbox import Letterbox
from geo.errors import NeedleError

WRONG_PER_MINUTE: Final = 20.0
CLOSED: Final = ("unknown", "revoked", "expired", "used_up")


class Doors:
    """Opens what a token leads to, over one mailbox."""

    def __init__(self, side: LinksResidentSide, box: Letterbox) -> None:
        self.side, self.box = side, box
        self.wrong = Buckets(WRONG_PER_MINUTE)

    async def look(self, typed: str, sender: bytes) -> dict[str, Any]:
        """A link as its page shows it; ``state`` says why it cannot be used.

        Raises
        ------
        NeedleError
            ``link.unknown``; ``portal.too_often`` for an address that tried too many wrong tokens.
        """
        found = await self._known(typed, sender, self.side.look)
        return {
            "form": found.form,
            "title": found.title,
            "asks": found.asks,
            "until": found.until.isoformat(),
            "kind": found.kind,
            "state": found.state,
            "prefill": base64.b64encode(found.prefill).decode() if found.prefill is not None else None,
            "paper": found.paper,
        }

    async def opt_out(self, typed: str, sender: bytes) -> None:
        """Note that whoever got this link wants no more messages; ``link.unknown`` for one that was sent to nobody."""
        await self._known(typed, sender, self.side.opt_out)

    async def answer(
        self, typed: str, mail_id: str, key_id: str, sealed: bytes, sender: bytes, replaces: str | None = None
    ) -> None:
        """Keep an answer and count the use of its link; one that takes the place of an earlier mail's is no other use.

        Raises
        ------
        NeedleError
            ``link.unknown``, ``link.revoked``, ``link.expired``, ``link.used_up``, ``portal.key_unknown``.
        """
        token = read_token(typed)
        if token is None:
            raise NeedleError("link.unknown")
        outcome = await self.box.keep(SealedAnswer(hash_token(token), mail_id, key_id, sealed, sender, replaces))
        if outcome == "key_unknown":
            raise NeedleError("portal.key_unknown")
        if outcome in CLOSED:
            raise NeedleError(f"link.{outcome}")

    async def _known(self, typed: str, sender: bytes, ask: Callable[[bytes], Awaitable[Any]]) -> Any:
        """What is found for a token; a wrong one costs its sender patience, a right one does not."""
        if self.wrong.is_dry(sender):
            raise NeedleError("portal.too_often")
        token = read_token(typed)
        found = await ask(hash_token(token)) if token is not None else None
        if not found:
            self.wrong.allows(sender)
            raise NeedleError("link.unknown")
        return found
