"""A face before a real camera, as far as a browser can tell: consent, quality, challenge, sealing, comparing, and back."""

import asyncio
import io
from collections.abc import Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, expect

from data.database import open_pool
from forms.identity.vault import open_vault
from forms.identity.worker import FaceWorker, enrol
from tests.browsing import chromium, faults
from tests.dashboard.residents.conftest import Zones, courier_of
from tests.dashboard.residents.test_identity import STEPS, Here, open_faces, people
from tests.dashboard.residents.test_mine import NAME, NUMBER, register
from tests.dashboard.residents.test_mine_browser import PHONE_SIZE
from tests.dashboard.residents.town import Town
from tests.patience import until

pytestmark = [pytest.mark.browser, pytest.mark.real_data]
T = TypeVar("T")

__all__ = ["people"]

SIDE: Final = (480, 640)
FACE: Final = (322, 392)
MARK: Final = 48
GREYS: Final = {"front": 30, "turn_left": 80, "turn_right": 130, "blink": 180}
"""Of the film's corner while a movement is shown, so that the test knows when to press: it sees what the person does."""
SHOWN, AT_REST, RESTING = 15, 24, 250
"""Frames of a movement, and at rest after it, at the 30 frames a second of Chromium's reader: what is taken late of one movement
is never a frame that is taken of another, which would be a replay. ``RESTING``: the corner meanwhile."""

PRESS: Final = """
([grey]) => new Promise((done) => {
  const video = document.querySelector('video.camera'), paint = document.createElement('canvas').getContext('2d');
  let before = true;
  const look = () => {
    paint.drawImage(video, 0, 0, 48, 48, 0, 0, 1, 1);
    const isThere = video.videoWidth > 0 && Math.abs(paint.getImageData(0, 0, 1, 1).data[0] - grey) < 20;
    if (isThere && !before) { document.querySelector('#take').click(); done(); return; }
    before = isThere;
    setTimeout(look, 20);
  };
  look();
})
"""


def film(pictures: Mapping[tuple[int, int], bytes], person: int) -> bytes:
    """Somebody who looks ahead, to both sides and closes the eyes, again and again: Motion JPEG with a camera's noise."""
    noise, out = np.random.default_rng(7), io.BytesIO()
    for step, grey in GREYS.items():
        for shown, corner, frames in ((step, grey, SHOWN), ("front", RESTING, AT_REST)):
            scene = scene_of(pictures[person, STEPS[shown]], corner)
            for _ in range(frames):
                frame = (scene + noise.normal(0, 2.5, scene.shape)).clip(0, 255).astype(np.uint8)
                Image.fromarray(frame).convert("RGB").save(out, "JPEG", quality=90)
    return out.getvalue()


def scene_of(picture: bytes, corner: int) -> NDArray[np.float64]:
    """A face in a grey room, whose corner says what is shown."""
    scene = np.full(SIDE[::-1], 120.0)
    top, left = (SIDE[1] - FACE[1]) // 2, (SIDE[0] - FACE[0]) // 2
    face = Image.open(io.BytesIO(picture)).convert("L").resize(FACE, Image.Resampling.BICUBIC)
    scene[top : top + FACE[1], left : left + FACE[0]] = face
    scene[:MARK, :MARK] = corner
    return scene


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run something in a thread of its own: Playwright keeps a loop in the test's."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


async def prepare(zones: Zones, picture: bytes) -> None:
    """Faces are open, and an official has taken this person's template."""
    async with courier_of(zones) as courier:
        person = await register(courier)
        ((code,),) = zones.rows("select code from registry_entity where id = %s", person)
        await open_faces(zones)
        vault = open_vault(zones.home / "secrets")
        await enrol(courier.base, vault, Here(zones.home), f"entity:{code}", picture, "", "科员", datetime.now(UTC))


async def compare_next(zones: Zones) -> int:
    """Let the worker compare what waits; how many."""
    async with open_pool(zones.base) as base:
        return await FaceWorker(base, open_vault(zones.home / "secrets"), Here(zones.home))()


@pytest.fixture
def phone(tmp_path: Path, people: Mapping[tuple[int, int], bytes]) -> Iterator[Page]:
    """A phone with a camera that sees person 4; an error in a page fails the test."""
    file = tmp_path / "person.mjpeg"
    file.write_bytes(film(people, 4))
    flags = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
    with chromium(*flags, f"--use-file-for-fake-video-capture={file}") as browser:
        context = browser.new_context(**PHONE_SIZE, permissions=["camera"])
        page, errors = context.new_page(), list[str]()
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield page
        context.close()
    assert errors == []


def test_a_face_before_the_camera_opens_ones_own_record(
    zones: Zones, phone: Page, people: Mapping[tuple[int, int], bytes]
) -> None:
    run(prepare(zones, people[4, 2]))
    with Town(zones) as town:
        phone.goto(f"{town.address}/mine")
        phone.wait_for_selector("body[data-ready]")
        phone.fill("#name", NAME)
        phone.fill("#number", NUMBER)
        phone.click("#who button")
        expect(phone.locator("[data-way]")).to_have_count(3)
        sizes = phone.locator("[data-way]").evaluate_all("(all) => all.map((e) => [e.offsetWidth, e.offsetHeight])")
        assert sizes == [sizes[0]] * 3, "no way is made more of than another"
        phone.click("[data-way=face]")
        expect(phone.locator(".notice")).to_have_text("告知书")
        assert not phone.is_checked("#agree")
        assert faults(phone) == []
        phone.fill("#born", "1965-01-04")
        phone.click(".identity .ways button >> nth=0")
        expect(phone.locator(".identity [role=alert]")).to_contain_text("勾选")
        phone.check("#agree")
        phone.click(".identity .ways button >> nth=0")

        phone.wait_for_selector("#take")
        expect(phone.locator(".quality")).to_have_text("可以拍照")
        ((receipt,),) = zones.rows("select receipt from identity_consent where channel = 'portal'")
        expect(phone.locator(".identity")).to_contain_text(receipt)
        assert faults(phone) == []
        ((asked,),) = zones.rows("select asked from identity_check")
        for number, step in enumerate(("front", *asked), 1):
            expect(phone.locator(".identity .soft").first).to_have_text(f"第 {number} 步，共 3 步")
            phone.evaluate(PRESS, [GREYS[step]])
        until(
            lambda: zones.rows("select from identity_check where state = 'waiting'"), "frames on the government's side"
        )
        assert run(compare_next(zones)) == 1

        ((outcome, reference, near, *why),) = zones.rows(
            "select outcome, reference, distance < threshold, risk, signs, measured from identity_comparison"
        )
        assert (outcome, reference, near) == ("match", "enrolled", True), (asked, why)
        expect(phone.locator("[data-field=name] .value")).to_have_text(NAME)
        assert zones.rows("select state, sealed from identity_check") == [("passed", None)]
        phone.click("#faces button")
        expect(phone.locator("#news")).to_contain_text("回执")
        expect(phone.locator("#faces")).to_have_count(0)
        assert zones.rows("select count(*) from identity_reference") == [(0,)]
