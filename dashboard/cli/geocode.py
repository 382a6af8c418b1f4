"""``needle geocode``: addresses onto the map, from the city's own buildings; from the network only where somebody says so."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from rich.console import Console
from rich.table import Table

from data.cluster import ensure_database
from data.database import connect
from data.gazetteer.geocoder import GazetteerGeocoder
from data.gazetteer.network import Network, network_geocoder
from data.settings import get_settings
from data.stores.gazetteer import load_gazetteer
from geo.errors import NeedleError
from geo.files import check_columns, check_writable, read_table, write_table

OURS = "gazetteer"


@dataclass(frozen=True)
class Asked:
    """Who is asked: the city's own addresses, then the network where that was said."""

    own: GazetteerGeocoder
    network: Network | None

    def best(self, address: str) -> tuple[Any, ...]:
        """Longitude, latitude, the address found, its building, likeness, level, and by whom; Nones where nobody knows it."""
        for one in self.own.likeliest(address, 1):
            place = one.place
            return (place.lng, place.lat, place.address, place.code, round(one.score, 1), one.level, OURS)
        found = self.network.geocode(address) if self.network else None
        if found is None or self.network is None:
            return (None,) * 7
        return (found.longitude, found.latitude, found.address, None, None, None, self.network.name)


def geocode(
    addresses: Annotated[list[str], typer.Argument(help="Addresses, or one file of them (CSV, XLSX, Parquet).")],
    column: Annotated[str | None, typer.Option(help="The file's column of addresses.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Where to write the file: .parquet, .csv, .geojson or .gpkg.")
    ] = None,
    network: Annotated[
        bool,
        typer.Option(
            "--network", help="Ask NEEDLE_GEOCODER of what the city does not know: these addresses leave the house."
        ),
    ] = False,
) -> None:
    """Find addresses among the city's own buildings, however they are written.

    Each comes with how alike the two texts are, 0 to 100, and the narrowest level at which they agree.

    Example: needle geocode "建国路88号3号楼"   or   needle geocode list.xlsx --column 地址 --out found.gpkg
    """
    settings = get_settings()
    beyond = (
        network_geocoder(settings.geocoder, settings.geocoder_address, settings.home / "secrets") if network else None
    )
    with connect(ensure_database(settings)) as connection:
        asked = Asked(GazetteerGeocoder(load_gazetteer(connection)), beyond)
    if column is None:
        for address in addresses:
            show(asked, address, Console())
        return
    if out is None or len(addresses) != 1:
        raise NeedleError("geocode.file")
    check_writable(out)
    path = Path(addresses[0])
    table = read_table(path)
    check_columns(table, (column,), path)
    write_table(beside(asked, table, column), out)


def show(asked: Asked, address: str, console: Console) -> None:
    """Print the likeliest places of an address."""
    table = Table(title=address, title_justify="left")
    for heading in ("address", "like", "agrees to", "longitude", "latitude", "code", "by"):
        table.add_column(heading)
    for one in asked.own.likeliest(address):
        place = one.place
        spot = (f"{place.lng:.6f}", f"{place.lat:.6f}")
        table.add_row(place.address, f"{one.score:.0f}", one.level, *spot, place.code, OURS)
    if not table.row_count and asked.network and (found := asked.network.geocode(address)):
        spot = (f"{found.longitude:.6f}", f"{found.latitude:.6f}")
        table.add_row(found.address, "", "", *spot, "", asked.network.name)
    console.print(table)


def beside(asked: Asked, table: pd.DataFrame, column: str) -> pd.DataFrame:
    """The table with the best place of each address beside it; null where nobody knows it. Each address is asked once."""
    known = {text: asked.best(str(text)) for text in table[column].dropna().unique()}
    rows = [known[text] if pd.notna(text) else (None,) * 7 for text in table[column]]
    names = ["lng", "lat", "found", "building", "score", "level", "by"]
    found = pd.DataFrame(rows, columns=names, index=table.index)
    return table.assign(**{str(name): found[name] for name in found.columns})
