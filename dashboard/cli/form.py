"""``needle form``: check, publish, list and export forms (XLSForm)."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from data.cluster import ensure_database
from data.database import connect
from data.settings import get_settings
from data.stores.audit import Deed, add_entry
from data.stores.forms import load_files, load_version, load_versions
from forms.overlap import NothingKnown, find_overlap
from forms.xlsform.compiling import CompiledForm, import_form
from forms.xlsform.publishing import publish as publish_form
from forms.xlsform.xform import read_xform, to_sheet
from forms.xpath.engine import is_volatile

app = typer.Typer(help="Check, publish, list and export forms (XLSForm).", no_args_is_help=True)
File = Annotated[Path, typer.Argument(help="An XLSForm, .xlsx or .xls.")]


@app.command()
def check(file: File) -> None:
    """Say whether a form can be published, and what is remarkable about it."""
    form = import_form(file)
    check_expressions(form)
    show(form)


def check_expressions(form: CompiledForm) -> None:
    """Parse every expression: ``form.expression`` for one that would only fail when somebody answers."""
    for node in read_xform(form.xform).nodes:
        for expression in filter(None, (node.relevant, node.constraint, node.required, node.calculate, node.itemset)):
            is_volatile(expression)


def show(form: CompiledForm) -> None:
    """Print what a form asks, and pyxform's remarks."""
    console, asked = Console(), form.definition
    tables = list(to_sheet(read_xform(form.xform)).every())
    report = find_overlap(asked, NothingKnown())
    languages = ", ".join(asked.languages) or "one, without a name"
    print(f"{asked.title} ({asked.form_id}), version {asked.version or '-'}: {report.asked} questions.")
    print(f"Languages: {languages}. Tables: {len(tables)}, columns: {sum(len(t.fields) for t in tables)}.")
    print(f"Bound to registry fields: {len(report.overlaps)}.")
    for warning in form.warnings:
        console.print(f"- {warning}", style="yellow", highlight=False, markup=False)


@app.command()
def publish(file: File) -> None:
    """Publish a form: its tables are made, it is ready to be filled in. The same content again changes nothing."""
    form = import_form(file)
    check_expressions(form)
    with connect(ensure_database(get_settings())) as connection:
        version = publish_form(connection, form)
        detail = {"version": version.version, "number": version.number}
        add_entry(connection, Deed("console", "form.publish", f"form:{version.form_id}", "", detail))
    print(f"{version.form_id}: version {version.number} is published.")


@app.command("list")
def list_forms() -> None:
    """List what is published, version by version."""
    with connect(ensure_database(get_settings())) as connection:
        found = load_versions(connection)
    table = Table("form", "title", "number", "version", "published", "answers")
    for each in found:
        when = f"{each.published_at:%Y-%m-%d %H:%M}"
        table.add_row(each.form_id, each.title, str(each.number), each.version, when, str(each.answers))
    Console().print(table if found else "no forms yet: needle form publish FILE")


@app.command()
def export(
    form_id: Annotated[str, typer.Argument(help="The form's id.")],
    to: Annotated[Path | None, typer.Option(help="Where to write; default: FORM_ID.xlsx here.")] = None,
    version: Annotated[str | None, typer.Option(help="The author's version; default: the newest.")] = None,
) -> None:
    """Write a published form as an .xlsx that can be published again; an .xml gets the XForm."""
    with connect(ensure_database(get_settings())) as connection:
        workbook, xform = load_files(connection, load_version(connection, form_id, version).id)
    path = to or Path(f"{form_id}.xlsx")
    path.write_bytes(xform.encode() if path.suffix == ".xml" else workbook)
    print(path)
