"""The cases that a request asks about: its filter, within what its account sees (FastAPI dependencies)."""

from typing import Annotated

from fastapi import Depends, Request

from dashboard.accounts import require, scope_of, within
from dashboard.sessions import Asker, account_of_request
from data.mirror.where import Where, parse_where


def where_of(request: Request, account: Asker) -> Where:
    """The filter of a request's query, within the account's scope.

    Raises
    ------
    NeedleError
        ``account.forbidden``, ``filter.invalid``.
    """
    require(account, "case.list")
    return within(account, parse_where(request.query_params))


def scope_of_request(request: Request) -> Where:
    """All that the account sees."""
    return scope_of(account_of_request(request))


Filter = Annotated[Where, Depends(where_of)]
Scope = Annotated[Where, Depends(scope_of_request)]
