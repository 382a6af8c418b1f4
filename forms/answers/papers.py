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
from data.stores.form_media import load_version_media
from data.stores.form_papers import OpenForm, load_open_forms, load_xform
from data.stores.photos import PhotoFolder
from data.stores.reading import reading
from forms.enketo.transform import transform
from forms.xlsform.media import AT, Media, media_names, public_name, with_media
from geo.errors import NeedleError

PLAIN: Final = re.compile(r"[^A-Za-z0-9_.]+")

log = structlog.get_logger("papers")


class FormPapers:
    """Keeps the papers of forms up to date; call it often, it does something when an asking or a version is new."""

    def __init__(self, mailbox: CourierSide, links: LinksCourierSide, base: AsyncPool, files: PhotoFolder) -> None:
        self.mailbox, self.links, self.base, self.files = mailbox, links, base, files
        self.hanging: dict[str, tuple[int, str]] = {}

    async def __call__(self) -> None:
        """Publish what is asked and does not hang out; older versions stay for phones that have them already."""
        async with reading(self.base) as connection:
            found = await load_open_forms(connection)
        for form in found:
            if self.hanging.get(form.form) != (form.id, form.mark):
                self.hanging[form.form] = (form.id, form.mark)
                await self._publish(form)
        await self.links.name_papers({form.form: paper_name(form) for form in found})

    async def _publish(self, form: OpenForm) -> None:
        """Hang out one form. One that cannot be shown is told in the log and does not keep the others back."""
        async with reading(self.base) as connection:
            xform = await load_xform(connection, form.id)
            media = await load_version_media(connection, form.id)
        try:
            shown = await asyncio.to_thread(paper, form.form, form.version, form.title, xform, media)
            body = await asyncio.to_thread(gzip.compress, orjson.dumps(shown), 9, mtime=0)
            files = await asyncio.to_thread(self._read, media)
        except (NeedleError, OSError) as error:
            log.warning("cannot be shown", form=form.form, version=form.version, problem=str(error))
            return
        await self.mailbox.publish([*files, (paper_name(form), body)])
        log.info("published", form=form.form, version=form.version, bytes=len(body))

    def _read(self, media: Media) -> list[tuple[str, bytes]]:
        """The files that a form shows, as papers under their public names."""
        return [(public_name(file), self.files.path_of(file["digest"]).read_bytes()) for file in media.values()]


def paper_name(form: OpenForm) -> str:
    """The name of a version's paper, which fits into an address: ``form-satisfaction-17``, with the version's own number."""
    return f"form-{PLAIN.sub('_', form.form)}-{form.id}"


def paper(form_id: str, version: str, title: str, xform: str, media: Media, at: str = AT) -> dict[str, Any]:
    """What a phone needs to show a form: ``html`` and ``model`` as Enketo takes them; its files are found below ``at``."""
    page = transform(xform)
    return {
        "form": form_id,
        "version": version,
        "title": title,
        "languages": page.languages,
        "html": with_media(page.html, media, at),
        "model": page.model,
        "media": sorted({f"{at}/{public_name(media[name])}" for name in media_names(xform) if name in media}),
    }
