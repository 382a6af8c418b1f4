"""The addresses of the desk's actions and of its sister pages, as one router."""

from fastapi import APIRouter

from dashboard import deliveries_api, department_api, desk_actions_api, hours_api, letters_api, whistles_api
from dashboard.office import running

router = APIRouter(lifespan=running)
for part in (desk_actions_api, whistles_api, department_api, deliveries_api, letters_api, hours_api):
    router.include_router(part.router)
