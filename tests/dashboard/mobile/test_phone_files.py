"""What a phone installs: the manifest with its icons, initials of words, one sheet, a worker that names every file."""

import io
import json
import re

import httpx
import pytest
from PIL import Image

from dashboard.i18n import words
from dashboard.mobile.icons import SIZES, icon_png
from dashboard.mobile.matters import initial, initials
from dashboard.mobile.pages import manifest
from dispatch.matters import matters

WITNESS = {"X-Actor": "grid_worker:li"}


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("占道经营", "zdjy"),
        ("机动车乱停放", "jdcltf"),
        ("路灯井盖", "ldjg"),
        ("暴露垃圾", "bllj"),
        ("雨水箅子", "ysbz"),
        ("燃气调压站", "rqtyz"),
        ("非法小广告", "ffxgg"),
        ("行道树", "xds"),
        ("5G基站", "5gjz"),
    ],
)
def test_initials(text: str, letters: str) -> None:
    assert initials(text) == letters


def test_every_character_of_every_matter_has_an_initial() -> None:
    characters = {character for matter in matters().values() for character in matter.name_zh if character.isalnum()}
    assert {character for character in characters if not re.fullmatch("[a-z0-9]", initial(character))} == set()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("maskable", [False, True])
def test_icons_are_squares_and_the_needle_is_in_their_middle(size: int, maskable: bool) -> None:
    picture = Image.open(io.BytesIO(icon_png(size, maskable=maskable))).convert("RGBA")
    assert picture.size == (size, size)
    assert picture.getpixel((size // 2, size // 2)) == (0x56, 0xB4, 0xE9, 255)
    assert picture.getpixel((0, 0))[3] == (255 if maskable else 0)  # type: ignore[index]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_manifest_makes_the_page_installable(language: str, served_city: str) -> None:
    said = manifest(words("zh" if language == "zh" else "en"))
    assert (said["start_url"], said["scope"], said["display"]) == ("/m", "/m", "standalone")
    with httpx.Client(base_url=served_city, trust_env=False) as client:
        told = client.get(f"/static/phone/manifest.{language}.webmanifest")
        assert (told.json(), told.headers["content-type"]) == (said, "application/manifest+json")
        for icon in said["icons"]:
            sent = client.get(icon["src"])
            size = Image.open(io.BytesIO(sent.content)).size
            assert (sent.status_code, f"{size[0]}x{size[1]}") == (200, icon["sizes"])
        assert client.get("/static/phone/icon-7.png").status_code == 404
        assert client.get("/static/phone/manifest.fr.webmanifest").status_code == 404


def test_the_worker_keeps_everything_that_the_page_may_ask_for(served_city: str) -> None:
    with httpx.Client(base_url=served_city, trust_env=False, headers=WITNESS) as client:
        worker = client.get("/m/sw.js")
        kept = json.loads(re.search(r"keep\((.*)\);", worker.text)[1])["files"]  # type: ignore[index]
        page = client.get("/m")
        linked = re.findall(r'(?:href|src)="(/static/[0-9a-f]{12}/[^"]+)"', page.text)
        sizes = {address: client.get(address) for address in kept}
        assert {address: answer.status_code for address, answer in sizes.items() if answer.status_code != 200} == {}
        assert set(linked) <= set(kept)
        imported = {
            f"{address.rsplit('/', 1)[0]}/{name}"
            for address, answer in sizes.items()
            if address.endswith(".mjs")
            for name in re.findall(r"(?:from|import)\(? ?'\./([\w.]+)'", answer.text)
        }
        assert imported <= set(kept)
        assert "maplibre" not in page.text
        assert "_dash" not in page.text


def test_the_page_runs_nothing_inline(served_city: str) -> None:
    with httpx.Client(base_url=served_city, trust_env=False, headers=WITNESS) as client:
        page = client.get("/m")
    assert "worker-src 'self'" in page.headers["content-security-policy"]
    assert re.findall(r"<script(?![^>]*(?:src=|application/json))", page.text) == []
    assert re.findall(r"\son\w+=|\sstyle=", page.text) == []


@pytest.mark.parametrize(("actor", "first"), [("team:1", "/m"), ("grid_worker:li", "/m"), ("operator:01", "/wall")])
def test_work_begins_where_it_is_done(served_city: str, actor: str, first: str) -> None:
    with httpx.Client(base_url=served_city, trust_env=False, headers={"X-Actor": actor}) as client:
        assert client.get("/").headers["location"] == first


@pytest.mark.parametrize(
    ("actor", "status"), [("team:1", 200), ("grid_worker:li", 200), ("planner:x", 403), ("screen", 403)]
)
def test_the_phones_addresses_are_for_those_in_the_field(served_city: str, actor: str, status: int) -> None:
    with httpx.Client(base_url=served_city, trust_env=False, headers={"X-Actor": actor}) as client:
        addresses = ("/api/m/state", "/api/m/matters", "/api/m/place?lng=116.93&lat=39.77", "/api/m/suggest?words=x")
        assert {client.get(address).status_code for address in addresses} == {status}
