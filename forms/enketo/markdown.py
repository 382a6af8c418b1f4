"""The little Markdown that XLSForm allows in labels and hints, as enketo-transformer reads it."""

import html
import re
from typing import Final
from urllib.parse import quote

WEB: Final = ("https://", "http://", "mailto:", "tel:")
STRONG: Final = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")
EMPHASIS: Final = re.compile(r"(?<![\w*])([*_])(?=\S)([^*_\n]+?)(?<=\S)\1(?![\w*])")
LINK: Final = re.compile(r"\[([^\]\n]+)\]\(([^()\s]+)\)")
HEADING: Final = re.compile(r"\s*(#{1,6})\s+(.*?)#*\s*")
BULLET: Final = re.compile(r"\s*[*+-]\s+(.*)")
NUMBER: Final = re.compile(r"\s*\d+[.)]\s+(.*)")
ESCAPES: Final = {f"\\{letter}": chr(0xE010 + n) for n, letter in enumerate("\\*_#")}


def render(text: str) -> str | None:
    """Well-formed HTML for a text; None when there is nothing to render in it."""
    for written, kept in ESCAPES.items():
        text = text.replace(written, kept)
    plain = html.escape(text, quote=False)
    body = _blocks([_inline(line) for line in plain.strip("\n").split("\n")])
    if body == plain and not any(kept in plain for kept in ESCAPES.values()):
        return None
    for written, kept in ESCAPES.items():
        body = body.replace(kept, written[1])
    return body


def _inline(line: str) -> str:
    line = LINK.sub(_anchor, line)
    line = STRONG.sub(r"<strong>\2</strong>", line)
    return EMPHASIS.sub(r"<em>\2</em>", line)


def _anchor(found: re.Match[str]) -> str:
    address = html.unescape(found[2])
    if not address.lower().startswith(WEB):
        return found[0]
    safe = html.escape(quote(address, safe="/:?#[]@!$&'()*+,;=%~-.").replace("_", "%5F").replace("*", "%2A"))
    return f'<a href="{safe}" rel="noopener noreferrer" target="_blank">{found[1]}</a>'


def _blocks(lines: list[str]) -> str:
    """Lines as headings, lists and lines that are broken where the author broke them."""
    out: list[str] = []
    kind = ""
    for line in lines:
        item, now = _item(line)
        if now != kind:
            out += [f"</{kind}>"] * bool(kind) + [f"<{now}>"] * bool(now)
            kind = now
        out.append(item if now or not out or (out[-1].endswith(">") and out[-1] != "<br/>") else f"<br/>{item}")
    return "".join(out + [f"</{kind}>"] * bool(kind))


def _item(line: str) -> tuple[str, str]:
    """A line as HTML, and the list it belongs to."""
    if bullet := BULLET.fullmatch(line):
        return f"<li>{bullet[1]}</li>", "ul"
    if number := NUMBER.fullmatch(line):
        return f"<li>{number[1]}</li>", "ol"
    if heading := HEADING.fullmatch(line):
        return f"<strong>{heading[2]}</strong>", ""
    return line, ""
