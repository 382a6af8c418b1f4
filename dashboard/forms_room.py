"""The addresses of making forms and reading answers, as one router."""

from fastapi import APIRouter

from dashboard import answer_files_api, answers_api, drafts_api, form_media_api, form_preview, forms_api, publish_api

router = APIRouter()
for part in (form_media_api, publish_api, drafts_api, form_preview, answers_api, answer_files_api, forms_api):
    router.include_router(part.router)
