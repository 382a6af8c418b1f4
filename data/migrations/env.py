"""Alembic's entry: runs on the connection that ``data.migrate`` hands over."""

from alembic import context
from geoalchemy2 import alembic_helpers

from data.tables import metadata

POSTGIS = {"spatial_ref_sys"}


def ours(_item: object, name: str | None, kind: str, *_: object) -> bool:
    """Leave PostGIS's own tables out of comparisons."""
    return not (kind == "table" and name in POSTGIS)


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    include_object=ours,
    render_item=alembic_helpers.render_item,
    compare_type=True,
    compare_server_default=True,
)
context.run_migrations()
