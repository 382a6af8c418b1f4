"""The parts of a city's profile: frozen, typed, nothing unknown allowed. ``data.profile`` reads them from TOML."""

from datetime import date, time
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def known_zone(name: str) -> str:
    """An IANA time zone that this machine knows."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f'"{name}" is not a known time zone, e.g. Asia/Shanghai') from error
    return name


Zone = Annotated[str, AfterValidator(known_zone)]
Name = Annotated[str, Field(min_length=1)]
Metres = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(gt=0, le=1)]
Level = Literal["city", "district", "street"]


class Part(BaseModel):
    """What every table of a profile is: immutable, and strict about its fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


class Title(Part):
    """One thing's name in both languages."""

    zh: Name
    en: Name


class LayerColumns(Part):
    """Which column of a boundary file is the code, the name, the code of the area above."""

    code: Name
    name: Name | None = None
    parent: Name | None = None


class LayerSource(Part):
    """``[[layer]]``: one file of boundaries. ``crs`` only where the file itself declares none."""

    name: Name
    kind: Literal["area", "jurisdiction"]
    title: Title
    rank: Annotated[int, Field(ge=0)]
    file: Name
    crs: str | None = None
    columns: LayerColumns


class DepartmentSource(Part):
    """``[[department]]``: who may act. ``parent`` is the department that rules above it."""

    code: Name
    title: Title
    level: Level = "city"
    parent: str | None = None


class ChannelSource(Part):
    """``[[channel]]``: where reports come from. ``values`` are what the events' channel column says for it."""

    code: Name
    title: Title
    crs: str | None = None
    uncertainty_m: Metres
    values: tuple[str, ...] = ()


class TeamColumns(Part):
    """Columns of a file of bases; ``x`` and ``y`` only for tables (a GeoJSON of points has its geometry)."""

    code: Name
    name: Name | None = None
    x: Name | None = None
    y: Name | None = None


class TeamScope(Part):
    """Where a team works: the area of ``layer`` named in ``column``, or the one its base stands in."""

    layer: Name
    column: Name | None = None


class ShiftSource(Part):
    """``{ weekdays = [0, ...], starts, ends }``, local, 0 is Monday; an end not after its start is the next day's."""

    weekdays: tuple[Annotated[int, Field(ge=0, le=6)], ...]
    starts: time
    ends: time


class TeamSource(Part):
    """``[[team]]``: one file of bases.

    ``assign = "every"``: each department has a team on each base; ``"turn"``: bases go to the departments in turn.
    """

    name: Name
    title: Title
    file: Name
    crs: str | None = None
    columns: TeamColumns
    departments: Annotated[tuple[str, ...], Field(min_length=1)]
    assign: Literal["every", "turn"] = "every"
    scope: TeamScope | None = None
    skills: tuple[str, ...] = ()
    capacity: Annotated[int, Field(ge=1)]
    speed_kmh: Annotated[float, Field(gt=0)]
    shifts: Annotated[tuple[ShiftSource, ...], Field(min_length=1)]


class MatterSource(Part):
    """``[matters]``: which list the city works by.

    ``edition_of = "standard"``: the national list of that edition; ``"events"``: the city's own, one matter for each
    category that its events name.
    """

    edition_of: Literal["standard", "events"]
    scheme: Name
    edition: Name


class PowerSource(Part):
    """``[[power]]``: a department's power over matters, by matter key patterns, or by the events' majors and
    categories.

    A category listed anywhere goes before the major that it belongs to.
    """

    department: str
    level: Level = "city"
    matters: tuple[str, ...] = ()
    majors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    urgent: bool = False


class EventColumns(Part):
    """Which column of a table of events is what. Only ``key`` and ``reported_at`` must be there."""

    key: Name
    reported_at: Name
    due_at: str | None = None
    closed_at: str | None = None
    category: str | None = None
    major: str | None = None
    title: str | None = None
    address: str | None = None
    x: str | None = None
    y: str | None = None
    status: str | None = None
    department: str | None = None
    queue: str | None = None
    channel: str | None = None


class EventTime(Part):
    """How moments are written: a ``strptime`` format (or ``ISO8601``), and the zone of what names none."""

    format: Name = "ISO8601"
    zone: Zone


class EventStatus(Part):
    """Which values of the status column mean open, and which closed."""

    open: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()


class EventSource(Part):
    """``[events]``: one table of what happened."""

    file: Name
    crs: Name
    uncertainty_m: Metres
    channel: str
    number_prefix: str
    time: EventTime
    columns: EventColumns
    status: EventStatus = EventStatus()


class SyntheticMatter(Part):
    """``[[synthetic.matter]]``: how often a matter is reported, and in which words."""

    key: Name
    weight: Annotated[float, Field(gt=0)]
    texts: Annotated[tuple[str, ...], Field(min_length=1)]


class SyntheticSource(Part):
    """``[synthetic]``: reports for a city that publishes none, spread over the areas of ``layer`` with a daily rhythm.

    ``rhythm`` gives 24 weights, one an hour; ``crs`` is the datum in which the points are sent.
    """

    layer: str
    channel: str
    crs: Literal["wgs84", "gcj02", "bd09"]
    seed: int
    per_day: Annotated[int, Field(gt=0)]
    accuracy_m: Metres
    rhythm: Annotated[tuple[Annotated[float, Field(gt=0)], ...], Field(min_length=24, max_length=24)]
    matter: Annotated[tuple[SyntheticMatter, ...], Field(min_length=1)]


class Agreement(Part):
    """``[[check.agreement]]``: the recorded code of a layer, and the share of located rows that must agree with ours.

    ``recorded = "number"``: the file writes codes as decimals (``12.0`` for ``12``).
    """

    layer: str
    column: Name
    recorded: Literal["text", "number"] = "text"
    at_least: Share


class Learning(Part):
    """``[check.learning]``: the month kept back, the layer that routes, and the accuracy that must be reached."""

    month: date
    area: str
    at_least: Share


class CheckSource(Part):
    """``[check]``: what ``needle city check`` measures."""

    agreement: Annotated[tuple[Agreement, ...], Field(min_length=1)]
    learning: Learning


class Profile(Part):
    """A whole city. ``calendar``: whose working days its limits count."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]
    title: Title
    timezone: Zone
    calendar: Literal["china", "weekdays"] = "china"
    layer: Annotated[tuple[LayerSource, ...], Field(min_length=1)]
    department: Annotated[tuple[DepartmentSource, ...], Field(min_length=1)]
    channel: Annotated[tuple[ChannelSource, ...], Field(min_length=1)]
    team: tuple[TeamSource, ...] = ()
    matters: MatterSource
    power: Annotated[tuple[PowerSource, ...], Field(min_length=1)]
    events: EventSource | None = None
    synthetic: SyntheticSource | None = None
    check: CheckSource | None = None
