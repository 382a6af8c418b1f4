"""Files of answers: told by their content, pictures cleaned as photos of reports are, kept by what is in them."""

from hashlib import sha256
from pathlib import Path
from typing import Final

from anyio import to_thread

from data.stores.answer_filing import Attachment
from data.stores.photos import PhotoFolder
from dispatch.photos import MEDIA_TYPE, read_photo
from forms.letters import Enclosed
from geo.errors import NeedleError

#: How content begins, and what it is then; ``?`` stands for any byte.
SIGNATURES: Final = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"RIFF????WEBP", "image/webp"),
    (b"%PDF-", "application/pdf"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
    (b"RIFF????WAVE", "audio/wav"),
    (b"#!AMR", "audio/amr"),
    (b"????ftypM4A", "audio/mp4"),
    (b"????ftyp", "video/mp4"),
    (b"\x1aE\xdf\xa3", "video/webm"),
)
PICTURES: Final = ("image/jpeg", "image/png", "image/webp")
#: What ODK Collect writes of a form's filling in (``audit.csv``).
LOG: Final = "text/csv"


def type_of(content: bytes, name: str) -> str:
    """What a file is.

    Raises
    ------
    NeedleError
        ``answer.file_type``.
    """
    for signature, media_type in SIGNATURES:
        start = content[: len(signature)]
        if len(start) == len(signature) and all(s in (ord("?"), c) for s, c in zip(signature, start, strict=True)):
            return media_type
    if name.endswith(".csv") and b"\0" not in content:
        try:
            content.decode()
        except UnicodeDecodeError:
            pass
        else:
            return LOG
    raise NeedleError("answer.file_type", name=name)


def clean(file: Enclosed) -> tuple[str, bytes]:
    """A file's type, and its content as it is kept: pictures upright, shrunk, without EXIF.

    Raises
    ------
    NeedleError
        ``answer.file_type``, ``photo.too_large``, ``photo.not_a_picture``.
    """
    media_type = type_of(file.content, file.name)
    return (MEDIA_TYPE, read_photo(file.content).content) if media_type in PICTURES else (media_type, file.content)


class AttachmentRoom:
    """Keeps files of answers in a folder, by the SHA-256 of their content."""

    def __init__(self, folder: PhotoFolder) -> None:
        self.folder = folder

    async def keep_file(self, file: Enclosed) -> Attachment:
        """Check, clean and keep a file; it is on disk when this returns. Errors as ``clean``."""
        return await to_thread.run_sync(self._keep, file)

    def _keep(self, file: Enclosed) -> Attachment:
        media_type, content = clean(file)
        digest = sha256(content).hexdigest()
        self.folder.keep(digest, content)
        return Attachment(file.name, digest, media_type, len(content))


def attachment_room(home: Path) -> AttachmentRoom:
    """The room of an installation."""
    return AttachmentRoom(PhotoFolder(home / "attachments", ""))
