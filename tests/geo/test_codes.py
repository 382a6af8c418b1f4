"""Area and cell codes: what their form says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.codes import (
    PROVINCES,
    Kind,
    Level,
    is_area_code,
    is_cell_code,
    kind_of,
    level_of,
    make_cell_code,
    parent_of,
    parse_area_code,
    parse_cell_code,
)
from geo.errors import NeedleError


@st.composite
def area_codes(draw: st.DrawFn, deepest: int = 5) -> str:
    """Codes of any level, counties left out now and then as in 东莞."""
    depth = draw(st.integers(1, deepest))
    widths = (2, 2, 3, 3)[: depth - 1]
    segments = [f"{draw(st.integers(1, 10**w - 1)):0{w}d}" for w in widths]
    if len(segments) > 2 and draw(st.booleans()):
        segments[1] = "00"
    return (draw(st.sampled_from(sorted(PROVINCES))) + "".join(segments)).ljust(12, "0")


village_codes = area_codes().filter(lambda code: level_of(code) is Level.VILLAGE)


@pytest.mark.parametrize(
    ("code", "level", "kind", "parent"),
    [
        ("110000000000", Level.PROVINCE, Kind.PROVINCE, None),
        ("130100000000", Level.CITY, Kind.CITY, "130000000000"),
        ("110117000000", Level.COUNTY, Kind.COUNTY, "110000000000"),  # a municipality's district
        ("130102000000", Level.COUNTY, Kind.COUNTY, "130100000000"),
        ("110117001000", Level.TOWNSHIP, Kind.SUBDISTRICT, "110117000000"),
        ("110117102000", Level.TOWNSHIP, Kind.TOWN, "110117000000"),
        ("110117213000", Level.TOWNSHIP, Kind.TOWNSHIP, "110117000000"),
        ("110115403000", Level.TOWNSHIP, Kind.TOWNSHIP_LIKE, "110115000000"),
        ("441900003000", Level.TOWNSHIP, Kind.SUBDISTRICT, "441900000000"),  # 东莞 has no counties
        ("110117001008", Level.VILLAGE, Kind.COMMUNITY, "110117001000"),
        ("110117108209", Level.VILLAGE, Kind.VILLAGE, "110117108000"),
        ("110115403498", Level.VILLAGE, Kind.VIRTUAL_COMMUNITY, "110115403000"),
        ("110115403499", Level.VILLAGE, Kind.COMMUNITY_LIKE, "110115403000"),
        ("110115403598", Level.VILLAGE, Kind.VILLAGE_LIKE, "110115403000"),
        ("110115403777", Level.VILLAGE, Kind.OTHER, "110115403000"),
    ],
)
def test_what_an_area_code_says(code: str, level: Level, kind: Kind, parent: str | None) -> None:
    assert (level_of(code), kind_of(code), parent_of(code)) == (level, kind, parent)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "99",
        "110117",
        "11011700100",
        "1101170010000",
        "990000000000",
        "110000001000",
        "110117000001",
        "11011700100A",
    ],
)
def test_what_is_no_area_code(text: str) -> None:
    assert not is_area_code(text)


@pytest.mark.parametrize("text", ["11", "1101", "110117", "110117001", " 110117001000 "])
def test_short_forms_are_padded(text: str) -> None:
    assert parse_area_code(text) == text.strip().ljust(12, "0")


@given(area_codes())
def test_every_chain_of_parents_ends_in_a_province(code: str) -> None:
    chain = [code]
    while (above := parent_of(chain[-1])) is not None:
        chain.append(above)
    assert level_of(chain[-1]) is Level.PROVINCE
    assert len(set(chain)) == len(chain) <= 5
    assert all(is_area_code(c) and c[:2] == code[:2] for c in chain)


@given(village_codes, st.integers(1, 999))
def test_cell_codes_are_made_and_split(community: str, serial: int) -> None:
    code = make_cell_code(community, serial)
    assert is_cell_code(code)
    assert parse_cell_code(code).community == community
    assert int(parse_cell_code(code).serial) == serial
    assert str(parse_cell_code(code)) == code


@pytest.mark.parametrize("serial", [0, -1, 1000])
def test_serials_beyond_the_form_are_refused(serial: int) -> None:
    with pytest.raises(NeedleError, match="between 1 and 999"):
        make_cell_code("110117001008", serial)


@pytest.mark.parametrize("area", ["110117001000", "110117000000", "not a code"])
def test_cells_stand_in_communities_only(area: str) -> None:
    with pytest.raises(NeedleError) as refused:
        make_cell_code(area, 1)
    assert refused.value.code == "code.area"


@pytest.mark.parametrize("text", ["", "11011700100800", "11011700100800a", "1101170010080011", "11011700100 001"])
def test_what_is_no_cell_code(text: str) -> None:
    with pytest.raises(NeedleError) as refused:
        parse_cell_code(text)
    assert refused.value.code == "code.cell"
