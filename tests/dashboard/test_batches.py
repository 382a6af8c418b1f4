"""Batches over parts: however the parts are cut and wherever they are worked, the answer is that of one table."""

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from dashboard.batches import PointColumns, cluster, locate_part, over_parts, parts_of
from dashboard.cli import app
from dashboard.cli.layer_args import LayerSource
from geo.errors import NeedleError
from geo.stats.counting import add_counts, count_cells

SQUARES = """{"type": "FeatureCollection", "features": [
 {"type": "Feature", "properties": {"code": "west"}, "geometry": {"type": "Polygon", "coordinates": [[[116.0, 39.0], [116.1, 39.0], [116.1, 39.1], [116.0, 39.1], [116.0, 39.0]]]}},
 {"type": "Feature", "properties": {"code": "east"}, "geometry": {"type": "Polygon", "coordinates": [[[116.1, 39.0], [116.2, 39.0], [116.2, 39.1], [116.1, 39.1], [116.1, 39.0]]]}}]}"""  # noqa: E501
WGS84 = ("--x", "lng", "--y", "lat", "--crs", "wgs84")


def written(folder: Path, count: int, parts: int) -> pd.DataFrame:
    """Points in two squares, most of them in one spot, cut into parts."""
    generator = np.random.default_rng(7)
    table = pd.DataFrame({"lng": generator.uniform(116.0, 116.2, count), "lat": generator.uniform(39.0, 39.1, count)})
    table.loc[: count // 3, ["lng", "lat"]] = 116.05 + generator.normal(0, 0.002, (count // 3 + 1, 2)) + (0, -77.0)
    folder.mkdir(exist_ok=True)
    for number, at in enumerate(np.array_split(np.arange(count), parts)):
        table.iloc[at].to_parquet(folder / f"part-{number}.parquet", index=False)
    return table


@given(st.lists(st.tuples(st.floats(-179, 179), st.floats(-80, 80)), max_size=40), st.integers(1, 5))
def test_counts_of_parts_add_up_to_the_count_of_the_whole(points: list[tuple[float, float]], parts: int) -> None:
    spots = np.array(points, np.float64).reshape(-1, 2)
    whole = count_cells(spots[:, 0], spots[:, 1], 9)
    added = add_counts([count_cells(part[:, 0], part[:, 1], 9) for part in np.array_split(spots, parts)])
    assert added.cells.tolist() == whole.cells.tolist()
    assert added.counts.tolist() == whole.counts.tolist()
    assert added.counts.sum() == len(points)


def test_hotspots_of_parts_are_those_of_one_part_and_lie_where_the_points_do(tmp_path: Path) -> None:
    table = written(tmp_path / "parts", 6_000, 3)
    (tmp_path / "one").mkdir()
    table.to_parquet(tmp_path / "one" / "all.parquet", index=False)
    found = {}
    for name in ("parts", "one"):
        ran = CliRunner().invoke(
            app, ["batch", "hotspots", str(tmp_path / name), *WGS84, "--out", str(tmp_path / f"{name}.parquet")]
        )
        assert ran.exit_code == 0, ran.output
        found[name] = pd.read_parquet(tmp_path / f"{name}.parquet")
    pd.testing.assert_frame_equal(found["parts"], found["one"])
    hottest = found["one"].nsmallest(1, "q").iloc[0]
    assert hottest["count"] > 100
    assert hottest["q"] < 0.01
    assert hottest[["lng", "lat"]].tolist() == pytest.approx([116.05, 39.05], abs=0.01)


def test_parts_are_located_by_several_processes_and_a_broken_part_is_named(tmp_path: Path) -> None:
    table = written(tmp_path / "parts", 900, 3)
    (tmp_path / "parts" / "part-9.parquet").write_bytes(b"no parquet")
    (tmp_path / "squares.geojson").write_text(SQUARES)
    (tmp_path / "out").mkdir()
    sources = (LayerSource("square", tmp_path / "squares.geojson", "code"),)
    work = partial(
        locate_part, columns=PointColumns("lng", "lat", "wgs84"), sources=sources, accuracy_m=10.0, out=tmp_path / "out"
    )
    told: list[tuple[int, int]] = []
    with cluster(None) as client:
        done = over_parts(client, parts_of(tmp_path / "parts"), work, lambda *said: told.append(said))
        with cluster(client.scheduler_info()["address"]) as other:
            again = over_parts(other, parts_of(tmp_path / "parts")[:1], work, lambda *_said: None)
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert {part.name: error.code for part, error in done.failed.items()} == {"part-9.parquet": "file.unreadable"}
    assert again.results == {part: one for part, one in done.results.items() if part.name == "part-0.parquet"}
    located = pd.concat([pd.read_parquet(tmp_path / "out" / f"part-{k}.parquet") for k in range(3)], ignore_index=True)
    assert len(located) == len(table)
    inside = located["problem"].isna()
    assert (located["square"] == np.where(located["lng"] < 116.1, "west", "east"))[inside].all()


def test_a_folder_without_parts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NeedleError, match=r"no \.parquet parts"):
        parts_of(tmp_path)
