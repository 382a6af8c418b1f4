"""The demo city's department with a system of its own: the sanitation service is connected as any department would be."""

import asyncio
import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from dashboard.supervisor import Part
from data.database import connect, open_pool
from data.secrets import make_once
from data.settings import Settings
from data.stores.desk_cases import load_departments
from data.stores.reading import reading
from dispatch.delivery import reference_system

SANITATION: Final = "环卫"
STEP_S: Final = "60"
"""How long the system takes from taking a request to sending people, and from there to its end."""
BESIDE: Final = 20
"""Its port lies so far from the operators'."""


@dataclass(frozen=True)
class OwnSystem:
    """The system to run: its department, its process, what the processes of the installation must know."""

    department: str
    part: Part
    environment: Mapping[str, str]


def ensure_demo_system(url: str, settings: Settings) -> OwnSystem | None:
    """Connect the system; None for a city without such a department."""
    found = next(((code, zh) for code, zh, _ in asyncio.run(departments(url)) if SANITATION in zh), None)
    if found is None:
        return None
    department, name, port = found[0], f"{found[1]}业务系统", settings.port + BESIDE
    with connect(url) as connection:
        reference_system.enter(connection, name, department, port)
    store = str(settings.home / "department.db")
    command = (sys.executable, "-m", reference_system.__name__, store, str(port), STEP_S)
    environment = {
        f"NEEDLE_SECRET_{reference_system.SECRET.upper()}": own_key(settings),
        "NEEDLE_OUTGOING_NETWORKS": os.environ.get("NEEDLE_OUTGOING_NETWORKS", "127.0.0.1"),
    }
    return OwnSystem(department, Part("department", command), environment)


async def departments(url: str) -> list[tuple[str, str, str]]:
    """The city's departments: code and names."""
    async with open_pool(url, size=1) as pool, reading(pool) as connection:
        return await load_departments(connection)


def own_key(settings: Settings) -> str:
    """The system's key, made once and kept among the city's secrets."""
    file = settings.home / "secrets" / reference_system.SECRET
    if not file.is_file():
        make_once(file, secrets.token_urlsafe(24).encode())
    return file.read_text(encoding="utf-8")
