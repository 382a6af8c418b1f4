"""Who benchmarks come as: an administrator of the whole city, signed in straight in the database.

The session travels to the processes of a benchmark in the environment.
"""

import os
from typing import TYPE_CHECKING, Final

from dashboard.cast import Cast
from dashboard.sessions import COOKIE, CSRF_HEADER, csrf_of

if TYPE_CHECKING:
    from playwright._impl._api_structures import SetCookieParam

VARIABLE: Final = "NEEDLE_BENCH_SESSION"


def sign_in(url: str) -> None:
    """Open a session in the database, for this process and those that it starts."""
    os.environ[VARIABLE] = Cast(url).token("admin")


def headers() -> dict[str, str]:
    """What a request carries."""
    token = os.environ[VARIABLE]
    return {"Cookie": f"{COOKIE}={token}", CSRF_HEADER: csrf_of(token)}


def lines() -> str:
    """The same as lines of a request's head."""
    return "".join(f"{name}: {value}\r\n" for name, value in headers().items())


def cookies() -> "list[SetCookieParam]":
    """The same for a browser; a cookie holds for every port of this machine."""
    return [{"name": COOKIE, "value": os.environ[VARIABLE], "url": "http://127.0.0.1"}]
