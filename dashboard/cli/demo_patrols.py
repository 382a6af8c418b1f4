"""The demo city's grid workers: one for each community of the street of the demo's accounts, with the ways of some weeks."""

from datetime import UTC, datetime

from data.database import connect
from data.demo.load_patrols import load_patrols
from data.stores.accounts import load_account
from geo.errors import NeedleError


def ensure_demo_patrols(url: str) -> None:
    """Let the street's workers have walked, once; nothing happens without the street."""
    with connect(url) as connection:
        try:
            inspector = load_account(connection, "inspector")
        except NeedleError:
            return
        for street in inspector.area_codes:
            load_patrols(connection, street, datetime.now(UTC))
