"""The registry's addresses, as one part of the application: its pages' own, and those that departments call."""

from fastapi import APIRouter

from dashboard import (
    registry_api,
    registry_import_api,
    registry_keys_api,
    registry_map,
    registry_record_api,
    registry_review_api,
)
from dashboard.registry_calls import Desk
from dashboard.registry_calls_api import Calls
from dashboard.registry_ogc import Features
from dashboard.wall_state import Wall


def registry_router(wall: Wall) -> APIRouter:
    """Everything under ``/api/registry``, ``/tiles/registry``, ``/registry/api`` and ``/registry/ogc``."""
    router, desk = APIRouter(), Desk(wall)
    rooms = (
        registry_map,
        registry_review_api,
        registry_keys_api,
        registry_import_api,
        registry_record_api,
        registry_api,
    )
    for part in rooms:
        router.include_router(part.router)
    router.include_router(Calls(desk).router)
    router.include_router(Features(desk).router)
    return router
