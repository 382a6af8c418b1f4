"""A connector: where another system is, and how its words translate into ours. Read from a small TOML file.

name = "chengguan"
kind = "open311"                     # or "webhook"
url = "https://cg.example.gov.cn/open311/v2"
department = "cg"                    # only this department's cases; a webhook may leave it out
secret = "chengguan"                 # name of the secret: NEEDLE_SECRET_CHENGGUAN, or a file of that name
updates = true                       # it speaks servicerequestupdates: words go to and fro
[services]                           # our matters -> their service codes, the most exact pattern counts
"2026:event:09*" = "STREET"
[statuses]                           # their (extended) statuses -> what our department does
in_progress = ["sign", "assign"]
fixed = ["sign", "assign", "finish", "confirm"]
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Any, Final

from dispatch.delivery.addresses import check_url
from dispatch.states import transitions
from geo.errors import NeedleError

KINDS: Final = ("webhook", "open311")
TEXTS: Final = ("department", "secret", "jurisdiction")

STATUSES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "action_scheduled": ("sign",),
        "in_progress": ("sign", "assign", "resume_work"),
        "fixed": ("sign", "assign", "resume_work", "finish", "confirm"),
        "closed": ("sign", "assign", "resume_work", "finish", "confirm"),
        "not_councils_responsibility": ("request_return",),
    }
)
"""What the usual statuses mean, where a connector says nothing else."""


@dataclass(frozen=True, slots=True)
class Connector:
    """Another system, checked. ``services``: (pattern over our matter keys, their code), the most exact first.

    ``updates``: it speaks mySociety's ``servicerequestupdates``, so that words go to and fro besides the status.
    """

    name: str
    kind: str
    url: str
    department: str | None = None
    secret: str | None = None
    jurisdiction: str | None = None
    services: tuple[tuple[str, str], ...] = ()
    statuses: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: STATUSES)
    updates: bool = False

    def service_of(self, matter: str) -> str | None:
        """Their code for one of our matters; None where they take none such."""
        return next((code for pattern, code in self.services if fnmatchcase(matter, pattern)), None)


def parse_connector(text: str) -> Connector:
    """A connector from its file.

    Raises
    ------
    NeedleError
        ``delivery.connector_invalid`` naming the line or field; ``delivery.address_refused``.
    """
    try:
        return make_connector(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise NeedleError("delivery.connector_invalid", problem=str(error)) from None


def make_connector(said: Mapping[str, Any]) -> Connector:
    """A connector from its parsed file; errors as ``parse_connector``."""
    for name in ("name", "kind", "url"):
        if not isinstance(said.get(name), str) or not said[name]:
            raise _wrong(f"{name}: text is required")
    if said["kind"] not in KINDS:
        raise _wrong(f"kind: {' | '.join(KINDS)}")
    for name in TEXTS:
        if not isinstance(said.get(name), str | None):
            raise _wrong(f"{name}: must be text")
    if not isinstance(said.get("updates", False), bool):
        raise _wrong("updates: true | false")
    unknown = set(said) - {"name", "kind", "url", "services", "statuses", "updates", *TEXTS}
    if unknown:
        raise _wrong(f"unknown: {', '.join(sorted(unknown))}")
    check_url(said["url"])
    if said["kind"] == "open311" and not said.get("department"):
        raise _wrong("department: is required for open311")
    return Connector(
        name=said["name"],
        kind=said["kind"],
        url=said["url"].rstrip("/"),
        department=said.get("department"),
        secret=said.get("secret"),
        jurisdiction=said.get("jurisdiction"),
        services=_services(said.get("services", {})),
        statuses=_statuses(said["statuses"]) if "statuses" in said else STATUSES,
        updates=said.get("updates", False),
    )


def as_settings(connector: Connector) -> dict[str, Any]:
    """The connector as JSON that ``make_connector`` reads again."""
    texts = {name: getattr(connector, name) for name in TEXTS if getattr(connector, name) is not None}
    return {
        "name": connector.name,
        "kind": connector.kind,
        "url": connector.url,
        **texts,
        "services": dict(connector.services),
        "statuses": {status: list(actions) for status, actions in connector.statuses.items()},
        **({"updates": True} if connector.updates else {}),
    }


def _services(said: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(said, Mapping) or not all(isinstance(code, str) for code in said.values()):
        raise _wrong("services: matter pattern = their code")
    # Longer patterns first: JSON in the database keeps no order, and the more exact word should win anyway.
    return tuple(sorted(said.items(), key=lambda pair: (-len(pair[0]), pair[0])))


def _statuses(said: Any) -> Mapping[str, tuple[str, ...]]:
    if not isinstance(said, Mapping) or not all(isinstance(actions, list) for actions in said.values()):
        raise _wrong("statuses: their status = list of actions")
    known = {transition.action for transition in transitions().values()}
    wrong = sorted({str(action) for actions in said.values() for action in actions} - known)
    if wrong:
        raise _wrong(f"statuses: unknown actions {', '.join(wrong)}")
    return MappingProxyType({status: tuple(actions) for status, actions in said.items()})


def _wrong(problem: str) -> NeedleError:
    return NeedleError("delivery.connector_invalid", problem=problem)
