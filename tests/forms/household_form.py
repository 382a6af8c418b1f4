"""A household's form with what a page must manage: twelve questions, skips, a repeat, a photo, a place, two languages."""

from tests.forms.form_site import workbook

TITLE = "独居老人走访登记"
KNOWN = {"/data/name": {"value": "王小明", "since": "2026-03-01", "source": ""}}


def row(kind: str, name: str, zh: str, en: str, **more: str) -> dict[str, str]:
    """A question in both languages; ``hint`` and ``wrong`` as ``zh|en``."""
    said = {"label::中文 (zh)": zh, "label::English (en)": en} if zh else {}
    for key, column in (("hint", "hint"), ("wrong", "constraint_message")):
        if key in more:
            said |= dict(
                zip((f"{column}::中文 (zh)", f"{column}::English (en)"), more.pop(key).split("|"), strict=True)
            )
    return {"type": kind, "name": name, **said, **more}


SURVEY = [
    row("text", "name", "您的姓名", "Your name", required="yes", hint="与户口本一致|As in your household register"),
    row("integer", "age", "您的年龄", "Your age", constraint=". > 0 and . < 120", wrong="请填 1–119|1 to 119, please"),
    row("select_one living", "living", "您和谁一起住？", "Whom do you live with?", required="yes"),
    row("begin_repeat", "people", "同住的人", "People you live with", relevant="${living} = 'family'"),
    row("text", "who", "姓名", "Name"),
    row("integer", "years", "年龄", "Age"),
    {"type": "end_repeat"},
    row("select_multiple needs", "needs", "需要哪些帮助？", "What help do you need?", hint="可以选几项|Choose any"),
    row("text", "needs_other", "其他帮助", "Other help", relevant="selected(${needs}, 'other')"),
    row("date", "visit", "哪天上门方便？", "Which day suits you?"),
    row("range", "health", "健康状况打几分？", "How well do you feel?", parameters="start=0 end=10 step=1"),
    row("geopoint", "place", "家门口的位置", "Where your door is"),
    row("image", "photo", "拍一张门口的照片", "A photo of your door"),
    row("calculate", "elderly", "", "", calculation="if(${age} >= 65, 'yes', 'no')"),
    row("select_one yes_no", "card", "**${name}**，您办老年卡了吗？", "**${name}**, have you got a senior card?",
        relevant="${elderly} = 'yes'"),
    row("text", "words", "还想说什么？", "Anything else?", appearance="multiline"),
]  # fmt: skip


def choice(in_list: str, name: str, zh: str, en: str) -> dict[str, str]:
    """A choice in both languages."""
    return {"list_name": in_list, "name": name, "label::中文 (zh)": zh, "label::English (en)": en}


CHOICES = [
    choice("living", "alone", "一个人住", "Alone"),
    choice("living", "family", "和家人住", "With family"),
    choice("living", "carer", "和保姆住", "With a carer"),
    choice("needs", "meals", "送餐", "Meals"),
    choice("needs", "cleaning", "打扫卫生", "Cleaning"),
    choice("needs", "doctor", "陪同看病", "Company to the doctor"),
    choice("needs", "other", "其他", "Other"),
    choice("yes_no", "yes", "办了", "Yes"),
    choice("yes_no", "no", "没有", "No"),
]
SETTINGS = [{"form_id": "household", "version": "1", "style": "pages", "default_language": "中文 (zh)"}]
BOOK = workbook(SURVEY, choices=CHOICES, settings=SETTINGS)
