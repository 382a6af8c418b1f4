"""Settings: read once, from the environment (``NEEDLE_…``) over the defaults below."""

from datetime import timedelta
from functools import cache
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


def _base() -> Path:
    """The checkout's root, so that every command finds the same city; the working folder when installed elsewhere."""
    root = Path(__file__).resolve().parent.parent
    return root if (root / "pyproject.toml").is_file() else Path.cwd()


class Settings(BaseSettings):
    """What a user may set. Each field is the environment variable ``NEEDLE_<FIELD>``."""

    model_config = SettingsConfigDict(env_prefix="NEEDLE_", env_ignore_empty=True, frozen=True)

    database_url: str | None = Field(default=None, description="an existing PostGIS; none: the embedded cluster")
    home: Path = Field(default_factory=lambda: _base() / ".needle", description="folder of the embedded cluster")
    data: Path = Field(default_factory=lambda: _base().parent / "shared" / "data", description="folder of real data")
    outgoing_networks: str = Field(
        default="", description="internal networks that connectors may call besides public addresses, comma separated"
    )
    poll_seconds: float = Field(default=20.0, gt=0, description="how often connectors ask how their cases stand")
    host: str = Field(default="127.0.0.1", description="address that the operators' pages are served on")
    port: int = Field(default=8640, ge=1, le=65535, description="port of the operators' pages")
    oidc_issuer: str | None = Field(default=None, description="identity provider that signs people in; none: passwords")
    oidc_client_id: str = Field(default="needle", description="as the provider knows us; the secret's name is oidc")
    oidc_name: str = Field(default="OpenID Connect", description="what the sign-in button calls the provider")
    oidc_claim: str = Field(default="roles", description="claim that says a person's roles")
    oidc_roles: str = Field(default="", description="its values as ours: dispatch-centre=dispatcher,it=admin")
    geocoder: str = Field(
        default="", description="geocoder of the network that may be asked: nominatim, photon, baidu; none: none"
    )
    geocoder_address: str = Field(
        default="", description="a server of one's own for it, http://host:port; none: its public one"
    )
    portal_database_url: str | None = Field(
        default=None, description="the residents' mailbox, as this process may enter it; none: in the embedded cluster"
    )
    portal_host: str = Field(default="127.0.0.1", description="address that the residents' pages are served on")
    portal_port: int | None = Field(
        default=None, ge=1, le=65535, description="port of the residents' pages; none: ten above the operators'"
    )
    portal_address: str | None = Field(
        default=None, description="where residents find the portal, https://…, as links and posters say it; none: here"
    )

    position_hours: float = Field(default=72.0, gt=0, description="how long the places of people on duty are kept")
    patrol_days: int = Field(default=92, ge=1, description="how many days are kept of what people on duty saw of cells")

    @property
    def positions_kept(self) -> timedelta:
        """How long the places of people on duty are kept."""
        return timedelta(hours=self.position_hours)

    @property
    def residents_port(self) -> int:
        """Where the residents' pages are: 8650 unless told otherwise."""
        return self.portal_port or self.port + 10

    @property
    def residents_address(self) -> str:
        """What links begin with: on this machine alone unless told otherwise."""
        return (self.portal_address or f"http://{self.portal_host}:{self.residents_port}").rstrip("/")


@cache
def get_settings() -> Settings:
    """The settings of this process."""
    return Settings()
