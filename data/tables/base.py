"""What every table is made of: names of constraints, moments, geometry."""

from geoalchemy2 import Geometry
from sqlalchemy import Column, DateTime, MetaData, func

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING)


def moment(name: str, *, nullable: bool = True, now: bool = False, comment: str | None = None) -> Column[object]:
    """An aware point in time."""
    default = func.now() if now else None
    return Column(name, DateTime(timezone=True), nullable=nullable, server_default=default, comment=comment)


def geometry(kind: str, *, nullable: bool = False, name: str = "geom") -> Column[object]:
    """A geometry column in EPSG:4326; its GiST index is declared beside the table, with a name."""
    return Column(name, Geometry(kind, srid=4326, spatial_index=False), nullable=nullable)
