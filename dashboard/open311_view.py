"""What one asker of the Open311 endpoint gets to see: in their language, and in full only what came by their own channel."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dashboard.i18n import LANGUAGES, words
from dashboard.open311_photos import Address
from data.stores import open311 as store
from data.stores.channel_keys import ChannelKey
from dispatch.open311 import documents
from dispatch.open311.documents import Document
from dispatch.open311.values import UNOPENED, Attribute, Choice, Service, ServiceRequest, Update


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to the endpoint: its format, its language (0 Chinese, 1 English), its parameters, and whose key it brings."""

    form: str
    language: int
    said: Mapping[str, str]
    key: ChannelKey | None

    def pick(self, zh: str | None, en: str | None) -> str | None:
        """The name in the language asked for."""
        return (zh, en)[self.language]

    def owns(self, channel: str) -> bool:
        """Whether it brings the key of this channel."""
        return self.key is not None and self.key.channel == channel

    def say(self, message: str) -> str:
        """A word of our own in the language asked for."""
        return words(LANGUAGES[self.language])(message)


def service_of(row: store.ServiceRow, asked: Asked) -> Service:
    """A matter as a service; its filing conditions are what a sender may choose from."""
    choices = tuple(Choice(str(number), words) for number, words in row.conditions)
    condition = Attribute("condition", "singlevaluelist", asked.say("open311.condition"), choices)
    return Service(row.key, asked.pick(row.name_zh, row.name_en) or row.key, row.major, (condition,) if choices else ())


def shown(rows: Iterable[store.RequestRow], asked: Asked, address: Address | None) -> Document:
    """Requests as their reader may see them."""
    return documents.requests([(request_of(row, asked, address), asked.owns(row.channel)) for row in rows])


def update_of(row: store.UpdateRow, asked: Asked, address: Address | None) -> Update:
    """A stored event as an update, as its reader may see it."""
    name = asked.pick(row.state_zh, row.state_en) or ""
    if not asked.owns(row.channel):
        return Update(row.id, row.request_id, row.state, name, row.at)
    media = address(row.photos[0]) if address and row.photos else None
    return Update(row.id, row.request_id, row.state, name, row.at, row.words, media)


def request_of(row: store.RequestRow, asked: Asked, address: Address | None) -> ServiceRequest:
    """A stored report as a service request."""
    return ServiceRequest(
        id=row.id,
        state=row.state or UNOPENED,
        state_name=asked.pick(row.state_zh, row.state_en) or asked.say("open311.reported"),
        service_code=row.matter or "",
        service_name=asked.pick(row.matter_zh, row.matter_en) or "",
        requested_at=row.requested_at,
        updated_at=row.updated_at,
        expected_at=row.due_at,
        agency=asked.pick(row.agency_zh, row.agency_en),
        description=row.text,
        address=row.address,
        lng=row.lng,
        lat=row.lat,
        media=address(row.photos[0]) if address and row.photos else None,
    )
