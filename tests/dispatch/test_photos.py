"""Photos: known by content, never carrying the camera's place to the next viewer."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.Image import Exif

from dispatch.photos import MAX_SIDE, read_photo
from geo.errors import NeedleError


def a_photo(form: str = "JPEG", size: tuple[int, int] = (64, 48), exif: Exif | None = None) -> bytes:
    out = io.BytesIO()
    picture = Image.new("RGB", size, (200, 30, 30))
    picture.paste((30, 30, 200), (0, 0, size[0] // 2, size[1]))
    picture.save(out, form, **({"exif": exif} if exif is not None else {}))
    return out.getvalue()


def camera_says(lat: tuple[float, float, float], ns: str, lng: tuple[float, float, float], ew: str) -> Exif:
    exif = Exif()
    exif.get_ifd(0x8825).update({1: ns, 2: lat, 3: ew, 4: lng})
    exif.get_ifd(0x8769).update({0x9003: "2026:11:24 08:15:30", 0x9011: "+08:00"})
    return exif


def test_the_cameras_place_and_time_are_read_and_then_taken_off() -> None:
    photo = read_photo(a_photo(exif=camera_says((39.0, 54.0, 27.0), "N", (116.0, 23.0, 50.0), "E")))
    assert photo.lng == pytest.approx(116 + 23 / 60 + 50 / 3600)
    assert photo.lat == pytest.approx(39 + 54 / 60 + 27 / 3600)
    assert photo.taken_at == "2026-11-24T08:15:30+08:00"
    kept = Image.open(io.BytesIO(photo.content))
    assert not dict(kept.getexif())
    assert b"Exif" not in photo.content


@pytest.mark.parametrize(
    ("lat", "ns", "lng", "ew"),
    [((91.0, 0.0, 0.0), "N", (116.0, 0.0, 0.0), "E"), ((39.0, 0.0, 0.0), "N", (181.0, 0.0, 0.0), "E")],
)
def test_an_absurd_place_is_no_place(
    lat: tuple[float, float, float], ns: str, lng: tuple[float, float, float], ew: str
) -> None:
    photo = read_photo(a_photo(exif=camera_says(lat, ns, lng, ew)))
    assert (photo.lng, photo.lat) == (None, None)


def test_south_and_west_are_negative() -> None:
    photo = read_photo(a_photo(exif=camera_says((33.0, 30.0, 0.0), "S", (70.0, 30.0, 0.0), "W")))
    assert photo.lng == pytest.approx(-70.5)
    assert photo.lat == pytest.approx(-33.5)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_three_forms_become_one(form: str) -> None:
    photo = read_photo(a_photo(form))
    kept = Image.open(io.BytesIO(photo.content))
    assert (kept.format, kept.size, (photo.width, photo.height)) == ("JPEG", (64, 48), (64, 48))


def test_the_same_picture_has_the_same_name() -> None:
    assert read_photo(a_photo()).digest == read_photo(a_photo()).digest
    assert read_photo(a_photo()).digest != read_photo(a_photo(size=(65, 48))).digest


def test_a_picture_lying_on_its_side_is_set_upright() -> None:
    exif = Exif()
    exif[0x0112] = 6
    photo = read_photo(a_photo(exif=exif))
    assert (photo.width, photo.height) == (48, 64)


def test_a_large_picture_is_made_smaller() -> None:
    photo = read_photo(a_photo(size=(4000, 1000)))
    assert (photo.width, photo.height) == (MAX_SIDE, 640)


@pytest.mark.parametrize(
    "raw", [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"GIF89a" + b"\0" * 40, a_photo()[:200], b"%PDF-1.4"]
)
def test_what_is_no_photo_is_refused(raw: bytes) -> None:
    with pytest.raises(NeedleError) as refused:
        read_photo(raw)
    assert refused.value.code == "photo.not_a_picture"


@settings(max_examples=200)
@given(st.binary(max_size=400), st.integers(0, 600))
def test_no_bytes_do_worse_than_be_refused(noise: bytes, at: int) -> None:
    assert outcome(a_photo()[:at] + noise + a_photo()[at:]) in {"kept", "photo.not_a_picture"}


def outcome(raw: bytes) -> str:
    try:
        read_photo(raw)
    except NeedleError as refused:
        return refused.code
    return "kept"
