"""How columns are spelt: pyxform nests what a header means, we write it in the one way that the documentation teaches."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

#: Columns by what pyxform makes of them.
SPELLINGS: Final[dict[tuple[str, ...], str]] = {
    ("bind", "relevant"): "relevant",
    ("bind", "required"): "required",
    ("bind", "constraint"): "constraint",
    ("bind", "calculate"): "calculation",
    ("bind", "readonly"): "read_only",
    ("bind", "jr:constraintMsg"): "constraint_message",
    ("bind", "jr:requiredMsg"): "required_message",
    ("bind", "entities:saveto"): "save_to",
    ("control", "appearance"): "appearance",
    ("control", "jr:count"): "repeat_count",
    ("media", "image"): "image",
    ("media", "audio"): "audio",
    ("media", "video"): "video",
    ("media", "big-image"): "big-image",
}
#: A question's columns in one language; the fields of the model are called so too.
WORDS: Final = (
    "relevant",
    "required",
    "constraint",
    "calculation",
    "appearance",
    "default",
    "choice_filter",
    "parameters",
    "read_only",
    "trigger",
    "needle_field",
)
#: A question's columns by language, and the fields of the model.
TEXTS: Final = {
    "label": "labels",
    "hint": "hints",
    "guidance_hint": "guidance",
    "constraint_message": "constraint_messages",
    "required_message": "required_messages",
}


def spell(nested: Mapping[str, Any], before: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Columns and values of a row that pyxform nested, e.g. ``{"label": {"zh": "a"}}`` as ``("label::zh", "a")``."""
    for key, value in nested.items():
        tokens = (*before, key)
        if isinstance(value, Mapping):
            yield from spell(value, tokens)
        elif value is not None and value != "":
            yield header(tokens), str(value)


def header(tokens: tuple[str, ...]) -> str:
    """The name of a column."""
    known = SPELLINGS.get(tokens[:2])
    return "::".join((known, *tokens[2:]) if known else tokens)
