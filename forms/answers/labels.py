"""What a form's questions are called, for the person who is told what is wrong with an answer."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from forms.xlsform.xform import ITEXT, XF, read_texts

POSITION: Final = re.compile(r"\[\d+\]")
#: How authors name languages: ``中文 (zh)``, ``Chinese (zh-CN)``, ``zh``.
NAMED: Final = {
    "zh": re.compile(r"zh|中文|chinese", re.IGNORECASE),
    "en": re.compile(r"\ben\b|english|英文", re.IGNORECASE),
}


@lru_cache(32)
def labels(xform: str) -> Mapping[str, Mapping[str, str]]:
    """The text of each question by its path, then by language (``""``: the form names none)."""
    document = ET.fromstring(xform)
    model = document.find(f".//{XF}model")
    texts = {} if model is None else read_texts(model)
    out = {}
    for control in document.iter():
        label = control.find(f"{XF}label")
        if label is not None and control.get("ref"):
            found = ITEXT.fullmatch(label.get("ref") or "")
            out[control.get("ref") or ""] = texts.get(found[1], {}) if found else {"": "".join(label.itertext())}
    return out


def label_of(xform: str, place: str, language: str) -> str:
    """What a question is called; its own name where the form calls it nothing. ``place``: a path, with positions or without."""
    path = POSITION.sub("", place)
    return " ".join(in_language(labels(xform).get(path, {}), language).split()) or path.rpartition("/")[2]


def in_language(texts: Mapping[str, str], language: str) -> str:
    """A text in a language (zh, en), else in the first that there is."""
    meant = [text for name, text in texts.items() if NAMED[language].search(name)]
    return next(iter([*meant, *texts.values()]), "")
