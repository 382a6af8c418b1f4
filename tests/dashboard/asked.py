"""A demo block in which somebody was asked: households of some buildings, the doors of others, messages to a few."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from data.database import Connection, connect
from data.stores.accounts import AccountRow, add_account
from data.stores.links import Asking, Recipient, Target, add_outreach, load_buildings, load_outreach
from forms.links.issuing import issue
from forms.links.tokens import link_secret
from forms.templates import template
from forms.xlsform.compiling import compile_form
from forms.xlsform.publishing import publish

FORM = "satisfaction"


def ask_block(url: str, home: Path) -> dict[str, str]:
    """Publish a form, ask every third building by its door and two households of the others; cells of two workers by name."""
    with connect(url) as connection:
        publish(connection, compile_form(template(FORM).form))
        until = datetime.now(UTC) + timedelta(days=9)
        outreach = load_outreach(connection, add_outreach(connection, Asking(FORM, "满意度", "街道", until)))
        houses = list(load_buildings(connection, None))[:90]
        homes = [home for at, house in enumerate(houses) if at % 3 for home in households(house)]
        secret = link_secret(home / "secrets")
        issue(connection, outreach, homes, secret, 1, until)
        issue(connection, outreach, houses[::3], secret, None, until)
        cells = sorted({house.areas["cell"] for house in houses})
        workers = {"zheng": cells[0], "wei": cells[1]}
        for name, cell in workers.items():
            row = AccountRow(0, f"grid_worker-{name}", name, "grid_worker", None, None, "cell", (cell,))
            add_account(connection, row)
    return workers


def households(house: Target) -> list[Target]:
    """Two households of a building, one of them with a telephone."""
    areas = {**house.areas, "building": house.target}
    return [
        Target("household", f"{house.target}/{n}", f"{house.label} {n}01", house.lng, house.lat, areas, who)
        for n, who in ((1, Recipient("王先生", "13912345678", None)), (2, None))
    ]


def answer(connection: Connection, link: int) -> None:
    """An answer came by a link, as the courier counts it."""
    connection.execute("update link set uses = uses + 1, used_at = now() where id = %s", [link])
    connection.commit()
