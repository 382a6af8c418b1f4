"""A photo that comes with a report: known by its content, its EXIF read and then taken off.

The camera's place and time are evidence; left inside the file they would tell every later viewer where a resident lives.
"""

import io
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from typing import Any, Final

from PIL import Image, ImageOps

from geo.errors import NeedleError

MAX_BYTES: Final = 12 * 1024 * 1024
MAX_PIXELS: Final = 60_000_000
MAX_SIDE: Final = 2_560
QUALITY: Final = 85
FORMATS: Final = ("JPEG", "PNG", "WEBP")
MEDIA_TYPE: Final = "image/jpeg"

EXIF_IFD: Final = 0x8769
GPS_IFD: Final = 0x8825
DATE_TIME_ORIGINAL: Final = 0x9003
OFFSET_TIME_ORIGINAL: Final = 0x9011


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo ready to be kept: a JPEG without metadata, upright, no side longer than ``MAX_SIDE``.

    Attributes
    ----------
    digest : str
        SHA-256 of ``content``, hexadecimal: its name.
    taken_at : str or None
        As the camera said it: ISO 8601, with the camera's offset where it knew one.
    lng, lat : float or None
        Where the camera says it was (EPSG:4326, degrees).
    """

    content: bytes
    digest: str
    width: int
    height: int
    taken_at: str | None
    lng: float | None
    lat: float | None


def read_photo(raw: bytes) -> Photo:
    """Check, read, clean and shrink a photo.

    Raises
    ------
    NeedleError
        ``photo.too_large`` by bytes or pixels, ``photo.not_a_picture`` for what is no JPEG, PNG or WebP by its content.
    """
    if len(raw) > MAX_BYTES:
        raise NeedleError("photo.too_large", limit_mb=MAX_BYTES // 2**20)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            picture = Image.open(io.BytesIO(raw), formats=FORMATS)
            if picture.width * picture.height > MAX_PIXELS:
                raise NeedleError("photo.too_large", limit_mb=MAX_BYTES // 2**20)
            exif = picture.getexif()
            upright = ImageOps.exif_transpose(picture).convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Warning) as error:
        raise NeedleError("photo.not_a_picture", reason=str(error) or type(error).__name__) from None
    upright.thumbnail((MAX_SIDE, MAX_SIDE))
    content = _encode(upright)
    lng, lat = _place(exif.get_ifd(GPS_IFD))
    taken_at = _moment(exif.get_ifd(EXIF_IFD))
    return Photo(content, sha256(content).hexdigest(), upright.width, upright.height, taken_at, lng, lat)


def _encode(picture: Image.Image) -> bytes:
    bare = Image.new("RGB", picture.size)
    bare.paste(picture)
    out = io.BytesIO()
    bare.save(out, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    return out.getvalue()


def _place(gps: Mapping[int, Any]) -> tuple[float | None, float | None]:
    """Longitude and latitude of the GPS block (EXIF 2.32, tags 1 to 4); both None where either is missing or absurd."""
    lat = _degrees(gps.get(2), gps.get(1), "S", 90.0)
    lng = _degrees(gps.get(4), gps.get(3), "W", 180.0)
    return (lng, lat) if lng is not None and lat is not None else (None, None)


def _degrees(parts: Any, side: Any, negative: str, limit: float) -> float | None:
    try:
        degrees, minutes, seconds = (float(part) for part in parts)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    value = degrees + minutes / 60 + seconds / 3600
    if not 0 <= value <= limit:
        return None
    return -value if side == negative else value


def _moment(block: Mapping[int, Any]) -> str | None:
    try:
        taken = datetime.strptime(str(block[DATE_TIME_ORIGINAL]), "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007
    except (KeyError, ValueError):
        return None
    offset = _offset(block.get(OFFSET_TIME_ORIGINAL))
    return (taken.replace(tzinfo=offset) if offset else taken).isoformat()


def _offset(text: Any) -> timezone | None:
    try:
        return timezone(timedelta(hours=int(str(text)[:3]), minutes=int(str(text)[4:6])))
    except (TypeError, ValueError):
        return None
