"""The schema, as SQLAlchemy describes it: one module a subject.

Geometry is EPSG:4326, longitude first. Times are ``timestamptz``. Constraints carry names (see ``base.NAMING``), so that an
error can be told from its constraint. Migrations under ``data/migrations`` must produce exactly this (a test says so).
"""

from data.tables import (
    authority,
    cases,
    coverage,
    form_work,
    forms,
    ground,
    identity,
    joint,
    outreach,
    patrols,
    people,
    registry,
    registry_access,
    systems,
    views,
    what_if,
)
from data.tables.base import metadata

__all__ = [
    "authority",
    "cases",
    "coverage",
    "form_work",
    "forms",
    "ground",
    "identity",
    "joint",
    "metadata",
    "outreach",
    "patrols",
    "people",
    "registry",
    "registry_access",
    "systems",
    "views",
    "what_if",
]
