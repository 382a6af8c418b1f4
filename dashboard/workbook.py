"""A workbook of Office Open XML (ECMA-376, part 1) written as it comes: cells of text and numbers, a heading that stays in view.

Names that come again are kept once, as shared strings; other texts stand in their cell. A sheet holds 1,048,576 rows: more
begin another sheet. Excel's own libraries for Python build every cell as an object, ten times slower.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Final
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
DECLARED: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
MOST_ROWS: Final = 1_048_575
"""Of a sheet beneath its headings."""
FASTEST: Final = 1
#: What XML 1.0 cannot hold.
FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
EMPTY: Final = "<c/>"
FROZEN: Final = (
    '<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    "</sheetView></sheetViews>"
)
TYPES: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def text_cell(text: str | None) -> str:
    """A cell with a text of its own."""
    if not text:
        return EMPTY
    if FORBIDDEN.search(text):
        text = FORBIDDEN.sub("", text)
    keep = ' xml:space="preserve"' if text != text.strip() else ""
    return f'<c t="inlineStr"><is><t{keep}>{escape(text)}</t></is></c>'


def number_cell(value: float | None) -> str:
    """A cell with a number; None and NaN are empty."""
    return EMPTY if value is None or value != value else f"<c><v>{value!r}</v></c>"


class Workbook:
    """A workbook being written: a context, whose file is whole once it was left without an error."""

    def __init__(self, path: Path, title: str, headings: Sequence[str]) -> None:
        self.title, self.headings = title, headings
        self.zip = ZipFile(path, "w", ZIP_DEFLATED, compresslevel=FASTEST)
        self.shared: dict[str, int] = {}
        self.sheets = 0
        self.left = 0
        self.part: IO[bytes] | None = None

    def __enter__(self) -> "Workbook":
        self._begin_sheet()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self._end_sheet()
        if kind is None:
            self._write_rest()
        self.zip.close()

    def shared_cell(self, text: str | None) -> str:
        """A cell with a text that others have too."""
        if not text:
            return EMPTY
        return f'<c t="s"><v>{self.shared.setdefault(text, len(self.shared))}</v></c>'

    def write(self, columns: Sequence[Sequence[str]]) -> None:
        """Append rows, given as columns of cells."""
        rows = ["<row>" + "".join(cells) + "</row>" for cells in zip(*columns, strict=True)]
        while rows:
            if not self.left:
                self._end_sheet()
                self._begin_sheet()
            here, rows = rows[: self.left], rows[self.left :]
            self.left -= len(here)
            self._put("".join(here))

    def _put(self, text: str) -> None:
        assert self.part is not None
        self.part.write(text.encode())

    def _begin_sheet(self) -> None:
        self.sheets += 1
        self.left = MOST_ROWS
        self.part = self.zip.open(f"xl/worksheets/sheet{self.sheets}.xml", "w", force_zip64=True)
        self._put(f'{DECLARED}<worksheet xmlns="{MAIN}">{FROZEN}<sheetData><row>')
        self._put("".join(map(text_cell, self.headings)) + "</row>")

    def _end_sheet(self) -> None:
        self._put("</sheetData></worksheet>")
        assert self.part is not None
        self.part.close()

    def _write_rest(self) -> None:
        """Everything that says what the sheets are."""
        numbers = range(1, self.sheets + 1)
        title = escape(FORBIDDEN.sub("", re.sub(r"[\[\]:*?/\\]", " ", self.title))[:28], {'"': "&quot;"})
        sheets = "".join(
            f'<sheet name="{title if k == 1 else f"{title} {k}"}" sheetId="{k}" r:id="s{k}"/>' for k in numbers
        )
        self._file(
            "xl/workbook.xml", f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>{sheets}</sheets></workbook>'
        )
        self._relations("xl/_rels/workbook.xml.rels", [
            *((f"s{k}", "worksheet", f"worksheets/sheet{k}.xml") for k in numbers),
            ("shared", "sharedStrings", "sharedStrings.xml"),
            ("styles", "styles", "styles.xml"),
        ])  # fmt: skip
        self._relations("_rels/.rels", [("book", "officeDocument", "xl/workbook.xml")])
        self._file("xl/styles.xml", f'<styleSheet xmlns="{MAIN}">{STYLES}</styleSheet>')
        texts = "".join(f"<si><t>{escape(FORBIDDEN.sub('', text))}</t></si>" for text in self.shared)
        self._file("xl/sharedStrings.xml", f'<sst xmlns="{MAIN}" uniqueCount="{len(self.shared)}">{texts}</sst>')
        parts = [
            ("/xl/workbook.xml", "sheet.main"),
            ("/xl/sharedStrings.xml", "sharedStrings"),
            ("/xl/styles.xml", "styles"),
        ]
        parts += [(f"/xl/worksheets/sheet{k}.xml", "worksheet") for k in numbers]
        overrides = "".join(f'<Override PartName="{part}" ContentType="{TYPES}.{kind}+xml"/>' for part, kind in parts)
        rels = '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        self._file("[Content_Types].xml", f'<Types xmlns="{PACKAGE}/content-types">{rels}{overrides}</Types>')

    def _relations(self, name: str, relations: Iterable[tuple[str, str, str]]) -> None:
        lines = "".join(
            f'<Relationship Id="{id}" Type="{RELATIONS}/{kind}" Target="{to}"/>' for id, kind, to in relations
        )
        self._file(name, f'<Relationships xmlns="{PACKAGE}/relationships">{lines}</Relationships>')

    def _file(self, name: str, xml: str) -> None:
        self.zip.writestr(name, DECLARED + xml)


#: The least that Excel takes: one font, its two fills of old, one border, one format.
STYLES: Final = (
    '<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
)
