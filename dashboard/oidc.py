"""Signing in through an identity provider: OpenID Connect, authorization code with PKCE (S256), state and nonce.

What the provider claims says which account a person has; it is written anew with each signing in. Settings: ``NEEDLE_OIDC_…``.
"""

import asyncio
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, cast

import httpx
import orjson
from authlib.common.urls import add_params_to_uri  # type: ignore[import-untyped]
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from dashboard.accounts import AccountRole
from data.database import connect
from data.secrets import read_secret
from data.settings import Settings
from data.stores.accounts import AccountRow, add_account, change_account, load_subject
from data.stores.audit import Deed, add_entry
from geo.errors import NeedleError

PATIENCE_S: Final = 10.0
ALGORITHMS: Final = ("RS256", "ES256", "PS256", "EdDSA")
LEEWAY_S: Final = 60


@dataclass(frozen=True, slots=True)
class Provider:
    """An identity provider. ``roles``: value of the claim -> role of the account."""

    issuer: str
    client_id: str
    client_secret: str
    name: str
    claim: str
    roles: Mapping[str, AccountRole]


@dataclass(frozen=True, slots=True)
class Attempt:
    """What must come back with the answer; it waits in a cookie of the browser that asked."""

    state: str
    nonce: str
    verifier: str
    wanted: str

    def packed(self) -> str:
        """As a cookie holds it."""
        return orjson.dumps([self.state, self.nonce, self.verifier, self.wanted]).hex()


def new_attempt(wanted: str) -> Attempt:
    """A fresh one. ``wanted``: the page that follows."""
    return Attempt(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48), wanted)


def read_attempt(packed: str) -> Attempt | None:
    """What a cookie holds; None where it is none of ours."""
    try:
        said = orjson.loads(bytes.fromhex(packed))
        return Attempt(*said) if len(said) == 4 and all(isinstance(part, str) for part in said) else None
    except (ValueError, TypeError):
        return None


def provider_of(settings: Settings) -> Provider | None:
    """The provider that the settings name; None where they name none.

    Raises
    ------
    NeedleError
        ``delivery.secret_missing``, ``account.invalid`` for a role that is none.
    """
    if settings.oidc_issuer is None:
        return None
    pairs = [pair.partition("=") for pair in settings.oidc_roles.split(",") if pair.strip()]
    known = set(AccountRole)
    if not all(role.strip() in known for _, _, role in pairs):
        raise NeedleError("account.invalid", problem="NEEDLE_OIDC_ROLES")
    return Provider(
        settings.oidc_issuer,
        settings.oidc_client_id,
        read_secret("oidc", settings.home / "secrets"),
        settings.oidc_name,
        settings.oidc_claim,
        {value.strip(): AccountRole(role.strip()) for value, _, role in pairs},
    )


class Oidc:
    """Talks with one provider; its addresses and keys are read when first needed."""

    def __init__(self, provider: Provider, url: str) -> None:
        self.provider, self.url = provider, url
        self._metadata: dict[str, Any] | None = None

    async def address(self, attempt: Attempt, back: str) -> str:
        """Where the browser goes to sign in. ``back``: the address that it comes back to."""
        asked = {
            "response_type": "code",
            "client_id": self.provider.client_id,
            "redirect_uri": back,
            "scope": "openid profile",
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": create_s256_code_challenge(attempt.verifier),
            "code_challenge_method": "S256",
        }
        return str(add_params_to_uri((await self.metadata())["authorization_endpoint"], list(asked.items())))

    async def account(self, attempt: Attempt, code: str, back: str) -> tuple[int, str]:
        """Id and username of the account of whoever brings the code; made or written anew by what the provider claims.

        Raises
        ------
        NeedleError
            ``account.provider``, ``account.not_entitled``.
        """
        metadata = await self.metadata()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "code_verifier": attempt.verifier,
        }
        login = (self.provider.client_id, self.provider.client_secret)
        told = await ask("POST", metadata["token_endpoint"], data=form, auth=login)
        keys = await ask("GET", metadata["jwks_uri"])
        claims = self.claims(str(told.get("id_token", "")), keys, attempt.nonce)
        return await asyncio.to_thread(keep, self.url, account_of_claims(claims, self.provider), subject_of(claims))

    async def metadata(self) -> dict[str, Any]:
        """The provider's addresses."""
        if self._metadata is None:
            found = await ask("GET", self.provider.issuer.rstrip("/") + "/.well-known/openid-configuration")
            if str(found.get("issuer", "")).rstrip("/") != self.provider.issuer.rstrip("/"):
                raise NeedleError("account.provider", reason="issuer")
            self._metadata = found
        return self._metadata

    def claims(self, token: str, keys: Mapping[str, Any], nonce: str) -> dict[str, Any]:
        """What an ID token says, once signature, issuer, audience, time and nonce are right."""
        rules = jwt.JWTClaimsRegistry(
            leeway=LEEWAY_S,
            iss={"essential": True, "value": (self._metadata or {}).get("issuer", self.provider.issuer)},
            aud={"essential": True, "value": self.provider.client_id},
            exp={"essential": True},
            sub={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            found = jwt.decode(token, KeySet.import_key_set(cast(Any, keys)), algorithms=list(ALGORITHMS))
            rules.validate(found.claims)
        except (JoseError, ValueError) as error:
            raise NeedleError("account.provider", reason=f"ID token: {error}") from error
        return dict(found.claims)


async def ask(method: str, address: str, **more: Any) -> dict[str, Any]:
    """One request to the provider; its JSON."""
    try:
        async with httpx.AsyncClient(timeout=PATIENCE_S, trust_env=False) as client:
            answer = await client.request(method, address, **more)
        said = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise NeedleError("account.provider", reason=str(error)[:200]) from error
    if answer.is_error or not isinstance(said, dict):
        problem = said.get("error", "") if isinstance(said, dict) else ""
        raise NeedleError("account.provider", reason=f"{answer.status_code} {problem}".strip())
    return said


def subject_of(claims: Mapping[str, Any]) -> str:
    """How the person is known for good: a name may change, this does not."""
    return f"{claims['iss']}|{claims['sub']}"


def account_of_claims(claims: Mapping[str, Any], provider: Provider) -> AccountRow:
    """The account that claims describe: the first role that the settings know, ``department``, ``team``, ``areas`` (layer:code).

    Raises
    ------
    NeedleError
        ``account.not_entitled`` where no role fits, or a handler has no department: nobody gets more than the provider says.
    """
    said = claims.get(provider.claim)
    values = said if isinstance(said, list) else [said]
    role = next((provider.roles[value] for value in map(str, values) if value in provider.roles), None)
    areas = [str(area).partition(":") for area in claims.get("areas") or []]
    layers = {layer for layer, _, _ in areas}
    department = claims.get("department") if role is AccountRole.HANDLER else None
    team = claims.get("team") if role is AccountRole.GRID_WORKER else None
    is_whole = len(layers) <= 1 and all(layer and code for layer, _, code in areas)
    if role is None or not is_whole or (role is AccountRole.HANDLER and not department):
        raise NeedleError("account.not_entitled")
    name = str(claims.get("preferred_username") or claims["sub"])
    username = re.sub(r"[^a-z0-9._-]", "-", name.lower()).strip("-._")[:40] or "person"
    return AccountRow(
        0,
        username,
        str(claims.get("name") or name),
        role.value,
        None if department is None else str(department),
        team if isinstance(team, int) else None,
        next(iter(layers), None),
        tuple(code for _, _, code in areas),
    )


def keep(url: str, row: AccountRow, subject: str) -> tuple[int, str]:
    """Write the account of a subject; id and username. An account that was disabled here stays so.

    Raises
    ------
    NeedleError
        ``account.not_entitled``, ``account.taken`` where somebody else has the username, ``account.invalid``.
    """
    with connect(url) as connection:
        known = load_subject(connection, subject)
        if known is None:
            add_entry(connection, deed("account.add", row))
            return add_account(connection, row, None, subject), row.username
        if not known.active:
            raise NeedleError("account.not_entitled")
        wanted = replace(row, id=known.id, username=known.username)
        if wanted != replace(known, area_codes=tuple(known.area_codes)):
            change_account(connection, wanted)
            add_entry(connection, deed("account.change", wanted))
        return known.id, known.username


def deed(action: str, row: AccountRow) -> Deed:
    """What the provider's claims did to an account, for the audit."""
    areas = [f"{row.area_layer}:{code}" for code in row.area_codes]
    limits = {"department": row.department_code, "team": row.team_id, "areas": areas}
    said = {name: value for name, value in limits.items() if value}
    return Deed("oidc", action, f"account:{row.username}", "", {"role": row.role, **said})
