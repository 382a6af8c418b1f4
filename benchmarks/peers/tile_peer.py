"""The peer of the tile benchmark: tipg as its makers serve it, over the same database, in a process of its own."""

import os
import sys
from functools import partial
from urllib.parse import parse_qs, urlsplit


def main() -> None:
    """Serve: the database, the port."""
    url, port = sys.argv[1:]
    parts = urlsplit(url)
    os.environ |= {
        "DATABASE_URL": f"postgresql://{parts.username}@localhost{parts.path}",
        "TIPG_DB_TABLES": '["public.cases", "public.building"]',
        "TIPG_DB_SPATIAL_EXTENT": "false",
        "TIPG_DB_DATETIME_EXTENT": "false",
    }
    import uvicorn
    from tipg import main as tipg
    from tipg.database import connect_to_db

    # The database answers on a Unix socket, which tipg's settings cannot name.
    vars(tipg)["connect_to_db"] = partial(connect_to_db, host=parse_qs(parts.query)["host"][0])
    uvicorn.run(tipg.app, port=int(port), log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
