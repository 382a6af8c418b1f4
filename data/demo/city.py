"""The demo city as one value: ``make_city`` draws it, ``load`` writes it, ``history`` lets it live."""

from dataclasses import dataclass

import numpy as np
import shapely

from data.demo.areas import Shape, make_shape, smooth_limits
from data.demo.buildings import Buildings, Texts, make_buildings
from data.demo.ground import Ground, make_ground
from data.demo.jurisdictions import Jurisdictions, make_jurisdictions
from data.demo.landscape import Landscape, make_landscape
from data.demo.landuse import LandUse, make_land_use
from data.demo.lattice import Lattice, make_lattice
from data.demo.names import CITY_EN, CITY_ZH, DISTRICTS
from data.demo.people import People, make_people
from data.demo.powers import HABITS
from data.demo.size import DemoSize
from data.demo.streets import Streets, make_streets
from geo.layers import Layer


@dataclass(frozen=True, eq=False)
class DemoCity:
    """Everything about the city that does not change from day to day."""

    size: DemoSize
    name_zh: str
    name_en: str
    lattice: Lattice
    ground: Ground
    shape: Shape
    land: LandUse
    streets: Streets
    landscape: Landscape
    buildings: Buildings
    jurisdictions: Jurisdictions
    people: People

    @property
    def layers(self) -> tuple[Layer, ...]:
        """District, subdistrict, police, enforcement, community and cell layers."""
        return self.jurisdictions.layers

    @property
    def matters(self) -> tuple[str, ...]:
        """Keys of the matters that its reports are about."""
        return tuple(habit.key for habit in HABITS)

    @property
    def centre(self) -> tuple[float, float]:
        """Where a map opens: the middle of the busiest part, degrees."""
        density = np.where(self.ground.inside, self.ground.density, 0.0)
        rows, columns = np.nonzero(density >= 0.8 * density.max())
        lng, lat = self.lattice.lng[rows, columns].mean(), self.lattice.lat[rows, columns].mean()
        return round(float(lng), 5), round(float(lat), 5)


def make_city(size: DemoSize) -> DemoCity:
    """Draw the city of a size: same size (its seed included), same bytes.

    A district takes about half a second, a city of a million buildings about fifteen seconds.
    """
    lattice = make_lattice(size)
    ground = make_ground(lattice)
    lattice = smooth_limits(lattice, ground.inside)
    shape = make_shape(lattice, ground)
    jurisdictions = make_jurisdictions(lattice, ground, shape)
    land = make_land_use(lattice, ground)
    streets = make_streets(lattice, ground, land)
    landscape = make_landscape(lattice, ground, land, shapely.union_all(shape.districts))
    obstacles = np.concatenate([landscape.water, streets.motorway_strip()])
    buildings = make_buildings(lattice, ground, land, streets, obstacles, _addressed_areas(jurisdictions))
    name_zh, name_en = (
        (CITY_ZH, CITY_EN)
        if size.districts > 1
        else (f"{CITY_ZH}{DISTRICTS[0][0]}", f"{DISTRICTS[0][1]} District, {CITY_EN}")
    )
    return DemoCity(
        size,
        name_zh,
        name_en,
        lattice,
        ground,
        shape,
        land,
        streets,
        landscape,
        buildings,
        jurisdictions,
        make_people(lattice, ground, jurisdictions),
    )


def _addressed_areas(jurisdictions: Jurisdictions) -> Texts:
    """How an address in each subdistrict begins: city, district, subdistrict."""
    district, subdistrict = jurisdictions.layer("district"), jurisdictions.layer("subdistrict")
    names = dict(zip(district.codes, district.names, strict=True))
    starts = [
        CITY_ZH + names[str(parent)] + name for name, parent in zip(subdistrict.names, subdistrict.parents, strict=True)
    ]
    return np.array(starts, object)
