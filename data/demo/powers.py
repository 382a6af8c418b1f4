"""Who may act on what, and how often each matter happens, where, when and through which channel.

One table feeds the rules text, the history and the live stream, so that they agree.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class DepartmentKind:
    """A department that every district has. ``teams``: how many in a district that has no areas of its own for it."""

    code: str
    name_zh: str
    name_en: str
    teams: int
    skills: tuple[str, ...]
    speed_kmh: float
    capacity: int


DEPARTMENTS: tuple[DepartmentKind, ...] = (
    DepartmentKind(
        "cg", "城管执法局", "Urban Management and Law Enforcement Bureau", 2, ("摊点", "广告", "违建"), 26, 18
    ),
    DepartmentKind("ga", "公安分局", "Public Security Branch", 1, ("治安", "噪声"), 32, 14),
    DepartmentKind("jj", "交警大队", "Traffic Police Brigade", 4, ("交通", "拖车"), 34, 18),
    DepartmentKind("sz", "市政管理处", "Municipal Works Office", 4, ("井盖", "路面", "照明"), 28, 16),
    DepartmentKind("hw", "环卫服务中心", "Environmental Sanitation Centre", 1, ("清扫", "清运"), 20, 20),
    DepartmentKind("yl", "园林绿化局", "Parks and Greening Bureau", 3, ("绿化", "修剪"), 24, 14),
    DepartmentKind("zj", "住房和城乡建设局", "Housing and Construction Bureau", 3, ("工地", "房屋"), 26, 18),
    DepartmentKind("sw", "水务局", "Water Affairs Bureau", 3, ("河道", "排水"), 26, 14),
    DepartmentKind("sc", "市场监督管理局", "Market Regulation Bureau", 3, ("食品", "价格"), 24, 14),
    DepartmentKind("hb", "生态环境局", "Ecology and Environment Bureau", 2, ("油烟", "扬尘"), 28, 14),
    DepartmentKind("xf", "消防救援大队", "Fire and Rescue Brigade", 3, ("消防", "通道"), 40, 10),
)

STREET_OFFICE_EN = "Subdistrict Office"


@dataclass(frozen=True)
class Power:
    """One rule of every district: a department, its matters, and what the team must be able to do."""

    title: str
    matters: tuple[str, ...]
    department: str
    skill: str | None = None
    urgent: bool = False
    max_travel_minutes: int | None = None


POWERS: tuple[Power, ...] = (
    Power(
        "井盖险情",
        ("2026:event:0100*", "2026:event:01010", "2026:event:01011", "2026:event:0101*", "2026:event:01020"),
        "sz",
        "井盖",
        True,
        60,
    ),
    Power("消防设施和消防通道", ("2026:event:09012", "2026:component:01013"), "xf", "消防", True),
    Power(
        "公园和河湖秩序",
        ("2026:event:06024", "2026:event:06025", "2026:event:06026", "2026:event:06046", "2026:event:06023"),
        "sw",
    ),
    Power(
        "绿化",
        (
            "2026:event:04*",
            "2026:event:06017",
            "2026:event:06018",
            "2026:event:06021",
            "2026:event:06022",
            "2026:event:06045",
            "2026:event:06047",
            "2026:component:04*",
        ),
        "yl",
    ),
    Power(
        "环境卫生",
        (
            "2026:event:03001",
            "2026:event:03005",
            "2026:event:06010",
            "2026:event:06011",
            "2026:event:06012",
            "2026:event:06014",
            "2026:event:06042",
            "2026:event:06037",
            "2026:event:10001",
            "2026:component:03*",
        ),
        "hw",
    ),
    Power("油烟和扬尘", ("2026:event:06027", "2026:event:08004"), "hb"),
    Power("社会生活噪声", ("2026:event:06028",), "ga", "噪声"),
    Power("施工管理", ("2026:event:08*",), "zj"),
    Power(
        "机动车停放和信号灯",
        ("2026:event:09009", "2026:event:09016", "2026:event:02014", "2026:event:02010", "2026:event:02017"),
        "jj",
    ),
    Power("餐饮和市场", ("2026:event:09015", "2026:event:09020", "2026:event:09008"), "sc"),
    Power("街面秩序", ("2026:event:09*",), "cg", "摊点"),
    Power(
        "广告和违建",
        (
            "2026:event:07*",
            "2026:event:03006",
            "2026:event:06001",
            "2026:event:06002",
            "2026:event:06003",
            "2026:event:06008",
            "2026:event:06029",
            "2026:event:06040",
        ),
        "cg",
    ),
    Power(
        "市政设施",
        (
            "2026:event:01*",
            "2026:event:02*",
            "2026:event:06013",
            "2026:event:06050",
            "2026:event:06051",
            "2026:event:10002",
            "2026:component:01*",
            "2026:component:02*",
        ),
        "sz",
    ),
)
"""In order of priority; what none of them names falls to the street offices."""

STREET_MATTERS = ("2026:*",)


@dataclass(frozen=True)
class Habit:
    """How a matter happens.

    Attributes
    ----------
    share : float
        Relative frequency.
    rhythm : str
        A profile of ``rhythm.HOURS``.
    place : str
        ``street``: at the kerb; ``yard``: among the houses; ``water``, ``park``: there.
    uses : tuple of int
        Uses of land that attract it (``landuse``); empty: everywhere alike.
    text : str
        What people say of it.
    """

    key: str
    share: float
    rhythm: str
    place: str
    uses: tuple[int, ...]
    text: str


HABITS: tuple[Habit, ...] = (
    Habit("2026:event:09005", 9.0, "evening", "street", (5, 6, 8), "商户把桌椅货架摆到店外，占了人行道"),
    Habit("2026:event:09006", 7.0, "market", "street", (5, 6, 8, 3), "有人占道摆摊，行人只能走机动车道"),
    Habit("2026:event:09001", 6.0, "market", "street", (3, 4, 5, 8), "流动摊贩在路口叫卖，堵塞道路"),
    Habit("2026:event:09010", 8.0, "commute", "street", (7, 8, 5), "非机动车乱停，盲道被占"),
    Habit("2026:event:09011", 6.5, "commute", "street", (7, 8, 5), "共享单车成堆倒放，影响通行"),
    Habit("2026:event:09009", 8.5, "commute", "street", (3, 4, 5, 7, 8), "机动车乱停，堵住出口"),
    Habit("2026:event:09012", 2.4, "night", "yard", (3, 4, 5), "消防通道被私家车堵死"),
    Habit("2026:event:06028", 6.0, "night", "yard", (3, 4, 5, 8), "楼下音响声音很大，夜里睡不着"),
    Habit("2026:event:08001", 3.6, "night", "yard", (4, 7, 2), "工地夜间施工，噪声扰民"),
    Habit("2026:event:06010", 8.0, "morning", "street", (3, 5, 6, 1), "垃圾堆在路边没人清"),
    Habit("2026:event:06011", 3.2, "day", "yard", (1, 3, 2), "建筑垃圾堆了好几天"),
    Habit("2026:event:06012", 4.5, "morning", "street", (), "路面有油污和积水"),
    Habit("2026:event:06042", 3.4, "morning", "yard", (3, 4, 5), "垃圾箱满了，味道很大"),
    Habit("2026:event:06036", 4.2, "day", "yard", (3, 5, 6, 1), "楼道口堆放杂物"),
    Habit("2026:event:06013", 2.6, "day", "street", (), "路面坑洼，电动车差点摔倒"),
    Habit("2026:event:07001", 4.4, "day", "street", (3, 5, 6), "墙上和电线杆贴满小广告"),
    Habit("2026:event:07006", 1.2, "office", "street", (5, 8), "店招没有审批，超出墙面"),
    Habit("2026:event:06001", 1.8, "office", "yard", (1, 3, 6), "有人在楼顶私搭彩钢房"),
    Habit("2026:event:06027", 2.2, "evening", "yard", (5, 8), "饭店油烟直排，窗户不敢开"),
    Habit("2026:event:06029", 1.6, "evening", "street", (5, 8, 3), "露天烧烤，烟熏火燎"),
    Habit("2026:event:08004", 2.0, "day", "yard", (4, 7, 2), "工地没有洒水，尘土飞扬"),
    Habit("2026:event:08002", 1.2, "day", "street", (4, 7), "施工围挡占了非机动车道"),
    Habit("2026:event:06014", 1.2, "night", "street", (2, 4), "渣土车一路遗撒"),
    Habit("2026:event:01003", 1.4, "day", "street", (), "雨水井盖缺失，很危险"),
    Habit("2026:event:01001", 0.8, "day", "street", (), "供水井盖破损"),
    Habit("2026:event:01037", 2.0, "night", "street", (), "路灯不亮，晚上看不见"),
    Habit("2026:event:02014", 0.7, "commute", "street", (), "信号灯不亮，路口很乱"),
    Habit("2026:event:02017", 0.8, "day", "street", (), "护栏被撞倒在路上"),
    Habit("2026:event:03005", 1.3, "morning", "street", (), "果皮箱倒了"),
    Habit("2026:event:04002", 1.2, "day", "street", (), "行道树枝断了挂在空中"),
    Habit("2026:event:06017", 1.6, "morning", "park", (10,), "绿地里有垃圾和宠物粪便"),
    Habit("2026:event:06045", 0.7, "day", "yard", (3, 4), "绿地被改成停车位和菜地"),
    Habit("2026:event:06047", 0.6, "evening", "park", (10,), "公园里有人遛狗不牵绳"),
    Habit("2026:event:06025", 0.8, "morning", "park", (10,), "河面漂着垃圾"),
    Habit("2026:event:09015", 0.9, "evening", "street", (5, 8, 1), "小饭馆没有证照"),
    Habit("2026:event:09020", 1.0, "market", "street", (5, 6, 8), "菜市场外溢经营，地面湿滑"),
    Habit("2026:event:10002", 0.8, "day", "street", (3, 5, 6), "线缆垂到人行道上"),
    Habit("2026:event:06040", 1.1, "evening", "yard", (3, 4, 5), "有人私装地锁"),
)
"""Matters of GB/T 47678.5-2026 that the demo city reports, in a mix as such platforms see it."""

CHANNELS: dict[str, float] = {"12345": 0.24, "snap": 0.27, "grid": 0.39, "sensor": 0.06, "walk_in": 0.04}
SENSED = (
    "2026:event:09005",
    "2026:event:09006",
    "2026:event:06010",
    "2026:event:06042",
    "2026:event:08004",
    "2026:event:01003",
)
"""Matters that cameras and sensors see; nobody else's go through ``sensor``."""


def power_of(key: str) -> int | None:
    """Index of the first power over a matter; None: the street office's."""
    for k, power in enumerate(POWERS):
        if any(key.startswith(p[:-1]) if p.endswith("*") else key == p for p in power.matters):
            return k
    return None
