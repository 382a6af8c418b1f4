"""Rule sets: every accepted text stays, since older ones explain older decisions; the newest is in force."""

from data.database import Connection
from data.stores.announcing import tell_ground

SAVE = "insert into rule_set (body, note, accepted_by) values (%s, %s, %s) returning id"
CURRENT = "select id, body from rule_set order by id desc limit 1"


def save_rule_set(connection: Connection, body: str, note: str, by: str) -> int:
    """Put a rule text in force and return its id; the caller has checked it, and commits; workers are told then."""
    row = connection.execute(SAVE, [body, note, by]).fetchone()
    assert row is not None
    tell_ground(connection)
    return int(row[0])


def current_rule_set(connection: Connection) -> tuple[int, str] | None:
    """Id and text of the rules in force; None before any were accepted."""
    row = connection.execute(CURRENT).fetchone()
    return (int(row[0]), str(row[1])) if row is not None else None
