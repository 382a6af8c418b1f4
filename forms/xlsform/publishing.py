"""Publish a compiled form, and keep what is answered: from files to tables."""

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Final

from data.database import Connection
from data.stores.form_answers import store_answers
from data.stores.forms import Publication, PublishedForm, load_files, publish_form
from forms.identity.ways import read_demand
from forms.xlsform.compiling import CompiledForm
from forms.xlsform.exporting import export_form
from forms.xlsform.model import Question, walk
from forms.xlsform.submission import Submission, read_submission
from forms.xlsform.xform import read_xform, to_sheet

IDENTITY: Final = "needle_identity"
"""Column of the sheet ``settings``: whether who answers says who they are (none, any, without_face)."""
PURPOSES: Final = "needle_purposes"
"""Column of the sheet ``settings``: codes of the registry's purposes that answers may be used for."""


def to_publication(
    form: CompiledForm,
    account_id: int | None = None,
    area_layer: str | None = None,
    area_codes: Sequence[str] = (),
) -> Publication:
    """What is published of a compiled form, and for whom."""
    asked = form.definition
    root = to_sheet(read_xform(form.xform))
    return Publication(
        form_id=asked.form_id,
        title=asked.title,
        version=asked.version,
        digest=form.digest,
        workbook=export_form(asked),
        xform=form.xform,
        root=root,
        itemsets=form.itemsets,
        account_id=account_id,
        area_layer=area_layer,
        area_codes=area_codes,
        bindings={
            f"{root.path}{path}": node.needle_field
            for path, node in walk(asked.children)
            if isinstance(node, Question) and node.needle_field
        },
        purposes=tuple(dict(asked.settings).get(PURPOSES, "*").split()),
        identity=read_demand(dict(asked.settings).get(IDENTITY, "")),
    )


def publish(connection: Connection, form: CompiledForm) -> PublishedForm:
    """Publish a form of the whole city; errors as ``publish_form``. The caller commits."""
    return publish_form(connection, to_publication(form))


def keep_submission(
    connection: Connection,
    version: PublishedForm,
    text: str,
    timezone: tzinfo,
    digests: Mapping[str, str] | None = None,
) -> tuple[Submission, int | None]:
    """Read a submission and keep it: what it says, and its id (None: it was kept already). The caller commits.

    Answers that cannot be read are told in ``findings``; the submission is kept as it came all the same.
    """
    form = read_xform(load_files(connection, version.id)[1])
    said = read_submission(form, text, timezone, digests)
    return said, store_answers(connection, version, said.instance_id, text, form.root, said.answers)
