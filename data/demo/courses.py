"""The courses that cases take through the states: which moves follow each other, how often, and how long each takes."""

from dataclasses import dataclass

INTAKE = "submit accept file dispatch"
WORK = "sign assign finish confirm"
CLOSE = "request_check pass_check close"


@dataclass(frozen=True)
class Course:
    """One way through the states.

    Attributes
    ----------
    moves : tuple of str
        Actions from the first to the last.
    share : float
        Relative frequency among cases that are not duplicates.
    astray : bool
        The first department is the wrong one: it gives the case back.
    parties : tuple of int
        For each move the called department that it is about: 0 the lead, 1 and 2 its helpers; -1: none was called.
    """

    moves: tuple[str, ...]
    share: float
    astray: bool = False
    parties: tuple[int, ...] = ()

    @property
    def called(self) -> int:
        """How many departments the street whistles for; 0: it does not whistle."""
        return max(self.parties) + 1

    @property
    def whistles(self) -> bool:
        """A street whistles in it."""
        return self.called > 0


def course(moves: str, share: float, astray: bool = False) -> Course:
    """A course from words; ``move@1`` is about the first helper of a whistle."""
    parts = [word.partition("@") for word in moves.split()]
    return Course(tuple(move for move, _, _ in parts), share, astray, tuple(int(who or -1) for _, _, who in parts))


WHISTLE = f"{INTAKE} sign assign whistle"
JOINT_END = f"finish_jointly@0 confirm {CLOSE}"


COURSES: tuple[Course, ...] = (
    course(f"{INTAKE} {WORK} {CLOSE}", 60.0),
    course(f"submit verify_info confirm_info accept file dispatch {WORK} {CLOSE}", 15.0),
    course(f"{INTAKE} request_return approve_return reassign {WORK} {CLOSE}", 3.2, True),
    course(f"{INTAKE} request_return refuse_return assign finish confirm {CLOSE}", 1.2),
    course(
        f"{INTAKE} request_return approve_return reassign request_return approve_return escalate rule "
        f"assign finish confirm {CLOSE}",
        0.5,
        True,
    ),
    course(f"{INTAKE} sign assign request_extension approve_extension finish confirm {CLOSE}", 2.6),
    course(f"{INTAKE} sign assign request_extension decline_extension finish confirm {CLOSE}", 0.6),
    course(f"{INTAKE} sign assign request_extension suspend resume finish confirm {CLOSE}", 0.9),
    course(f"{INTAKE} sign assign request_extension suspend resume_early finish confirm {CLOSE}", 0.4),
    course(f"{INTAKE} {WORK} request_check fail_check resume_work finish confirm {CLOSE}", 3.6),
    course(f"{INTAKE} {WORK} rework resume_work finish confirm {CLOSE}", 1.4),
    course(f"{INTAKE} sign assign finish reject_work finish confirm {CLOSE}", 0.9),
    course(f"{INTAKE} sign assign hand_back assign finish confirm {CLOSE}", 0.8),
    course(
        f"{WHISTLE} answer_whistle@0 answer_whistle@1 answer_whistle@2 arrive@0 arrive@1 arrive@2 "
        f"finish_part@1 finish_part@2 {JOINT_END}",
        0.55,
    ),
    course(f"{WHISTLE} answer_whistle@1 answer_whistle@0 arrive@1 arrive@0 finish_part@1 {JOINT_END}", 0.4),
    course(
        "submit accept file whistle answer_whistle@0 answer_whistle@1 arrive@0 arrive@1 finish_part@1 " + JOINT_END,
        0.3,
    ),
    course(
        f"{WHISTLE} answer_whistle@0 refuse_whistle@1 release_whistle@1 answer_whistle@2 arrive@0 arrive@2 "
        f"finish_part@2 {JOINT_END}",
        0.15,
    ),
    course(
        f"{WHISTLE} refuse_whistle@1 order_response@1 answer_whistle@0 arrive@0 arrive@1 finish_part@1 {JOINT_END}",
        0.15,
    ),
    course(f"{WHISTLE} answer_whistle@0 remind answer_whistle@1 arrive@0 arrive@1 finish_part@1 {JOINT_END}", 0.15),
    course(f"{WHISTLE} answer_whistle@0 answer_whistle@1 arrive@0 remind arrive@1 finish_part@1 {JOINT_END}", 0.1),
    course(
        f"{WHISTLE} answer_whistle@0 answer_whistle@1 arrive@0 arrive@1 finish_part@1 finish_jointly@0 reject_joint "
        f"finish_part@1 {JOINT_END}",
        0.1,
    ),
    course(
        f"{WHISTLE} remind remind supervise order_response@0 remind answer_whistle@1 arrive@0 arrive@1 finish_part@1 "
        f"{JOINT_END}",
        0.1,
    ),
    course(f"{INTAKE} supervise {WORK} {CLOSE}", 0.9),
    course(f"{INTAKE} {WORK} request_check pass_check force_close", 0.4),
    course(f"{INTAKE} {WORK} {CLOSE} reopen redispatch {WORK} {CLOSE}", 0.8),
    course("submit accept file send_back void", 0.5),
    course("submit accept void", 1.0),
    course("submit reject", 1.7),
)
MERGED = course("submit merge", 0.0)
LOST = course("submit verify_info", 0.0)
LOST_REFUSED = course("submit verify_info confirm_info reject", 0.0)

LEADS_TO: dict[str, str] = {
    "submit": "reported",
    "verify_info": "verifying_info",
    "confirm_info": "reported",
    "accept": "accepted",
    "reject": "rejected",
    "merge": "merged",
    "file": "filed",
    "void": "void",
    "send_back": "accepted",
    "dispatch": "dispatched",
    "sign": "signed",
    "request_return": "return_requested",
    "approve_return": "returned",
    "refuse_return": "signed",
    "reassign": "dispatched",
    "escalate": "ruling",
    "rule": "signed",
    "assign": "handling",
    "hand_back": "signed",
    "request_extension": "extension_requested",
    "decline_extension": "handling",
    "approve_extension": "handling",
    "suspend": "suspended",
    "resume": "handling",
    "resume_early": "handling",
    "whistle": "whistled",
    "answer_whistle": "responding",
    "order_response": "responding",
    "finish_jointly": "handled",
    "reject_joint": "responding",
    "finish": "handled",
    "reject_work": "handling",
    "confirm": "answered",
    "rework": "rework",
    "request_check": "checking",
    "pass_check": "pending_close",
    "fail_check": "rework",
    "resume_work": "handling",
    "close": "closed",
    "force_close": "forced_closed",
    "reopen": "reopened",
    "redispatch": "dispatched",
}
"""Where each action leads, as in the state table; one that is not here stays where it is."""
REFUSED_FIRST = {("whistled", "refuse_whistle"): "whistle_refused"}
"""An action that leads elsewhere from one state alone."""

TERMINAL = frozenset({"rejected", "void", "merged", "closed", "forced_closed"})

MINUTES: dict[str, float] = {
    "verify_info": 5,
    "confirm_info": 38,
    "accept": 3,
    "reject": 24,
    "merge": 9,
    "file": 2,
    "void": 45,
    "send_back": 12,
    "dispatch": 1.5,
    "supervise": 100,
    "sign": 9,
    "assign": 6,
    "request_return": 35,
    "approve_return": 25,
    "refuse_return": 30,
    "reassign": 6,
    "escalate": 12,
    "rule": 120,
    "hand_back": 25,
    "decline_extension": 35,
    "approve_extension": 50,
    "suspend": 150,
    "resume": 60 * 24 * 9,
    "resume_early": 60 * 24 * 4,
    "whistle": 45,
    "answer_whistle": 50,
    "refuse_whistle": 70,
    "order_response": 120,
    "release_whistle": 40,
    "remind": 240,
    "arrive": 35,
    "finish_part": 50,
    "reject_joint": 45,
    "reject_work": 30,
    "confirm": 18,
    "rework": 35,
    "request_check": 8,
    "pass_check": 65,
    "fail_check": 65,
    "resume_work": 20,
    "close": 15,
    "force_close": 240,
    "reopen": 60 * 24 * 2.5,
    "redispatch": 15,
}
"""Median minutes after the move before; ``finish`` and ``request_extension`` go by the limit."""

SHARE_OF_LIMIT = {"sign": 0.10, "assign": 0.08, "request_return": 0.25}
"""Moves that never take more than this share of the limit."""

STARTS_CLOCK = frozenset({"dispatch", "reassign", "redispatch", "rule", "rework", "fail_check"})
DISPATCHES = frozenset({"dispatch", "reassign", "redispatch", "rule"})

REASONS: dict[str, tuple[str, ...]] = {
    "reject": ("不属于平台受理范围", "重复咨询，已电话答复", "属于市场纠纷，建议走司法途径"),
    "merge": ("同一地点同一事项，并入主案",),
    "void": ("现场核实不符合立案条件", "问题已自行消除"),
    "send_back": ("立案条件选择有误",),
    "request_return": ("不属于本单位职责", "该处为产权单位自管", "不在本队管辖范围内"),
    "approve_return": ("情况属实，同意退单",),
    "refuse_return": ("职责清单载明由你单位处置",),
    "escalate": ("两次退单，报请裁定",),
    "rule": ("经裁定由你单位处置",),
    "hand_back": ("需要专用车辆，现有人员无法处置",),
    "request_extension": ("需采购备件", "涉及多家产权单位，正在协调", "天气原因无法施工"),
    "decline_extension": ("理由不充分，请按期处置",),
    "approve_extension": ("情况属实，同意延期一次",),
    "suspend": ("列入改造计划，暂缓处置",),
    "resume_early": ("条件已具备，提前恢复",),
    "whistle": ("需多部门综合执法", "本级无执法权，请求支援"),
    "refuse_whistle": ("不属于本部门职责",),
    "order_response": ("由区里裁定牵头处置",),
    "release_whistle": ("经核实确不属其职责",),
    "reject_joint": ("现场仍有遗留，请补齐",),
    "reject_work": ("处置后照片不清晰，未到位",),
    "rework": ("回访不满意，处置不达标",),
    "fail_check": ("现场仍有反弹", "只处理了一部分"),
    "force_close": ("历史遗留问题，领导批示",),
    "reopen": ("同点位复发", "居民回访未解决"),
    "supervise": ("媒体关注，请加快处置", "即将超时，请抓紧"),
}
"""What people give as reason, by action that asks for one."""
