"""Chinese names: of streets, areas, compounds, parks. Fictional, in the ways real ones are made."""

import numpy as np

CITY_ZH, CITY_EN = "安澜市", "Anlan"
PREFIX = "1315"
"""First four digits of the area codes: Hebei's pattern with a city number that is not in use."""

DISTRICTS: tuple[tuple[str, str], ...] = (
    ("望河区", "Wanghe"),
    ("澜东区", "Landong"),
    ("镜湖区", "Jinghu"),
    ("永济区", "Yongji"),
    ("北亭区", "Beiting"),
    ("青原区", "Qingyuan"),
    ("南浦区", "Nanpu"),
    ("凤台区", "Fengtai"),
    ("石桥区", "Shiqiao"),
    ("云溪区", "Yunxi"),
    ("高阳区", "Gaoyang"),
    ("白水区", "Baishui"),
    ("新港区", "Xingang"),
    ("松岭区", "Songling"),
    ("临渠区", "Linqu"),
    ("东冈区", "Donggang"),
    ("梅园区", "Meiyuan"),
)

CLASSIC_STREETS = (
    "人民",
    "建设",
    "解放",
    "中山",
    "和平",
    "文化",
    "新华",
    "光明",
    "胜利",
    "友谊",
    "团结",
    "青年",
    "前进",
    "红旗",
    "工业",
    "朝阳",
    "迎宾",
    "府前",
    "学府",
    "长江",
    "黄河",
    "泰山",
    "昆仑",
    "衡山",
    "珠江",
    "长安",
    "北京",
    "天津",
    "上海",
    "南京",
)
STREET_FIRST = "永安兴和康福德荣昌盛宏景春华秋锦瑞祥云凤龙金玉翠柳松竹梅桂兰清澄嘉惠泰裕丰仁义"
STREET_SECOND = "安兴宁和平康泰顺达明德义仁信盛昌荣丰华阳园林泉溪桥亭台源苑港湾城门"

SUBDISTRICTS = (
    "城关",
    "东关",
    "西关",
    "南门",
    "北门",
    "文昌",
    "鼓楼",
    "向阳",
    "新华",
    "镜湖",
    "河西",
    "永济桥",
    "学府",
    "铁西",
    "开元",
    "滨河",
    "迎宾",
    "花园",
    "长虹",
    "光明",
    "和平",
    "建设",
    "朝阳",
    "胜利",
    "友谊",
    "东风",
    "红旗",
    "青云",
    "望京台",
    "八里桥",
)
TOWNS = (
    "柳林",
    "石佛",
    "沙岭",
    "王庄",
    "大杨树",
    "青龙桥",
    "白庙",
    "三河口",
    "马家营",
    "双塔",
    "桃园",
    "凤凰岭",
    "龙泉",
    "高家堡",
    "七里铺",
    "杏花",
    "北辛店",
    "南台",
    "东坝",
    "西集",
    "永乐店",
    "张家湾头",
    "太平",
    "老君堂",
    "孙家集",
    "黄土岗",
    "梨园屯",
)
SURNAMES = "李王张刘陈杨赵黄周吴徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾萧田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢"
VILLAGE_ENDS = ("家庄", "家营", "家屯", "各庄", "家堡", "家窑", "家坟", "村", "官营", "家务", "家渠", "辛庄")
COMMUNITY_FIRST = "幸福阳光金桂锦绣翠湖康乐和谐春晖望澜明珠丽景安居兴盛万安百合紫薇绿苑怡和同心秀水东篱北苑南湖西苑长青"
COMPOUND_ENDS = ("家园", "花园", "小区", "新村", "苑", "佳苑", "里", "名邸", "府", "公寓", "庭院", "华庭")
PARK_ENDS = ("公园", "公园", "游园", "绿地", "生态园")


def pairs(first: str, second: str, count: int, rng: np.random.Generator, taken: set[str]) -> list[str]:
    """Two-character names without repetition, in a random order; adds to `taken`."""
    pool = [a + b for a in dict.fromkeys(first) for b in dict.fromkeys(second) if a != b and a + b not in taken]
    chosen = [pool[k] for k in rng.permutation(len(pool))[:count]]
    taken.update(chosen)
    return chosen


def street_stems(count: int, rng: np.random.Generator) -> list[str]:
    """Stems of street names ("人民" of 人民路): classic ones first, then made ones, then with 新 or 北 before."""
    taken = set(CLASSIC_STREETS)
    made = [*CLASSIC_STREETS, *pairs(STREET_FIRST, STREET_SECOND, count, rng, taken)]
    while len(made) < count:
        made += [
            mark + stem for mark, stem in zip("新北南东西上下后" * len(made), made[: count - len(made)], strict=False)
        ]
    return made[:count]


def _numbered(stems: tuple[str, ...], k: int) -> str:
    """Stem k, with a direction before it once the stems are used up."""
    lap, index = divmod(k, len(stems))
    return ("", "东", "西", "南", "北", "新", "上", "下", "前", "后", "中", "老", "大", "小")[lap % 14] + stems[index]


def subdistrict_name(k_street: int, k_town: int, *, town: bool) -> str:
    """Name of a 街道 or a 镇."""
    return _numbered(TOWNS, k_town) + "镇" if town else _numbered(SUBDISTRICTS, k_street) + "街道"


def community_names(rural: np.ndarray, rng: np.random.Generator) -> list[str]:
    """Names of 社区 and 村, unique within a few hundred."""
    stems = [COMMUNITY_FIRST[i : i + 2] for i in range(0, len(COMMUNITY_FIRST) - 1, 2)]
    stems += pairs(STREET_FIRST, STREET_SECOND, 400, rng, set(stems))
    names = []
    for k, is_rural in enumerate(rural):
        if is_rural:
            names.append(
                SURNAMES[int(rng.integers(len(SURNAMES)))] + VILLAGE_ENDS[int(rng.integers(len(VILLAGE_ENDS)))] + "村"
            )
        else:
            names.append(stems[k % len(stems)] + "社区")
    return [name.replace("村村", "村") for name in names]
