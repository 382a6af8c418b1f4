"""The residents' pages: small HTML files with words filled in, in Chinese or English. No framework, nothing inline that runs."""

import csv
import html
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

import orjson

from forms.portal import built

PAGES: Final = ("report", "track", "map", "mine")
ROADS: Final = {"f": "form", "leave": "link"}
"""Pages that a token leads to, by how their addresses begin."""
LANGUAGES: Final = {"zh": "zh-CN", "en": "en"}
FORM: Final = "form"
PAGE: Final = "page"
PREVIEW: Final = "preview"
OWN_WORDS: Final = {
    "enketo.": (FORM, PREVIEW),
    "form.": (FORM, "track", PREVIEW),
    "preview.": (PREVIEW,),
    "identity.": (FORM, "mine"),
    "mine.": ("mine",),
}
"""Words that only some pages' scripts say."""
SHEETS: Final = {"mine": ("identity", "mine")}
"""Styles that only some pages need, besides the one of all."""
OTHER: Final = {"zh": ("en", "English"), "en": ("zh", "中文")}
SLOT: Final = re.compile(r"\{\{([\w.]+)\}\}")


@cache
def texts(lang: str) -> Mapping[str, str]:
    """Every text of the pages in a language, by key."""
    table = files("forms").joinpath("tables", "pages.csv").read_text(encoding="utf-8")
    return {row["key"]: row[lang] for row in csv.DictReader(table.splitlines())}


@cache
def template(name: str) -> str:
    """An HTML file of ``forms/assets/pages``."""
    return files("forms").joinpath("assets", "pages", f"{name}.html").read_text(encoding="utf-8")


@cache
def page(name: str, lang: str, static: str) -> bytes:
    """A whole page.

    Parameters
    ----------
    name : str
        One of ``PAGES`` or of ``ROADS``, or ``missing``.
    lang : str
        ``zh`` or ``en``.
    static : str
        Where styles and scripts are served.
    """
    other, other_name = OTHER[lang]
    own = {
        "lang": LANGUAGES[lang],
        "title": texts(lang)[f"{name}.title"],
        "static": static,
        "query": "" if lang == "zh" else "?lang=en",
        "other.lang": other,
        "other.name": other_name,
        "other.address": f"?lang={other}"
        if name in ROADS.values()
        else f"/{name if name in PAGES else 'report'}?lang={other}",
        **{f"at.{other_page}": ' aria-current="page"' if other_page == name else "" for other_page in PAGES},
    }
    safe = {key: html.escape(text) for key, text in texts(lang).items()}
    script = f'<script type="module" src="{static}/modules/{name}.mjs"></script>' if name != "missing" else ""
    sheets = "\n".join(f'<link rel="stylesheet" href="{static}/{sheet}.css">' for sheet in SHEETS.get(name, ()))
    kind, needs = (FORM, _form_parts()) if name == FORM else (PAGE, {"script": f"{sheets}\n{script}".strip()})
    said = {**safe, **own, **needs}
    whole = said | {
        "kind": "asking" if kind == FORM else "residents",
        "files": _filled(template(f"{kind}_files"), said),
        "top": _filled(template(f"{kind}_top"), said),
        "below": safe["link.sealed" if kind == FORM else "foot"],
        "content": _filled(template(name), said),
        "words": _words(name, lang),
    }
    return _filled(template("frame"), whole).encode()


@cache
def preview_page(lang: str, at: str) -> bytes:
    """The page in a frame on which who composes a form tries it out. ``at``: where the bundle is served."""
    safe = {key: html.escape(text) for key, text in texts(lang).items()}
    parts = built.manifest()
    own = {
        "lang": LANGUAGES[lang],
        "built": at,
        "form.style": parts.style,
        "preview.script": parts.preview,
        "words": _words(PREVIEW, lang),
    }
    return _filled(template(PREVIEW), safe | own).encode()


def _words(name: str, lang: str) -> str:
    """What a page's scripts may say, as JSON for an element that runs nothing: "</" would end it."""
    others = tuple(start for start, pages in OWN_WORDS.items() if name not in pages)
    said = {key: text for key, text in texts(lang).items() if not key.startswith(others)}
    return orjson.dumps(said).decode().replace("</", "<\\/")


def _form_parts() -> dict[str, str]:
    """Where the form page's style and scripts are, all asked for at once."""
    parts = built.manifest()
    preload = "\n".join(f'<link rel="modulepreload" href="{built.AT}/{name}">' for name in parts.preload)
    return {"built": built.AT, "form.style": parts.style, "form.script": parts.script, "form.preload": preload}


def _filled(text: str, words: Mapping[str, str]) -> str:
    return SLOT.sub(lambda slot: words[slot[1]], text)
