"""``/api/forms/drafts/{id}/media``: the files that a draft shows: put in, looked at, taken out."""

from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

from dashboard.accounts import require
from dashboard.attachments import attachment_room, type_of
from dashboard.desk_state import as_json
from dashboard.office import TheWall
from dashboard.sessions import Asker
from data.settings import get_settings
from data.stores.form_media import Media, load_draft_media, save_draft_media
from data.stores.reading import scoped
from forms.xlsform.media import MOST_BYTES, MOST_FILES, SHOWN
from geo.errors import NeedleError

FORBIDDEN = frozenset('/\\<>"\0')

router = APIRouter(prefix="/api/forms/drafts/{draft}/media")


@router.put("/{name}")
async def put(draft: int, name: str, request: Request, wall: TheWall, account: Asker) -> Response:
    """Keep a file under a name, over another of that name; all ``media`` of the draft.

    Raises
    ------
    NeedleError
        ``form.media_type``, ``form.media_large``, ``form.media_many``, ``form.draft_unknown``.
    """
    require(account, "form.edit")
    content = await request.body()
    kind = checked(name, content)
    folder = attachment_room(get_settings().home).folder
    digest = await to_thread.run_sync(folder.keep_content, content)
    async with scoped(wall.pool, account.id) as connection:
        media = await load_draft_media(connection, draft)
        media[name] = {"digest": digest, "type": kind, "bytes": len(content)}
        if len(media) > MOST_FILES:
            raise NeedleError("form.media_many", most=MOST_FILES)
        await save_draft_media(connection, draft, media)
    return as_json({"media": as_list(media)})


def checked(name: str, content: bytes) -> str:
    """What a file is, told from its content, where a form may show it."""
    if len(content) > MOST_BYTES:
        raise NeedleError("form.media_large", name=name, megabytes=MOST_BYTES >> 20)
    if FORBIDDEN & set(name) or len(name) > 120:
        raise NeedleError("form.media_type", name=name[:120])
    try:
        kind = type_of(content, "")
    except NeedleError as error:
        raise NeedleError("form.media_type", name=name) from error
    if kind not in SHOWN:
        raise NeedleError("form.media_type", name=name)
    return kind


@router.delete("/{name}")
async def remove(draft: int, name: str, wall: TheWall, account: Asker) -> Response:
    """Take a file out of a draft; all ``media`` that stay."""
    require(account, "form.edit")
    async with scoped(wall.pool, account.id) as connection:
        media = await load_draft_media(connection, draft)
        media.pop(name, None)
        await save_draft_media(connection, draft, media)
    return as_json({"media": as_list(media)})


@router.get("/of/{public}")
async def file(draft: int, public: str, wall: TheWall, account: Asker) -> Response:
    """A file of a draft by its public name, as the preview asks for it."""
    require(account, "form.edit")
    async with scoped(wall.pool, account.id) as connection:
        media = await load_draft_media(connection, draft)
    found = next((each for each in media.values() if each["digest"] == public.partition(".")[0]), None)
    if found is None:
        return Response(status_code=404)
    path = attachment_room(get_settings().home).folder.path_of(found["digest"])
    headers = {"cache-control": "private, max-age=31536000, immutable", "content-security-policy": "default-src 'none'"}
    return FileResponse(path, media_type=found["type"], headers=headers)


def as_list(media: Media) -> list[dict[str, Any]]:
    """Files in the order of their names."""
    return [{"name": name, "type": each["type"], "bytes": each["bytes"]} for name, each in sorted(media.items())]
