"""``needle layer import`` as a user runs it: boundaries as before, the ground of any file, an extract of OpenStreetMap."""

from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from typer.testing import CliRunner, Result

from dashboard.cli import app
from data.database import Connection
from data.settings import get_settings
from geo.errors import NeedleError

BOX = shapely.box(116.0, 39.9, 116.001, 39.901)


@pytest.fixture(autouse=True)
def this_database(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The test's database as the one that commands use."""
    monkeypatch.setenv("NEEDLE_DATABASE_URL", database_url)
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


def layer_import(*arguments: object) -> Result:
    """Run the command; an error of the catalogue comes through as it is."""
    result = CliRunner().invoke(app, ["layer", "import", *map(str, arguments)], env={"COLUMNS": "200"})
    if isinstance(result.exception, NeedleError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result


@pytest.fixture
def buildings(tmp_path: Path) -> Path:
    path = tmp_path / "houses.gpkg"
    columns = {"no": ["1", "2"], "usage": ["住宅", "民宅"], "stock": [6, 18]}
    gpd.GeoDataFrame(columns, geometry=[BOX, BOX], crs=4326).to_file(path)
    return path


def test_boundaries_become_a_generation_as_before(tmp_path: Path, connection: Connection) -> None:
    path = tmp_path / "districts.geojson"
    gpd.GeoDataFrame({"CODE": ["a"], "NAME": ["东区"]}, geometry=[BOX], crs=4326).to_file(path)
    options = (path, "--name", "district", "--kind", "area", "--code", "CODE", "--name-field", "NAME")
    assert "generation 1 is in force" in layer_import(*options).output
    assert "generation 2 is in force" in layer_import(*options).output
    assert connection.execute("select count(*), min(name) from area").fetchone() == (2, "东区")


def test_boundaries_without_their_options_say_what_is_missing(buildings: Path) -> None:
    with pytest.raises(NeedleError) as refused:
        layer_import(buildings, "--name", "district")
    assert refused.value.code == "ground.options"
    assert "--kind, --code" in refused.value.sentence("en")
    assert "--as buildings" in refused.value.sentence("en")


def test_buildings_with_columns_and_words_that_the_user_explains(buildings: Path, connection: Connection) -> None:
    options = (buildings, "--as", "buildings", "--column", "code=no", "--column", "floors=stock")
    with pytest.raises(NeedleError, match="民宅"):
        layer_import(*options)
    result = layer_import(*options, "--value", "民宅=residential", "--attribution", "© 房管局")
    assert "floors=stock" in result.output
    found = connection.execute("select code, use, floors, height_m from building order by code").fetchall()
    assert found == [("1", "residential", 6, 18.0), ("2", "residential", 18, 54.0)]
    source = connection.execute("select name, file, attribution from ground_source").fetchone()
    assert source == ("houses", "houses.gpkg, EPSG:4326 (houses.gpkg)", "© 房管局")


def test_an_option_that_is_no_pair_is_refused(buildings: Path) -> None:
    with pytest.raises(NeedleError) as refused:
        layer_import(buildings, "--as", "buildings", "--column", "code")
    assert refused.value.code == "layer.argument"


@pytest.mark.real_data
def test_an_extract_of_openstreetmap(real_data: Path, connection: Connection) -> None:
    path = real_data / "helsinki" / "Helsinki.osm.pbf"
    output = layer_import(path).output
    assert "© OpenStreetMap contributors" in output
    assert "100 streets lack nodes at the file's edge" in output
    assert "100 条道路在文件边缘缺少节点" in output
    assert connection.execute("select count(*) from building where code like 'way/%'").fetchone() == (383,)
    assert connection.execute("select attribution from ground_source").fetchall() == [("© OpenStreetMap contributors",)]
