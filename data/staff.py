"""The role ``needle_staff``: what a request of a person may do in the database, beneath the policies on its rows.

The owner of the tables works for machines (worker, mirror, courier) and is bound by no policy. A person's request takes on this
role for its transaction (``data.stores.reading.scoped``). Rights are granted anew with each migration and restore: they are a
state, not a history.
"""

from typing import Final

import psycopg
from psycopg import errors, sql

from geo.errors import NeedleError

STAFF: Final = "needle_staff"

#: Read by anybody who works here: the city, its words, its rules, its teams.
READS: Final = (
    "city, layer, generation, area, grid_cell, street, landscape, building, ground_source, matter, filing_condition, department, "
    "rule_set, team, shift, channel, case_state, case_transition, case_pyramid, subscription, "
    "form, form_version, form_table, form_column, form_binding, outreach, registry_source, registry_purpose"
)
#: Under a policy: a case and what hangs on it.
CASEWORK: Final = {
    "select": (
        "cases, case_event, decision, task, whistle, whistle_party, case_merge, case_timer, acknowledgement, report, photo, "
        "delivery, remote_case, form_draft, form_review, form_submission, form_earlier, form_attachment, link, "
        "link_use, recipient, message, visit, coverage, coverage_target, registry_entity, registry_claim, registry_relation, "
        "registry_merge, registry_apart, registry_doubt, registry_density, registry_pyramid, registry_filling, "
        "registry_recipient"
    ),
    "insert": (
        "case_event, decision, task, whistle, whistle_party, case_timer, acknowledgement, photo, form_draft, form_review, visit"
    ),
    "update": "cases, task, whistle, whistle_party, case_timer, link, form_draft",
    "update (review)": "form_submission",
    "delete": "whistle, whistle_party, case_timer, form_draft",
}
#: What triggers write for a command goes beyond what its sender may.
TRIGGERS: Final = (
    "count_new_cases, count_gone_cases, count_changed_cases, queue_deliveries, keep_merge, refuse_early_finish, "
    "cover_new_links, cover_changed_links, note_visit"
)


def make_role(connection: psycopg.Connection[object], member: str) -> None:
    """Make the role, as somebody who may, and let ``member`` take it on; nothing happens where both is so."""
    if connection.execute("select from pg_roles where rolname = %s", [STAFF]).fetchone() is None:
        connection.execute(sql.SQL("create role {} nologin noinherit").format(sql.Identifier(STAFF)))
    connection.execute(sql.SQL("grant {} to {}").format(sql.Identifier(STAFF), sql.Identifier(member)))


def require_role(connection: psycopg.Connection[object]) -> None:
    """Make the role where this user may.

    Raises
    ------
    NeedleError
        ``database.no_staff_role``, with what an administrator has to run.
    """
    held = "select pg_has_role(current_user, rolname, 'member') from pg_roles where rolname = %s"
    if connection.execute(held, [STAFF]).fetchone() == (True,):
        return
    user = connection.info.user
    try:
        with connection.transaction():
            make_role(connection, user)
    except errors.InsufficientPrivilege as error:
        raise NeedleError("database.no_staff_role", role=STAFF, user=user) from error


def grant(connection: psycopg.Connection[object]) -> None:
    """Give the role what it needs and nothing else, once the schema has accounts; the caller commits."""
    if connection.execute("select to_regclass('account')").fetchone() == (None,):
        return
    connection.execute(f"revoke all on all tables in schema public from {STAFF}".encode())
    connection.execute(f"grant usage on schema public to {STAFF}".encode())
    connection.execute(f"grant select on {READS} to {STAFF}".encode())
    for right, tables in CASEWORK.items():
        connection.execute(f"grant {right} on {tables} to {STAFF}".encode())
    connection.execute(f"grant usage on schema answers to {STAFF}".encode())
    connection.execute(f"grant select on all tables in schema answers to {STAFF}".encode())
    for name in TRIGGERS.split(", "):
        connection.execute(f"alter function {name}() security definer set search_path = public, pg_temp".encode())
