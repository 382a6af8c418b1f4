"""``needle geocode``: addresses onto the map, from the city's own buildings."""

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
from rich.console import Console
from rich.table import Table

from data.cluster import ensure_database
from data.database import connect
from data.gazetteer.geocoder import GazetteerGeocoder
from data.settings import get_settings
from data.stores.gazetteer import load_gazetteer
from geo.errors import NeedleError
from geo.files import check_columns, check_writable, read_table, write_table


def geocode(
    addresses: Annotated[list[str], typer.Argument(help="Addresses, or one file of them (CSV, XLSX, Parquet).")],
    column: Annotated[str | None, typer.Option(help="The file's column of addresses.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Where to write the file: .parquet, .csv, .geojson or .gpkg.")
    ] = None,
) -> None:
    """Find addresses among the city's own buildings, however they are written.

    Each comes with how alike the two texts are, 0 to 100, and the narrowest level at which they agree.

    Example: needle geocode "建国路88号3号楼"   or   needle geocode list.xlsx --column 地址 --out found.gpkg
    """
    with connect(ensure_database(get_settings())) as connection:
        geocoder = GazetteerGeocoder(load_gazetteer(connection))
    if column is None:
        for address in addresses:
            show(geocoder, address, Console())
        return
    if out is None or len(addresses) != 1:
        raise NeedleError("geocode.file")
    check_writable(out)
    path = Path(addresses[0])
    table = read_table(path)
    check_columns(table, (column,), path)
    write_table(beside(geocoder, table, column), out)


def show(geocoder: GazetteerGeocoder, address: str, console: Console) -> None:
    """Print the likeliest places of an address."""
    found = geocoder.geocode(address, exactly_one=False) or []
    table = Table(title=address, title_justify="left")
    for heading in ("address", "like", "agrees to", "longitude", "latitude", "code"):
        table.add_column(heading)
    for one in found:
        raw = one.raw
        table.add_row(
            one.address, f"{raw['score']:.0f}", raw["level"], f"{one.longitude:.6f}", f"{one.latitude:.6f}", raw["code"]
        )
    console.print(table)


def beside(geocoder: GazetteerGeocoder, table: pd.DataFrame, column: str) -> pd.DataFrame:
    """The table with the best place of each address beside it; null where nothing is like it."""
    best = [next(iter(geocoder.likeliest(str(text), 1)), None) if pd.notna(text) else None for text in table[column]]
    rows = [
        (one.place.lng, one.place.lat, one.place.address, one.place.code, round(one.score, 1), one.level)
        if one
        else (None,) * 6
        for one in best
    ]
    found = pd.DataFrame(rows, columns=["lng", "lat", "found", "building", "score", "level"], index=table.index)
    return table.assign(**{str(name): found[name] for name in found.columns})
