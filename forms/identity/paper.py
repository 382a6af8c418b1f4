"""What phones know of identity: one public paper with the notice in force and what each form that is asked demands."""

import gzip
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from data.database import AsyncPool
from data.portal.courier_side import CourierSide
from data.stores.form_papers import OpenForm, load_open_forms
from data.stores.identity_purposes import load_demands
from data.stores.reading import reading
from forms.answers.papers import paper_name
from forms.identity.desk import Faces, open_faces
from forms.identity.ways import read_demand, ways_of

NAME: Final = "identity"


@dataclass
class IdentityPaper:
    """Keeps the paper up to date; call it often, it writes when something has changed."""

    mailbox: CourierSide
    base: AsyncPool
    hanging: bytes = field(default=b"", init=False)

    async def __call__(self) -> None:
        """Publish what holds now."""
        async with reading(self.base) as connection:
            faces = await open_faces(connection)
            forms = await load_open_forms(connection)
            demands = await load_demands(connection, [form.id for form in forms])
        body = orjson.dumps(paper(faces, forms, demands))
        if body != self.hanging:
            await self.mailbox.publish([(NAME, gzip.compress(body, 9, mtime=0))])
            self.hanging = body


def paper(faces: Faces | None, forms: list[OpenForm], demands: dict[int, str]) -> dict[str, Any]:
    """``forms``: by their papers' names the ways that each offers; ``mine``: those before one's own record is shown;
    ``notice``: None where no face is compared.
    """
    ways = {
        paper_name(form): ways_of(read_demand(demands[form.id]), is_face_open=faces is not None)
        for form in forms
        if form.id in demands
    }
    mine = ways_of("any", is_face_open=faces is not None)
    if faces is None:
        return {"forms": ways, "mine": mine, "notice": None}
    purpose, notice = faces.purpose, faces.notice
    return {
        "forms": ways,
        "mine": mine,
        "notice": {"version": notice.version, "zh": notice.zh, "en": notice.en},
        "purpose": {
            "name": purpose.name,
            "owner": purpose.owner,
            "contact": purpose.contact,
            "days": purpose.kept_days,
        },
    }
