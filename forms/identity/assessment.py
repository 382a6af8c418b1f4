"""The impact assessment (个人信息保护影响评估), made from the settings it speaks of, and whether a purpose may open. Pure.

PIPL art. 56 and Order 19 of 2025, art. 9 say what it holds: whether purpose and way are lawful and necessary; what it does to
people's rights and which risks remain; whether the protection fits the risk. It is kept three years.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson

from data.stores.identity_purposes import AssessmentRow, CalibrationRow, NoticeRow, Purpose
from forms.identity.retention import FILING_AT, FILING_DAYS, RECORDS_KEPT, WARN_AT
from forms.identity.ways import MOST_FAILURES
from geo.errors import NeedleError

VALID_DAYS: Final = 365


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the assessment: its heading and its sentences, in both languages."""

    key: str
    title_zh: str
    title_en: str
    zh: tuple[str, ...]
    en: tuple[str, ...]


def settings_of(purpose: Purpose, notice: NoticeRow | None, calibration: CalibrationRow | None) -> dict[str, Any]:
    """All that the assessment rests on; a change of any of it asks for another assessment."""
    return {
        "purpose": purpose.name,
        "legal_basis": purpose.legal_basis,
        "necessity": purpose.necessity,
        "owner": purpose.owner,
        "contact": purpose.contact,
        "kept_days": purpose.kept_days,
        "until": purpose.until.isoformat(),
        "wanted_fmr": purpose.wanted_fmr,
        "most_risk": purpose.most_risk,
        "notice": notice.version if notice else None,
        "model": f"{calibration.model} ({calibration.library}, {calibration.detector})" if calibration else None,
        "threshold": calibration.threshold if calibration else None,
        "fmr": calibration.fmr if calibration else None,
        "fmr_upper": calibration.fmr_upper if calibration else None,
        "fnmr": calibration.fnmr if calibration else None,
        "measured_on": calibration.data if calibration else None,
        "pairs": [calibration.genuine, calibration.impostors] if calibration else None,
    }


def digest_of(settings: Mapping[str, Any]) -> str:
    """By what the same settings are known again."""
    return hashlib.sha256(orjson.dumps(settings, option=orjson.OPT_SORT_KEYS)).hexdigest()


def check_open(
    purpose: Purpose,
    notice: NoticeRow | None,
    calibration: CalibrationRow | None,
    assessment: AssessmentRow | None,
    now: datetime,
) -> None:
    """Refuse to open a purpose that the law or a measurement is missing for.

    Raises
    ------
    NeedleError
        ``identity.purpose_refused`` with the reason.
    """
    reasons = {
        "ended / 已终止": purpose.ended_at is not None,
        "period over / 期限已过": purpose.until <= now,
        "no notice / 无告知书": notice is None,
        "no measured threshold: needle identity calibrate / 未标定阈值": calibration is None,
        "FMR above what was asked / 误识率超过要求": calibration is not None and calibration.fmr > purpose.wanted_fmr,
        "no approved impact assessment / 无已批准的影响评估": assessment is None,
        "impact assessment expired / 影响评估已过期": assessment is not None and assessment.until <= now,
        "settings changed since the assessment / 评估后设置已变": assessment is not None
        and assessment.digest != digest_of(settings_of(purpose, notice, calibration)),
    }
    found = next((reason for reason, is_so in reasons.items() if is_so), None)
    if found is not None:
        raise NeedleError("identity.purpose_refused", reason=found)


def assess(settings: Mapping[str, Any], stored: int) -> tuple[Section, ...]:
    """The assessment's parts for these settings and this many stored faces."""
    return (_necessity(settings), _rights(settings), _accuracy(settings), _protection(settings, stored))


def _necessity(s: Mapping[str, Any]) -> Section:
    return Section(
        "necessity",
        "一、处理目的与方式是否合法、正当、必要",
        "1. Whether purpose and way are lawful, legitimate and necessary",
        (
            f"目的：{s['purpose']}。依据：{s['legal_basis']}。责任人：{s['owner']}（{s['contact']}）。",
            f"为何没有更轻的方式即可达到：{s['necessity']}",
            "仅做一对一比对（本人现场照与本人留存照或证件照），不检索人群，不分析情绪、种族或其他特征。",
            f"任何表单都不会只提供人脸：短信验证码与网格员当面核实同等提供，不影响办理先后。用途至 {s['until'][:10]} 止。",
        ),
        (
            f"Purpose: {s['purpose']}. Basis: {s['legal_basis']}. Responsible: {s['owner']} ({s['contact']}).",
            f"Why no milder way does: {s['necessity']}",
            "One to one only (a person's frames against their own photo or document): no search among people, no emotion, "
            "race or other labels.",
            f"No form offers a face alone: a text-message code and a grid worker in person stand beside it and change no "
            f"priority. The purpose ends on {s['until'][:10]}.",
        ),
    )


def _rights(s: Mapping[str, Any]) -> Section:
    return Section(
        "rights",
        "二、对个人权益的影响与安全风险",
        "2. Effect on people's rights, and the risks",
        (
            f"单独同意（告知书第 {s['notice']} 版），未勾选不处理；未满十四周岁由监护人同意；可一步撤回，撤回即删除。",
            f"比对失败 {MOST_FAILURES} 次后改用其他方式；失败不产生任何不利后果，机器的结论不决定办事结果。",
            "风险：照片或视频重放、他人冒用证件照、模板泄露、对不同人群误差不同。活体检测只给出风险分，不作保证。",
        ),
        (
            f"Separate consent to version {s['notice']} of the notice, never ticked in advance; under 14 by a guardian; taken "
            "back in one step, which deletes.",
            f"After {MOST_FAILURES} failures the other ways are offered; a failure has no consequence, and what the machine "
            "says decides no matter.",
            "Risks: replay of photos or films, somebody else's document, theft of templates, errors that differ among groups. "
            "Liveness is a risk score and no promise.",
        ),
    )


def _accuracy(s: Mapping[str, Any]) -> Section:
    if s["model"] is None:
        return Section("accuracy", "三、准确性", "3. Accuracy", ("尚未标定。",), ("Not measured yet.",))
    genuine, impostors = s["pairs"]
    rates = (s["threshold"], s["fmr"], s["fmr_upper"], s["fnmr"])
    return Section(
        "accuracy",
        "三、准确性",
        "3. Accuracy",
        (
            f"模型 {s['model']}；在“{s['measured_on']}”上以同人 {genuine} 对、异人 {impostors} 对测得：阈值 {rates[0]:.3f}，"
            f"误识率 {rates[1]:.3%}（95% 置信上限 {rates[2]:.3%}），拒识率 {rates[3]:.2%}。"
            f"要求误识率不高于 {s['wanted_fmr']:.3%}。",
            "分数不是概率；其他人群、光线与设备上的误差可能更大，应在本地数据上重新标定。",
        ),
        (
            f"Model {s['model']}; measured on {s['measured_on']} with {genuine} pairs of one person and {impostors} of two: "
            f"threshold {rates[0]:.3f}, FMR {rates[1]:.3%} (95 % upper bound {rates[2]:.3%}), FNMR {rates[3]:.2%}. "
            f"Asked for: FMR at most {s['wanted_fmr']:.3%}.",
            "A score is no probability; other people, light and cameras may bring larger errors: measure on data of your own.",
        ),
    )


def _protection(s: Mapping[str, Any], stored: int) -> Section:
    years, (near, close) = RECORDS_KEPT.days // 365, WARN_AT
    return Section(
        "protection",
        "四、保护措施是否合法、有效并与风险相适应",
        "4. Whether the protection is lawful, effective and fits the risk",
        (
            "照片在手机上加密（HPKE），居民侧系统无法打开；只在政务侧本机比对，进程不访问外部网络，不下载模型。",
            "比对后照片立即删除；只有同意留存者才保存模板，AES-256-GCM 加密，密钥不在数据库内，"
            f"最多 {s['kept_days']} 天，到期自动删除并出具回执。",
            f"每次比对留有记录（阈值、误识率、风险分，无图像），保存 {years} 年，不可更改；"
            "操作入审计日志；日志中没有人脸数据。",
            f"当前存有 {stored} 人的人脸模板；达到 {FILING_AT:,} 人时须在 {FILING_DAYS} 个工作日内向省级网信部门备案，"
            f"{near / 10_000:g} 万、{close / 10_000:g} 万人时预警。",
        ),
        (
            "Pictures are sealed on the phone (HPKE); the residents' zone cannot open them. They are compared on the "
            "government's side alone, by a process that opens no connection and downloads no model.",
            f"Pictures are deleted with the comparison. A template is kept only where the consent says so: AES-256-GCM, the key "
            f"outside the database, at most {s['kept_days']} days, then deleted by a clock, with a receipt.",
            f"Every comparison is on record (threshold, rates, risk; no picture) for {years} years and cannot be changed; acts "
            "are audited; no log holds anything of a face.",
            f"Templates of {stored} persons are stored now; at {FILING_AT:,} the provincial cyberspace administration is to be "
            f"told within {FILING_DAYS} working days; warnings come at {near:,} and {close:,}.",
        ),
    )
