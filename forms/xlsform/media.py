"""Files that a form shows beside its questions and choices: pictures, sound, film (``jr://images/roof.jpg``). Pure."""

import re
from collections.abc import Mapping
from html import escape, unescape
from typing import Any, Final
from urllib.parse import unquote

#: Where an XForm says that a file is; its name goes to the end of the text or attribute.
ADDRESS: Final = re.compile(r"jr://(?:images|audio|video)/([^<>\"]+)")
AT: Final = "/media"
"""Where the portal serves these files."""
MOST_BYTES: Final = 3 << 20
MOST_FILES: Final = 60
SHOWN: Final = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "audio/wav": "wav",
    "audio/mp4": "m4a",
    "video/mp4": "mp4",
    "video/webm": "webm",
}
"""What a form may show, and how its files' addresses end."""

Media = Mapping[str, Mapping[str, Any]]
"""By name: ``digest`` (SHA-256, hexadecimal), ``type``, ``bytes``."""


def media_names(xform: str) -> list[str]:
    """The names of the files that a form shows, in their order, each once."""
    return list(dict.fromkeys(unescape(name) for name in ADDRESS.findall(xform)))


def public_name(file: Mapping[str, Any]) -> str:
    """What a file is called where everybody may fetch it: by its content, so that it may be kept for good."""
    return f"{file['digest']}.{SHOWN[file['type']]}"


def with_media(html: str, media: Media, at: str) -> str:
    """A page on which files are found at ``at`` by their public names; those that are not there keep their old address.

    HTML has names with percent signs (``%E5%B1%8B.png``), as addresses are written there.
    """

    def found(address: re.Match[str]) -> str:
        file = media.get(unescape(unquote(address[1])))
        return f"{escape(at)}/{public_name(file)}" if file else address[0]

    return ADDRESS.sub(found, html)
