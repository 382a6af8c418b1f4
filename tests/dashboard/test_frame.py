"""Documents, preferences and files: what a browser is sent before any script runs."""

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from dashboard.accounts import Account, AccountRole
from dashboard.components.icon import icon, icon_names
from dashboard.document import needed, thin
from dashboard.files import Files
from dashboard.i18n import words
from dashboard.page import Page, around, entries
from dashboard.preferences import Preferences, read_preferences
from dashboard.server import PAGES

ASSETS = re.compile(r'(?:href|src)="(/static/[^"]+)"')


@pytest.fixture
def client(served_city: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served_city, trust_env=False) as client:
        yield client


@pytest.mark.parametrize(
    ("search", "cookies", "wanted"),
    [
        ("", {}, Preferences("zh", None)),
        ("?lang=en", {}, Preferences("en", None)),
        ("lang=en&theme=light", {}, Preferences("en", "light")),
        ("?lang=fr&theme=pink", {}, Preferences("zh", None)),
        ("", {"needle_lang": "en", "needle_theme": "auto"}, Preferences("en", "auto")),
        ("?lang=zh&theme=dark", {"needle_lang": "en", "needle_theme": "light"}, Preferences("zh", "dark")),
        ("?screen=1", {}, Preferences("zh", None, screen=True)),
        ("?urgent=1&theme=dark", {}, Preferences("zh", "dark", plain=False)),
    ],
)
def test_the_address_comes_before_what_the_browser_remembers(
    search: str, cookies: dict[str, str], wanted: Preferences
) -> None:
    assert read_preferences(search, cookies) == wanted


@pytest.mark.parametrize(
    ("address", "cookies", "opening"),
    [
        ("/wall", {}, '<html lang="zh-CN" data-theme="dark" data-choice="dark">'),
        ("/wall?lang=en&theme=light", {}, '<html lang="en" data-theme="light" data-choice="light">'),
        ("/wall", {"needle_theme": "auto"}, '<html lang="zh-CN" data-theme="dark" data-choice="auto">'),
        ("/none", {"needle_lang": "en"}, '<html lang="en" data-theme="dark" data-choice="auto">'),
    ],
)
def test_language_and_theme_stand_in_the_first_byte(
    client: httpx.Client, address: str, cookies: dict[str, str], opening: str
) -> None:
    client.cookies.update(cookies)
    assert opening in client.get(address).text


def test_an_address_without_a_page_says_so(client: httpx.Client) -> None:
    answer = client.get("/nowhere")
    assert (answer.status_code, "<title>这个地址没有页面</title>" in answer.text) == (404, True)
    assert client.get("/wall").status_code == 200


def test_a_document_tells_nothing_of_the_software_behind_it(client: httpx.Client) -> None:
    answer = client.get("/wall")
    (config,) = re.findall(r'<script id="_dash-config"[^>]*>(.*?)</script>', answer.text)
    told = json.loads(config)
    assert [key for key in told if "version" in key] == ["disable_version_check"]
    assert told.keys() & {"validation_layout", "websocket"} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
def test_everything_that_a_document_links_to_is_there_and_kept_for_good(client: httpx.Client, page: Page) -> None:
    links = ASSETS.findall(client.get(page.path).text)
    assert len(links) > 5
    for link in dict.fromkeys(links):
        answer = client.get(link)
        assert (link, answer.status_code) == (link, 200)
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        again = client.get(link, headers={"if-none-match": answer.headers["etag"]})
        assert (link, again.status_code, again.content) == (link, 304, b"")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
def test_a_document_carries_the_components_of_its_own_page_only(client: httpx.Client, page: Page) -> None:
    suites = set(re.findall(r"/_dash-component-suites/([\w.-]+)/", client.get(page.path).text))
    assert suites == {"dash", *page.packages}


def test_text_is_sent_compressed_to_those_who_take_it(client: httpx.Client) -> None:
    (sheet,) = re.findall(r'href="(/static/\w+/css/all\.css)"', client.get("/wall").text)
    packed = client.get(sheet, headers={"accept-encoding": "gzip"})
    plain = client.get(sheet, headers={"accept-encoding": "identity"})
    assert (packed.headers["content-encoding"], "content-encoding" in plain.headers) == ("gzip", False)
    assert packed.content == plain.content
    assert int(packed.headers["content-length"]) < len(plain.content) / 3


ADMIN = Account(1, "admin", "Li", AccountRole.ADMIN)


def test_every_id_that_a_callback_names_stands_on_a_page(client: httpx.Client) -> None:
    named = {
        json.loads(f'"{part["id"]}"')
        for callback in client.get("/_dash-dependencies").json()
        for part in [*callback["inputs"], *callback["state"], *outputs(callback["output"])]
    }
    say = words("zh")
    placed = {"address", "page"}
    for page in PAGES:
        content = around(page.layout(say, "/static/x"), page, PAGES, say, ADMIN, screen=False)
        placed |= ids_in(content.to_plotly_json())
    assert named - placed == set()


def outputs(text: str) -> list[dict[str, str]]:
    """``..a.x...b.y..`` or ``a.x``, as Dash writes outputs."""
    return [{"id": part.rsplit(".", 1)[0]} for part in text.strip(".").split("...")]


def ids_in(content: Any) -> set[str]:
    if hasattr(content, "to_plotly_json"):
        content = content.to_plotly_json()
    if isinstance(content, dict):
        own = {content["id"]} if isinstance(content.get("id"), str) else set()
        return own.union(*(ids_in(value) for value in content.values()))
    if isinstance(content, (list, tuple)):
        return set().union(*(ids_in(value) for value in content))
    return set()


def test_scripts_of_other_pages_are_left_out() -> None:
    def tag(package: str, path: str) -> str:
        return f'<script src="/_dash-component-suites/{package}/{path}"></script>\n'

    inline = "<script>own()</script>"
    renderer, table, grid = tag("dash", "renderer.js"), tag("dash", "dash_table/bundle.js"), tag("dash_ag_grid", "a.js")
    assert needed(renderer + table + grid + inline, ["dash"]) == renderer + inline
    assert needed(renderer + table + grid + inline, ["dash", "dash_ag_grid"]) == renderer + grid + inline


def test_a_thinned_configuration_cannot_end_its_script() -> None:
    config = (
        '<script id="_dash-config" type="application/json">{"a":"\\u003c\\u002fscript>","dash_version":"1"}</script>'
    )
    thinned = thin(config)
    assert thinned.count("</script>") == 1
    assert json.loads(re.sub(r"</?script[^>]*>", "", thinned))["a"] == "</script>"


def test_navigation_knows_where_one_is_and_a_screen_has_none() -> None:
    say = words("en")
    shown = json.dumps(
        around("x", PAGES[0], PAGES, say, ADMIN, screen=False), default=lambda part: part.to_plotly_json()
    )
    assert shown.count('"aria-current": "page"') == 1
    assert [entry.path for entry in entries(PAGES, say)] == [page.path for page in PAGES]
    screen = json.dumps(
        around("x", PAGES[0], PAGES, say, ADMIN, screen=True), default=lambda part: part.to_plotly_json()
    )
    assert "aria-current" not in screen
    assert "rail" not in screen


def test_every_icon_is_in_the_sheet(client: httpx.Client) -> None:
    (sheet,) = re.findall(r'href="(/static/\w+/css/all\.css)"', client.get("/wall").text)
    text = client.get(sheet).text
    assert [name for name in icon_names() if f".icon-{name} " not in text] == []
    assert {page.icon for page in PAGES} <= set(icon_names())
    with pytest.raises(KeyError):
        icon("unheard-of")


def test_an_address_changes_with_the_content_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.mjs").write_text("export const a = 1;\n")
    first = Files(tmp_path, {"made.css": "a{}"}).root
    assert Files(tmp_path, {"made.css": "a{}"}).root == first
    assert Files(tmp_path, {"made.css": "b{}"}).root != first
    (tmp_path / "a.mjs").write_text("export const a = 22;\n")
    assert Files(tmp_path, {"made.css": "a{}"}).root != first


def test_a_module_brings_all_that_it_imports(tmp_path: Path) -> None:
    (tmp_path / "modules").mkdir()
    (tmp_path / "vendor").mkdir()
    texts = {
        "modules/main.mjs": "import * as map from '../vendor/map.mjs';\nimport {\n  a,\n  b,\n} from './a.mjs';\n",
        "modules/a.mjs": "export { b } from './b.mjs';\nconst later = () => import('./later.mjs');\n",
        "modules/b.mjs": "import { a } from './a.mjs';\n",
        "modules/later.mjs": "",
        "vendor/map.mjs": "import './unknown.mjs';",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    found = Files(tmp_path, {}).with_imports(["modules/main.mjs"])
    assert found == ["modules/main.mjs", "vendor/map.mjs", "modules/a.mjs", "modules/b.mjs"]


def test_only_text_that_gets_smaller_is_compressed(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("a{color:red}" * 50)
    (tmp_path / "b.css").write_text("a")
    (tmp_path / "c.woff2").write_bytes(b"0" * 999)
    files = Files(tmp_path, {})
    kept = {name: files.read(name) for name in ("a.css", "b.css", "c.woff2", "d.css")}
    assert kept["a.css"] is not None
    assert gzip.decompress(kept["a.css"].packed or b"") == kept["a.css"].plain
    assert [bool(one and one.packed) for one in kept.values()] == [True, False, False, False]
    assert kept["d.css"] is None
