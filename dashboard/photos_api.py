"""``/api/photos/{digest}``: a photo for whoever may enter the operators' zone."""

from typing import Final

from fastapi import APIRouter, Response
from starlette.responses import FileResponse

from dashboard.accounts import require
from dashboard.sessions import Asker
from data.database import AsyncPool
from data.stores.photos import PhotoFolder, channel_of_photo
from data.stores.reading import scoped
from dispatch.photos import MEDIA_TYPE

PREFIX: Final = "/api/photos"
KEPT: Final = "private, max-age=31536000, immutable"
"""A digest names one content for ever."""


class PhotoDesk:
    """Shows kept photos to operators."""

    def __init__(self, pool: AsyncPool, folder: PhotoFolder) -> None:
        self.pool = pool
        self.folder = folder
        self.router = APIRouter()
        self.router.add_api_route(f"{PREFIX}/{{digest}}", self.show, methods=["GET"])

    async def show(self, digest: str, account: Asker) -> Response:
        """A photo by its digest; 404 where none is kept, or none of a case that the account sees."""
        require(account, "case.read")
        async with scoped(self.pool, account.id) as connection:
            if await channel_of_photo(connection, digest) is None:
                return Response(status_code=404)
        return FileResponse(self.folder.path_of(digest), media_type=MEDIA_TYPE, headers={"Cache-Control": KEPT})
