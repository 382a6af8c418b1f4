"""What reporters said of cases that somebody has filed: what suggestions from words are learnt from."""

from data.database import Connection

NEWEST = """
select matter.edition || ':' || matter.kind || ':' || matter.code, report.body ->> 'text'
  from (select id, matter_id from cases where filed_at is not null order by id desc limit %s) as filed
       join report on report.case_id = filed.id join matter on matter.id = filed.matter_id
 where report.body ->> 'text' <> '' order by filed.id desc, report.id
"""


def load_case_words(connection: Connection, limit: int) -> list[tuple[str, str]]:
    """(matter key, words) of the reports of the ``limit`` newest filed cases, the newest first."""
    return connection.execute(NEWEST, (limit,)).fetchall()
