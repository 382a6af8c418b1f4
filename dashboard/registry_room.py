"""The registry's addresses, as one part of the application."""

from fastapi import APIRouter

from dashboard import registry_api, registry_map

router = APIRouter()
for part in (registry_map, registry_api):
    router.include_router(part.router)
