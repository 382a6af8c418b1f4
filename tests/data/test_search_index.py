"""The registry is found by what somebody types: names in any of their forms, initials, addresses, the end of a number."""

from pathlib import Path

import pytest

from data.search.index import SearchIndex
from data.search.kept import KeptIndex, hold_index
from data.search.tokens import Entry

ENTRIES = (
    Entry("zeng", "person", "曾小贤", "和平路88号3栋2单元501", ("16012345678",)),
    Entry("zhang", "person", "张伟", "建设路12号1栋302", ("16387654321", "11010119000101009X")),
    Entry("zhangwei", "person", "章薇", "建设路12号1栋", ()),
    Entry("zhong", "person", "锺堃", "人民街5号", ()),
    Entry("dotted", "person", "阿依古丽·买买提", "", ()),
    Entry("shop", "enterprise", "和平路便民超市", "和平路90号", ("91510106MA1ABCD2XR",)),
)


@pytest.fixture
def index(tmp_path: Path) -> SearchIndex:
    """The entries, indexed."""
    index = SearchIndex(tmp_path / "registry")
    index.fill(ENTRIES)
    return index


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("曾小贤", "zeng"),
        ("小贤", "zeng"),
        ("zxx", "zeng"),
        ("ZX", "zeng"),
        ("zengxiao", "zeng"),
        ("5678", "zeng"),
        ("16012345678", "zeng"),
        ("張偉", "zhang"),
        ("张伟 建设路", "zhang"),
        ("009x", "zhang"),
        ("钟坤", "zhong"),
        ("阿依古丽买买提", "dotted"),
        ("人民街5号", "zhong"),
        ("便民超市", "shop"),
        ("d2xr", "shop"),
    ],
)
def test_what_is_typed_finds(index: SearchIndex, typed: str, first: str) -> None:
    assert index.find(typed)[0].code == first


def test_every_word_must_fit_and_a_kind_can_be_asked_for(index: SearchIndex) -> None:
    assert index.find("曾小贤 5678")[0].code == "zeng"
    assert index.find("曾小贤 4321") == []
    assert {hit.code for hit in index.find("zw")} == {"zhang", "zhangwei"}
    assert [hit.code for hit in index.find("和平路", kind="enterprise")] == ["shop"]
    assert index.find("") == index.find(" ·") == index.find("龘") == []


def test_entries_change_and_go_and_the_index_outlives_its_process(index: SearchIndex, tmp_path: Path) -> None:
    index.update([Entry("zeng", "person", "曾国藩", "人民街7号")], gone=["zhang"])
    assert index.find("曾小贤") == [] or index.find("曾小贤")[0].code != "zhang"
    assert index.find("zgf")[0].code == "zeng"
    assert index.find("4321") == []
    again = SearchIndex(tmp_path / "registry")
    assert len(again) == len(ENTRIES) - 1
    assert again.find("国藩")[0].code == "zeng"
    again.fill(ENTRIES[:1])
    assert [hit.code for hit in again.find("zxx")] == ["zeng"]
    assert len(again) == 1


def test_an_index_is_kept_for_its_database_and_for_one_process_at_a_time(tmp_path: Path) -> None:
    with hold_index(tmp_path, "ours") as kept:
        assert kept.state is None
        kept.index.fill(ENTRIES)
        kept.note(7, None)
        with hold_index(tmp_path, "ours") as second:
            assert len(second.index) == 0, "another process works with its own"
            folder = second.folder
        assert not folder.exists()
    with hold_index(tmp_path, "ours") as kept:
        assert kept.state is not None
        assert (kept.state.position, kept.state.filled_to, len(kept.index)) == (7, None, len(ENTRIES))
    with hold_index(tmp_path, "another") as other:
        assert other.state is None
        assert len(other.index) == 0
    assert [folder.name for folder in tmp_path.iterdir()] == ["another"], "what nobody holds is removed"


@pytest.mark.parametrize("harm", ["state.json", "index/meta.json"])
def test_what_does_not_fit_is_thrown_away(tmp_path: Path, harm: str) -> None:
    with hold_index(tmp_path, "ours") as kept:
        kept.index.fill(ENTRIES)
        kept.note(7, 42)
    (tmp_path / "ours" / harm).write_text("harmed")
    again = KeptIndex(tmp_path / "ours", "ours")
    assert again.state is None
    assert len(again.index) == 0
