"""Published versions, read once: what answers to them are checked by never changes."""

from dataclasses import dataclass, field
from typing import Final

from data.stores.answer_filing import AsyncConnection, load_asked
from data.stores.forms import AskedForm
from geo.errors import NeedleError

KEPT: Final = 200


@dataclass
class Versions:
    """Versions by the author's names, kept while the process lives."""

    known: dict[tuple[str, str], AskedForm] = field(default_factory=dict)

    async def find(self, connection: AsyncConnection, form: str, version: str) -> AskedForm:
        """A version.

        Raises
        ------
        NeedleError
            ``letter.form_unknown``.
        """
        found = self.known.get((form, version))
        if found is None:
            found = await load_asked(connection, form, version)
            if found is None:
                raise NeedleError("letter.form_unknown", form=form, version=version or "-")
            if len(self.known) >= KEPT:
                self.known.clear()
            self.known[form, version] = found
        return found
