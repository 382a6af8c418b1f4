"""Forms to begin with: each a TOML file, its sheets as tables that can be read as they stand.

``zh`` and ``en`` in a column's name stand for the two languages; ``about_*`` says when to use the form.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from forms.xlsform.compiling import compile_workbook
from forms.xlsform.model import FormDefinition
from geo.errors import NeedleError

LANGUAGES: Final = {"zh": "中文 (zh)", "en": "English (en)"}


@dataclass(frozen=True)
class Template:
    """A form to begin with. ``icon``: a name of the dashboard's icons; ``minutes``: what answering takes."""

    key: str
    title_zh: str
    title_en: str
    about_zh: str
    about_en: str
    icon: str
    minutes: int
    form: FormDefinition


@cache
def templates() -> tuple[Template, ...]:
    """Every template, in the order of their files' numbers."""
    found = [(path.name, path.read_text(encoding="utf-8")) for path in files(__name__).iterdir()]
    return tuple(read(name, tomllib.loads(text)) for name, text in sorted(found) if name.endswith(".toml"))


def template(key: str) -> Template:
    """One template by its key; ``form.template_unknown``."""
    for each in templates():
        if each.key == key:
            return each
    raise NeedleError("form.template_unknown", name=key)


def read(file: str, said: dict[str, Any]) -> Template:
    """A template of its file, ``20_elderly_visit.toml``."""
    key = file.removesuffix(".toml").partition("_")[2]
    sheets = {name: list(rows(table)) for name, table in said.pop("sheets").items()}
    title = f"{said['title_zh']}"
    sheets["settings"] = [{"form_title": title, "form_id": key, "default_language": LANGUAGES["zh"]}]
    heads = {f"{name}_header": [dict.fromkeys(c for row in found for c in row)] for name, found in sheets.items()}
    book = {**sheets, **heads, "sheet_names": list(sheets), "fallback_form_name": key}
    return Template(key=key, form=compile_workbook(book).definition, **said)


def rows(table: str) -> Iterator[dict[str, str]]:
    """The rows of a table: cells between bars, the first line names the columns."""
    lines = [
        [cell.strip() for cell in line.strip().strip("|").split("|")] for line in table.splitlines() if line.strip()
    ]
    columns = [spelt(column) for column in lines[0]]
    for line in lines[1:]:
        yield {column: cell for column, cell in zip(columns, line, strict=True) if cell}


def spelt(column: str) -> str:
    """A column's name with its language: ``label zh`` is ``label::中文 (zh)``."""
    name, _, language = column.partition(" ")
    return f"{name}::{LANGUAGES[language]}" if language else name
