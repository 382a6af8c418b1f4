"""Where outgoing calls may go. Never to this machine or an internal network, unless the installation names that network."""

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx

from geo.errors import NeedleError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

TRANSLATED = tuple(ipaddress.ip_network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))
"""NAT64, 6to4 and Teredo: IPv6 addresses that lead to an IPv4 address hidden in them, possibly an internal one."""


def networks(text: str) -> tuple[Network, ...]:
    """Networks from a comma list, as in ``10.20.0.0/16, 192.168.7.4``.

    Raises
    ------
    NeedleError
        ``delivery.network_malformed``.
    """
    try:
        return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise NeedleError("delivery.network_malformed", reason=str(error)) from None


def check_url(url: str) -> None:
    """Refuse an address that is no plain http or https address, or that carries a password.

    Raises
    ------
    NeedleError
        ``delivery.address_refused``.
    """
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and parts.hostname and parts.username is None and parts.port != 0
    except ValueError:
        sound = None
    if not sound:
        raise NeedleError("delivery.address_refused", address=url[:200])


def may_reach(address: Address, allowed: Sequence[Network]) -> bool:
    """Whether an outgoing call may reach this IP address: a global one, or one of a network that was named."""
    plain = getattr(address, "ipv4_mapped", None) or address
    if any(plain.version == network.version and plain in network for network in allowed):
        return True
    translated = plain.version == 6 and any(plain in network for network in TRANSLATED)
    return bool(plain.is_global and not plain.is_multicast and not translated)


class GuardedTransport(httpx.AsyncBaseTransport):
    """Resolves a host once, checks what it resolved to, and connects to just that: a name cannot change its mind between."""

    def __init__(self, allowed: Sequence[Network], inner: httpx.AsyncBaseTransport | None = None) -> None:
        self.allowed = tuple(allowed)
        self.inner = inner or httpx.AsyncHTTPTransport(trust_env=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request to the checked address.

        Raises
        ------
        NeedleError
            ``delivery.address_refused``.
        httpx.ConnectError
            The name does not resolve.
        """
        check_url(str(request.url))
        host = request.url.host
        address = await self._resolve(request, host)
        extensions: dict[str, Any] = {**request.extensions, "sni_hostname": host}
        pinned = httpx.Request(
            request.method,
            request.url.copy_with(host=str(address)),
            headers=request.headers,
            stream=request.stream,
            extensions=extensions,
        )
        return await self.inner.handle_async_request(pinned)

    async def _resolve(self, request: httpx.Request, host: str) -> Address:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, request.url.port or 0, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpx.ConnectError(str(error), request=request) from error
        for *_, place in found:
            address = ipaddress.ip_address(str(place[0]).partition("%")[0])
            if may_reach(address, self.allowed):
                return address
        raise NeedleError("delivery.address_refused", address=host)

    async def aclose(self) -> None:
        """Close the connections."""
        await self.inner.aclose()


def guarded_client(allowed: Sequence[Network], timeout_s: float) -> httpx.AsyncClient:
    """A client for outgoing calls: guarded, without redirects, proxies or cookies of the environment."""
    return httpx.AsyncClient(
        transport=GuardedTransport(allowed), timeout=timeout_s, follow_redirects=False, trust_env=False
    )
