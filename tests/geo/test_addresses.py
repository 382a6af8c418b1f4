"""Chinese addresses are taken apart as a person would, and nothing of them is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.addresses.parsing import LEVELS, finest_common, parse, plain_text

#: What is written, and what each level should say; levels that are not named say nothing.
WRITTEN = [
    (
        "北京市朝阳区建国路88号SOHO现代城A座1203室",
        "北京市|county=朝阳区|road=建国路|number=88号|estate=SOHO现代城|building=A座|room=1203室",
    ),
    (
        "深圳市南山区粤海街道科苑路15号科兴科学园B1栋3单元801",
        "city=深圳市|county=南山区|town=粤海街道|road=科苑路|number=15号|"
        "estate=科兴科学园|building=B1栋|unit=3单元|room=801",
    ),
    (
        "成都市金牛区抚琴街道抚琴西路168号5栋2单元7楼13号",
        "city=成都市|county=金牛区|town=抚琴街道|road=抚琴西路|number=168号|"
        "building=5栋|unit=2单元|floor=7楼|room=13号",
    ),
    (
        "无锡市梁溪区崇安寺街道圆通路社区中山路218号3幢1402",
        "city=无锡市|county=梁溪区|town=崇安寺街道|community=圆通路社区|road=中山路|"
        "number=218号|building=3幢|room=1402",
    ),
    (
        "青浦区赵巷镇崧泽村3组45号",
        "county=青浦区|town=赵巷镇|community=崧泽村|road=3组|number=45号",
    ),
    (
        "北京市东城区东华门街道多福巷社区南河沿大街甲1号院2号楼",
        "北京市|county=东城区|town=东华门街道|community=多福巷社区|road=南河沿大街|number=甲1号院|building=2号楼",
    ),
    (
        "西安市碑林区南院门街道竹笆市街道20号院内5排3号",
        "city=西安市|county=碑林区|town=南院门街道|road=竹笆市街道|number=20号院|building=5排|room=3号",
    ),
    (
        "厦门市思明区莲前街道前埔北一里56号之二302",
        "city=厦门市|county=思明区|town=莲前街道|road=前埔北一里|number=56号之二|room=302",
    ),
    (
        "呼和浩特市新城区海拉尔东街与兴安北路交叉口东北侧100米",
        "city=呼和浩特市|county=新城区|road=海拉尔东街与兴安北路交叉口|beside=东北侧100米",
    ),
    (
        "平谷区马昌营镇马昌营村村委会南50米路灯旁",
        "county=平谷区|town=马昌营镇|community=马昌营村|estate=村委会|beside=南50米路灯旁",
    ),
    (
        "上海市静安区曹家渡街道延平路１２３弄６号６０２室",
        "上海市|county=静安区|town=曹家渡街道|road=延平路|number=123弄|building=6号|room=602室",
    ),
]


@pytest.mark.parametrize(("text", "wanted"), WRITTEN)
def test_an_address_is_taken_apart_by_its_levels(text: str, wanted: str) -> None:
    parts = [part.partition("=") for part in wanted.split("|")]
    levels = {name if said else "province": said or name for name, _, said in parts}
    found = parse(text)
    said = {level: found.level(level) for level in (*LEVELS, "beside", "rest") if found.level(level)}
    assert said == levels


@given(st.text(alphabet="北京市朝阳区建国路街道村社号楼院内12甲A室单元座东侧米 ，", max_size=24))
def test_nothing_of_an_address_is_lost(text: str) -> None:
    found = parse(text)
    again = "".join(found.level(level) for level in (*LEVELS, "beside", "rest"))
    assert again == plain_text(text) or again == plain_text(text).replace("院内", "院", 1)


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("安宁区望河街道中山路8号3号楼", "望河街道中山路8号3号楼", "building"),
        ("安宁区望河街道中山路8号3号楼", "安宁区望河街道中山路8号5号楼", "number"),
        ("安宁区望河街道中山路8号", "安宁区文昌街道中山路8号", "county"),
        ("中山路8号", "人民路8号", ""),
    ],
)
def test_two_addresses_agree_down_to_a_level(one: str, other: str, level: str) -> None:
    assert finest_common(parse(one), parse(other)) == level
