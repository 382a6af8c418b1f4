"""What `needle status` says of a database."""

from data.database import connect

COUNTS = {
    "reports waiting": "select count(*) from report where handled_at is null",
    "open cases": "select count(*) from cases where closed_at is null",
    "all cases (about)": "select greatest(reltuples, 0)::bigint from pg_class where relname = 'cases'",
    "records to be linked": "select count(*) from registry_unlinked",
    "teams": "select count(*) from team",
    "buildings (about)": "select greatest(reltuples, 0)::bigint from pg_class where relname = 'building'",
}


def city_loaded(url: str) -> tuple[str, str] | None:
    """Profile and Chinese name of the city in the database, or None when it is empty."""
    with connect(url) as connection:
        row = connection.execute("select profile, name_zh from city").fetchone()
    return None if row is None else (row[0], row[1])


def read_status(url: str) -> dict[str, str]:
    """Labels and values, for reading: the city, its size, the work that waits."""
    loaded = city_loaded(url)
    if loaded is None:
        return {"city": "none yet: `needle demo` builds one, `needle city load` brings a real one"}
    said = {"city": f"{loaded[1]} ({loaded[0]})"}
    with connect(url) as connection:
        for label, query in COUNTS.items():
            row = connection.execute(query).fetchone()
            said[label] = f"{row[0]:,}" if row else "0"
    return said
