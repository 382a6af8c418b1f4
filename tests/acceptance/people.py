"""The people of a story, each at a page of their own: a resident, a team in the field, a handler, an operator, a witness."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, FilePayload, Page, expect

from dashboard.accounts import AccountRole
from dashboard.sessions import COOKIE, CSRF_COOKIE, csrf_of
from data.stores.accounts import AccountRow
from tests.acceptance.country import Case, Country

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
DESK: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}


class People:
    """Opens pages for people; whatever goes wrong in one of them is kept."""

    def __init__(self, browser: Browser, country: Country, lng: float, lat: float, picture: bytes) -> None:
        self.browser, self.country = browser, country
        self.here = {"longitude": lng, "latitude": lat, "accuracy": 12}
        self.picture: FilePayload = {"name": "spot.jpg", "mimeType": "image/jpeg", "buffer": picture}
        self.problems: list[str] = []

    @contextmanager
    def at(self, address: str, *, actor: str | None = None, phone: bool = False, token: str = "") -> Iterator[Page]:
        """A page that somebody has open, ready; ``actor``, or whose ``token``: signed in as whom, else a resident."""
        more: dict[str, Any] = {"geolocation": self.here, "permissions": ["geolocation"]} if phone else {}
        context = self.browser.new_context(locale="zh-CN", **(PHONE if phone else DESK), **more)
        token = token or (self.country.cast.token(actor) if actor is not None else "")
        if token:
            url = self.country.at.operators
            cookies = {COOKIE: token, CSRF_COOKIE: csrf_of(token)}
            context.add_cookies([{"name": name, "value": value, "url": url} for name, value in cookies.items()])
        page = context.new_page()
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.goto(address)
        page.wait_for_selector("body[data-ready]")
        yield page
        context.close()

    def take_picture(self, page: Page, row: str) -> None:
        """Take a picture in the row of this name, as the phone's camera would give it."""
        field = page.locator(".field", has=page.get_by_role("heading", name=row)).last
        field.locator("input[capture]").set_input_files(self.picture)
        field.locator("img").first.wait_for()

    def works_on(self, team: int, case_id: int) -> None:
        """A team takes the case on its phone, arrives, and hands it back with pictures from before and after."""
        with self.at(f"{self.country.at.operators}/m", actor=f"team:{team}", phone=True) as phone:
            card = phone.locator(f"[data-case='{case_id}']")
            card.get_by_role("button", name="接单").click()
            card.get_by_role("button", name="到场").click()
            self.take_picture(phone, "处置前照片")
            phone.locator("[data-submit=arrive]").click()
            card.get_by_role("button", name="处置完成").click()
            self.take_picture(phone, "处置后照片")
            phone.locator("#step-words").fill("已清运")
            phone.locator("[data-submit=finish]").click()
            card.wait_for(state="detached")

    def confirms(self, department: str, case_id: int) -> None:
        """A handler finds it on the department's page, and confirms the work by its letter."""
        address = f"{self.country.at.operators}/department"
        with self.at(address, actor=f"department:{department}") as page:
            row = page.locator(f".work-row[data-case='{case_id}']")
            row.click()
            self.presses(page, "confirm", "c")
            row.wait_for(state="detached")

    def moves(self, actor: str, case_id: int, action: str, letter: str, state: str) -> None:
        """Somebody at the desk opens the case and gives it a move by its letter."""
        with self.at(f"{self.country.at.operators}/desk?case={case_id}", actor=actor) as page:
            self.presses(page, action, letter)
            number = self.country.rows("select number from cases where id = %s", case_id)[0][0]
            expect(page.locator('[data-slot="act-told"]')).to_contain_text(number)
            Case(self.country, case_id).until(state)

    def presses(self, page: Page, action: str, letter: str) -> None:
        """Press an action's letter once it may be taken; a form that opens is sent as it stands."""
        page.locator(f'.act-button[data-act="{action}"]').wait_for()
        page.keyboard.press(letter)

    def verifies(self, witness: str, case_id: int) -> None:
        """The grid worker who was asked looks at the spot, takes a picture, and says that it is solved."""
        name = witness.partition(":")[2]
        token = self.country.cast.open(AccountRow(0, name, "王监督", AccountRole.GRID_WORKER))
        with self.at(f"{self.country.at.operators}/m", token=token, phone=True) as phone:
            card = phone.locator(f"[data-case='{case_id}']")
            card.get_by_role("button", name="核查通过").click()
            self.take_picture(phone, "现场照片")
            phone.locator("[data-submit=pass]").click()
            card.wait_for(state="detached")
