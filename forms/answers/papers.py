"""Hang out the forms that residents are asked: a paper a version, which the portal serves and every phone may keep."""

import asyncio
import gzip
import re
from typing import Any, Final

import orjson
import structlog

from data.database import AsyncPool
from data.portal.courier_side import CourierSide
from data.portal.links_courier import LinksCourierSide
from data.stores.form_papers import OpenForm, load_open_forms, load_xform
from data.stores.reading import reading
from forms.enketo.transform import transform
from geo.errors import NeedleError

PLAIN: Final = re.compile(r"[^A-Za-z0-9_.]+")

log = structlog.get_logger("papers")


class FormPapers:
    """Keeps the papers of forms up to date; call it often, it does something when an asking or a version is new."""

    def __init__(self, mailbox: CourierSide, links: LinksCourierSide, base: AsyncPool) -> None:
        self.mailbox, self.links, self.base = mailbox, links, base
        self.hanging: dict[str, int] = {}

    async def __call__(self) -> None:
        """Publish what is asked and does not hang out; older versions stay for phones that have them already."""
        async with reading(self.base) as connection:
            found = await load_open_forms(connection)
        for form in found:
            if self.hanging.get(form.form) != form.id:
                self.hanging[form.form] = form.id
                await self._publish(form)
        await self.links.name_papers({form.form: paper_name(form) for form in found})

    async def _publish(self, form: OpenForm) -> None:
        """Hang out one form. One that cannot be shown is told in the log and does not keep the others back."""
        async with reading(self.base) as connection:
            xform = await load_xform(connection, form.id)
        try:
            body = await asyncio.to_thread(
                lambda: gzip.compress(orjson.dumps(paper(form.form, form.version, form.title, xform)), 9, mtime=0)
            )
        except NeedleError as error:
            log.warning("cannot be shown", form=form.form, version=form.version, problem=error.code)
            return
        await self.mailbox.publish([(paper_name(form), body)])
        log.info("published", form=form.form, version=form.version, bytes=len(body))


def paper_name(form: OpenForm) -> str:
    """The name of a version's paper, which fits into an address: ``form-satisfaction-17``, with the version's own number."""
    return f"form-{PLAIN.sub('_', form.form)}-{form.id}"


def paper(form_id: str, version: str, title: str, xform: str) -> dict[str, Any]:
    """What a phone needs to show a form: ``html`` and ``model`` as Enketo takes them."""
    page = transform(xform)
    return {
        "form": form_id,
        "version": version,
        "title": title,
        "languages": page.languages,
        "html": page.html,
        "model": page.model,
        "media": [],
    }
