"""Every address of the city's buildings, for the gazetteer."""

from data.database import Connection
from data.gazetteer.index import Gazetteer, Place

PLACES = """
select code, address, ST_X(ST_PointOnSurface(geom)), ST_Y(ST_PointOnSurface(geom)) from building where address <> '' order by id
"""


def load_gazetteer(connection: Connection) -> Gazetteer:
    """The gazetteer of the buildings as they are now: about half a minute a million."""
    return Gazetteer(Place(*row) for row in connection.execute(PLACES).fetchall())
