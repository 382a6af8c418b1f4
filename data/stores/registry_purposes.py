"""What the registry may be called for: kept by code."""

from collections.abc import Iterable
from typing import Final

from data.database import Connection
from data.registry.claims import Purpose

ADD: Final = """
insert into registry_purpose (code, name_zh, name_en, needs, basis, active) values (%s, %s, %s, %s, %s, %s)
on conflict (code) do nothing
"""
SAVE: Final = """
insert into registry_purpose (code, name_zh, name_en, needs, basis, active) values (%s, %s, %s, %s, %s, %s)
on conflict (code) do update set name_zh = excluded.name_zh, name_en = excluded.name_en, needs = excluded.needs,
                                 basis = excluded.basis, active = excluded.active
"""


def save_purposes(connection: Connection, purposes: Iterable[Purpose], *, replace: bool) -> None:
    """Keep purposes; ``replace`` says whether one of the same code that is there becomes the new one. The caller commits."""
    with connection.cursor() as cursor:
        rows = [(one.code, one.zh, one.en, sorted(one.needs), one.basis, one.active) for one in purposes]
        cursor.executemany(SAVE if replace else ADD, rows)
