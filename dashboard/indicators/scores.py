"""Composite scores: formulas that cities publish, each a pure function over rates (0..1) and counts.

Sources: the evaluation code of missaouib/urban-management-platform (weights by post; its slips, a rate added that should be taken
off and a rate used twice, are not repeated), the running rules of Jinniu district, Chengdu, the hotline report of Zhaoxiang,
Shanghai. Where a rate is unknown (nobody rated, nothing fell due) the caller passes zero: a blank earns nothing.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

Number = Decimal | float | int


def exact(value: Number) -> Decimal:
    """A number as it is written, so that sums are those of a person with a pencil."""
    return value if isinstance(value, Decimal) else Decimal(str(value))


def weighted(*parts: tuple[Number, Number]) -> Decimal:
    """The sum of weight times value."""
    return sum((exact(weight) * exact(value) for weight, value in parts), Decimal(0))


def step(value: Number, bounds: Sequence[int], points: Sequence[Number]) -> Decimal:
    """Points by steps: ``points[k]`` up to and with ``bounds[k]``, the last above them all."""
    return exact(points[bisect_left(bounds, value)])


# --- posts ------------------------------------------------------------------------------------------------------

ACCEPTED_FROM: Final = (101, 301, 501, 1201, 2001)
ACCEPTED_POINTS: Final = (0, 40, 60, 75, 90, 100)
FILED_UP_TO: Final = (50, 100, 200, 500, 1000)
FILED_POINTS: Final = (10, 9, Decimal("7.5"), 6, 4, 0)


def supervisor(valid: Number, missed: Number, verified: Number, checked: Number) -> Decimal:
    """综合指标（监督员）: 40 valid reports, 20 not missed, 20 verified in time, 20 checked in time."""
    return weighted((40, valid), (20, 1 - exact(missed)), (20, verified), (20, checked))


def acceptor(accepted: int, verify_sent: Number, check_sent: Number) -> Decimal:
    """综合指标（受理员）: a quarter by how many were accepted, 40 verifications and 35 checks sent out in time."""
    points = ACCEPTED_POINTS[bisect_right(ACCEPTED_FROM, accepted)]
    return weighted((Decimal("0.25"), points), (40, verify_sent), (35, check_sent))


def foreman(filed_in_time: Number, filed_rightly: Number, closed_in_time: Number) -> Decimal:
    """综合指标（值班长）: 25 filed in time, 40 filed rightly, 35 closed in time."""
    return weighted((25, filed_in_time), (40, filed_rightly), (35, closed_in_time))


# --- departments and areas --------------------------------------------------------------------------------------


def filed_points(filed: int) -> Decimal:
    """立案数分: ten for few cases, none for more than a thousand."""
    return step(filed, FILED_UP_TO, FILED_POINTS)


def department(filed: int, closed: Number, in_time: Number, reworked: Number) -> Decimal:
    """综合指标（部门）: up to 10 by the number of cases, 30 closed, 30 handled in time, 30 not done again."""
    return filed_points(filed) + weighted((30, closed), (30, in_time), (30, 1 - exact(reworked)))


def jinniu_digital(disposed: Number, in_time: Number, reworked: Number, todo_late: Number, extended: Number) -> Decimal:
    """数字城管体征分（成都金牛）: 30 handled, 20 in time, 20 not done again, 20 not overdue, 10 not extended."""
    rest = [1 - exact(rate) for rate in (reworked, todo_late, extended)]
    return weighted((30, disposed), (20, in_time), (20, rest[0]), (20, rest[1]), (10, rest[2]))


def jinniu_volume(cases: int, area: Number, people: Number, each: Number = Decimal("0.002")) -> Decimal:
    """网络理政 受理量: 30 less ``each`` a case, over area times people in the rule's own units; not below 0."""
    return max(Decimal(0), 30 - exact(cases) * exact(each) / (exact(area) * exact(people)))


def jinniu_duration(days: Number) -> Decimal:
    """网络理政 办理周期: ten at a day, none from two days on."""
    return min(Decimal(10), max(Decimal(0), 10 * (2 - exact(days))))


def town_hotline(cases: int, of: int, contacted: Number, finished: bool, satisfied: Number) -> Decimal:
    """热线总分（上海赵巷）: 5 by the share of the group's cases, 30 first contact, 20 where any was finished, 40 satisfaction."""
    share = exact(cases) / of if of else Decimal(0)
    return weighted((5, share), (30, contacted), (20, int(finished)), (40, satisfied))


# --- deductions of Jinniu ---------------------------------------------------------------------------------------


def stepped_deduction(count: int, quota: int, size: int, each: Number) -> Decimal:
    """So much for each whole step above a quota (shared bicycles; with no quota, abandoned cars)."""
    return max(0, count - quota) // size * exact(each)


SANITATION_FROM: Final = (Decimal("0.5"), Decimal("0.75"), Decimal("0.9"))
SANITATION_POINTS: Final = (Decimal("0.25"), Decimal("0.15"), Decimal("0.1"), Decimal(0))


def sanitation_deduction(handled: Number) -> Decimal:
    """环境卫生: what an area loses by the share of its problems that were handled."""
    share = exact(handled)
    return SANITATION_POINTS[bisect_right(SANITATION_FROM, share)] if share else Decimal("0.3")


def building_deduction(area_m2: Number, *, stock: bool) -> int:
    """违法建设: five a building, two more from 300 m² on, two more for one that stood before."""
    return 5 + 2 * (exact(area_m2) >= 300) + 2 * stock


# --- grades and lights ------------------------------------------------------------------------------------------

GRADES: Final = ((90, "A"), (75, "B"), (60, "C"), (40, "D"))


def rating(score: Number) -> str:
    """评价等级: A from 90, B from 75, C from 60, D from 40, else E; of the whole part of a score."""
    whole = int(score)
    return next((grade for least, grade in GRADES if whole >= least), "E")


def light(elapsed: Number, limit: Number) -> str:
    """The light of a clock: green up to four fifths of its limit, yellow up to all of it, red beyond."""
    used = exact(elapsed) / exact(limit)
    return "green" if used <= Decimal("0.8") else "yellow" if used <= 1 else "red"


def due_in_period(opened: int, opened_due_later: int, due_from_before: int) -> int:
    """应处置数: what was opened in a period, less what falls due after it, with what was opened before and falls due in it."""
    return opened - opened_due_later + due_from_before
