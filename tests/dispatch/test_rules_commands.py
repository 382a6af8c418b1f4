"""``needle rules`` on the demo city, as a user runs it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from dashboard.cli import app
from data.cluster import Cluster
from data.database import connect
from data.demo.city import make_city
from data.demo.load import load_city
from data.demo.size import BLOCK
from data.settings import get_settings
from data.stores.rules import current_rule_set
from dispatch.matters import matters
from dispatch.reference import load_reference
from dispatch.rules import parse_rules
from geo.errors import NeedleError

REFERENCE = datetime(2026, 11, 24, 3, 20, tzinfo=UTC)


@pytest.fixture(scope="module")
def city_url(cluster: Cluster) -> Iterator[str]:
    url = cluster.copy_database("template", "rules_commands")
    load_reference(url)
    with connect(url) as connection:
        load_city(connection, make_city(BLOCK), matters().values(), REFERENCE)
        connection.commit()
    yield url
    cluster.drop_database("rules_commands")


@pytest.fixture(autouse=True)
def _settings(city_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("NEEDLE_DATABASE_URL", city_url)
    monkeypatch.setenv("COLUMNS", "200")
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


def rules(*arguments: object) -> Result:
    result = CliRunner().invoke(app, ["rules", *(str(a) for a in arguments)])
    if isinstance(result.exception, NeedleError):
        raise result.exception
    return result


@pytest.fixture
def in_force(city_url: str, tmp_path: Path) -> Path:
    """The demo city's rules as a file."""
    with connect(city_url) as connection:
        current = current_rule_set(connection)
    assert current is not None
    path = tmp_path / "rules.toml"
    path.write_text(current[1], encoding="utf-8")
    return path


def test_the_citys_own_rules_are_right_and_are_said(in_force: Path) -> None:
    result = rules("check", in_force, "--city")
    assert result.exit_code == 0, result.output
    assert f"{len(parse_rules(in_force.read_text(encoding='utf-8')).rules)} 条规则" in result.output
    assert "处置" in result.output
    assert "acts" in rules("check", in_force, "--in", "en").output


def test_what_the_city_lacks_is_named_and_not_accepted(in_force: Path) -> None:
    text = in_force.read_text(encoding="utf-8")
    in_force.write_text(
        text + '\n[[rule]]\nname = "x"\nmatter = ["9999:*"]\narea = ["moon:1"]\ndepartment = "nasa"\nlevel = "city"\n',
        encoding="utf-8",
    )
    result = rules("check", in_force, "--city")
    assert result.exit_code == 1
    assert all(said in result.output for said in ("9999:*", "moon", "nasa", "department"))
    with pytest.raises(NeedleError) as caught:
        rules("accept", in_force, "--by", "tester")
    assert caught.value.code == "rules.invalid"


def test_accepted_rules_are_in_force_and_the_old_ones_stay(city_url: str, in_force: Path) -> None:
    text = in_force.read_text(encoding="utf-8") + "\n# 复核 reviewed\n"
    in_force.write_text(text, encoding="utf-8")
    with connect(city_url) as connection:
        before = current_rule_set(connection)
        assert rules("accept", in_force, "--by", "tester", "--note", "review").exit_code == 0
        after = current_rule_set(connection)
        kept = connection.execute("select count(*) from rule_set").fetchone()
    assert before is not None
    assert after is not None
    assert (after[0] > before[0], after[1]) == (True, text)
    assert kept == (2,)


def test_history_becomes_a_draft_that_the_city_understands(tmp_path: Path) -> None:
    draft, table = tmp_path / "draft.toml", tmp_path / "table.csv"
    result = rules("learn", "--out", draft, "--table", table, "--held-back", "1")
    assert result.exit_code == 0, result.output
    assert table.read_text(encoding="utf-8").startswith("by,key,area,department")
    checked = rules("check", draft, "--city")
    assert checked.exit_code == 0, checked.output


@pytest.mark.parametrize(("language", "chosen"), [("zh", "选中"), ("en", "chosen")])
def test_a_stored_decision_is_explained(city_url: str, language: str, chosen: str) -> None:
    with connect(city_url) as connection:
        row = connection.execute(
            "select c.number, t.name from decision d join cases c on c.id = d.case_id join team t on t.id = d.team_id limit 1"
        ).fetchone()
    assert row is not None
    result = rules("explain", row[0], "--in", language)
    assert result.exit_code == 0, result.output
    assert all(said in result.output for said in (row[0], row[1], chosen))


def test_a_decision_is_tried_now_and_nothing_is_stored(city_url: str) -> None:
    with connect(city_url) as connection:
        where = connection.execute("select st_x(geom), st_y(geom) from cases where geom is not null limit 1").fetchone()
        before = connection.execute("select count(*) from decision").fetchone()
        assert where is not None
        result = rules("explain", "--matter", "2026:event:09006", "--lng", where[0], "--lat", where[1])
        assert connection.execute("select count(*) from decision").fetchone() == before
    assert result.exit_code == 0, result.output
    assert "。" in result.output


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["explain", "no-such-case"], "rules.case_unknown"),
        (["explain"], "rules.explain_what"),
        (["explain", "--matter", "2026:event:09006", "--lng", "116"], "rules.explain_what"),
        (["check", "/no/such/file.toml"], "rules.unreadable"),
    ],
)
def test_what_cannot_be_done_is_said(arguments: list[str], code: str) -> None:
    with pytest.raises(NeedleError) as caught:
        rules(*arguments)
    assert caught.value.code == code
