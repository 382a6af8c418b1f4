"""Geocoders of the network that an installation may name, each with the datum of its answers. None is asked by itself.

An address that is asked of one leaves the house: an installation names one in its settings (``NEEDLE_GEOCODER``), and whoever
geocodes says so besides, each time.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from geopy.exc import GeopyError
from geopy.geocoders import BaiduV3, Nominatim, Photon
from geopy.location import Location

from data.gazetteer.geocoder import Declared
from data.secrets import read_secret
from geo.crs import Crs
from geo.errors import NeedleError

AGENT: Final = "needle"
SECRET: Final = "geocoder"
TIMEOUT_S: Final = 10


@dataclass(frozen=True)
class Service:
    """A kind of geocoder. ``make``: geopy's, of a domain with its scheme (empty: its own) and a key."""

    crs: Crs
    make: Callable[[str, str, str], Any]
    needs_key: bool = False


SERVICES: Final[Mapping[str, Service]] = {
    "nominatim": Service(
        Crs("wgs84"),
        lambda scheme, domain, _key: Nominatim(
            user_agent=AGENT, timeout=TIMEOUT_S, scheme=scheme, domain=domain or "nominatim.openstreetmap.org"
        ),
    ),
    "photon": Service(
        Crs("wgs84"),
        lambda scheme, domain, _key: Photon(
            user_agent=AGENT, timeout=TIMEOUT_S, scheme=scheme, domain=domain or "photon.komoot.io"
        ),
    ),
    "baidu": Service(
        Crs("bd09"), lambda scheme, _domain, key: BaiduV3(key, user_agent=AGENT, timeout=TIMEOUT_S, scheme=scheme), True
    ),
}
"""By the name in the settings. Baidu answers in BD-09 (its documentation, ``ret_coordtype``); the others in WGS84."""


@dataclass(frozen=True)
class Network:
    """A geocoder of the network that may be asked. ``name``: as the settings have it, and as answers say whence they are."""

    name: str
    declared: Declared

    def geocode(self, query: str) -> Location | None:
        """Its best answer in WGS84; None where it has none.

        Raises
        ------
        NeedleError
            ``geocode.network_failed``.
        """
        try:
            return self.declared.geocode(query)
        except GeopyError as error:
            raise NeedleError("geocode.network_failed", name=self.name, reason=str(error)[:200]) from error


def network_geocoder(name: str, address: str, secrets: Path) -> Network:
    """The geocoder that an installation has named.

    Parameters
    ----------
    name : str
        One of ``SERVICES``.
    address : str
        ``http://host:port`` of a server of one's own; empty: the service's public one.
    secrets : Path
        Where the key of a service that wants one lies, as the secret ``geocoder``.

    Raises
    ------
    NeedleError
        ``geocode.network_unknown``; ``delivery.secret_missing``, naming where the key is looked for.
    """
    service = SERVICES.get(name)
    if service is None:
        raise NeedleError("geocode.network_unknown", name=name, known=", ".join(SERVICES))
    key = read_secret(SECRET, secrets) if service.needs_key else ""
    scheme, _, domain = (address or "https://").partition("://")
    return Network(name, Declared(service.make(scheme, domain.rstrip("/"), key).geocode, service.crs))
