"""Compile a form by pyxform: what it accepts is accepted, what it refuses is refused with a reason that can be acted on."""

import hashlib
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from pyxform.errors import PyXFormError  # type: ignore[import-untyped]
from pyxform.xls2xform import convert  # type: ignore[import-untyped]

from forms.xlsform.exporting import to_workbook
from forms.xlsform.importing import read_definition
from forms.xlsform.model import FormDefinition
from forms.xlsform.problems import explain
from forms.xlsform.workbooks import Workbook, read_workbook

#: What pyxform stumbles over where its own checks do not reach.
STUMBLES: Final = (PyXFormError, KeyError, IndexError, AttributeError, TypeError, ValueError, RecursionError)


@dataclass(frozen=True)
class CompiledForm:
    """A form that can be published.

    Attributes
    ----------
    xform : str
        The XForm (ODK XForms 1.0) that phones fill in.
    warnings : tuple of str
        pyxform's remarks, in English.
    itemsets : str or None
        External choices as CSV, ``itemsets.csv`` beside the form.
    """

    definition: FormDefinition
    xform: str
    warnings: tuple[str, ...]
    itemsets: str | None = None

    @cached_property
    def digest(self) -> str:
        """MD5 of the XForm, as OpenRosa's ``formList`` names a form's content."""
        return hashlib.md5(self.xform.encode(), usedforsecurity=False).hexdigest()


def import_form(source: Path | bytes, name: str = "") -> CompiledForm:
    """Read and compile an XLSForm file (``.xlsx``, ``.xls``).

    Raises
    ------
    NeedleError
        ``form.*``, naming sheet, row, column and what to write instead.
    """
    return compile_workbook(read_workbook(source, name))


def compile_form(form: FormDefinition) -> CompiledForm:
    """Compile a form that was composed here; errors as ``import_form``."""
    return compile_workbook(to_workbook(form))


def compile_workbook(book: Workbook) -> CompiledForm:
    """Compile sheets; errors as ``import_form``."""
    try:
        made = convert(xlsform=deepcopy(book), validate=False)
    except STUMBLES as error:
        raise explain(error, book) from error
    definition = read_definition(deepcopy(book), made._pyxform)
    return CompiledForm(definition, made.xform, tuple(str(w) for w in made.warnings), made.itemsets)
