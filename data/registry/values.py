"""One spelling of each value, by its field's type: what cannot be read is refused, what is empty is nothing. Pure."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from data.registry.fields import Field, FieldType
from geo.errors import NeedleError

LONGEST: Final = 2000
PHONE: Final = re.compile(r"\+?[0-9]{7,15}")
ID_NUMBER: Final = re.compile(r"[0-9]{17}[0-9X]")
CREDIT_CODE: Final = re.compile(r"[0-9A-HJ-NP-RTUW-Y]{18}")
DAY: Final = re.compile(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?")
MIDNIGHT: Final = re.compile(r"[T ]00:00:00(\.0+)?$")


def clean(field: Field, value: Any) -> Any:
    """A value as the registry keeps it: text, a number, a list of text; None where it says nothing.

    Dates become ``YYYY-MM-DD``, telephones digits, choices the values of the field's table (their labels are taken too).

    Raises
    ------
    NeedleError
        ``registry.value_invalid``.
    """
    if value is None or (isinstance(value, float) and value != value):
        return None
    if isinstance(value, str):
        value = unicodedata.normalize("NFKC", value).strip() if field.type != "text" else value.strip()
        if not value:
            return None
    try:
        return READERS[field.type](field, value)
    except (ValueError, InvalidOperation, OverflowError, TypeError) as error:
        raise NeedleError("registry.value_invalid", field=field.zh, field_en=field.en, type=field.type) from error


def text(_: Field, value: Any) -> str:
    """Words as they were said; a number that a table made of them loses its ``.0``."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    found = str(value).strip()
    if not found or len(found) > LONGEST or "\0" in found:
        raise ValueError
    return found


def integer(_: Field, value: Any) -> int:
    """A whole number of at most nine digits."""
    number = Decimal(str(value))
    if number != number.to_integral_value() or abs(number) >= 10**9:
        raise ValueError
    return int(number)


def decimal(_: Field, value: Any) -> float:
    """A number."""
    number = Decimal(str(value))
    if not number.is_finite() or abs(number) >= 10**12:
        raise ValueError
    return float(number)


def day(_: Field, value: Any) -> str:
    """A day: 1990-01-02, 1990/1/2, 19900102, 1990年1月2日."""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    found = DAY.fullmatch(MIDNIGHT.sub("", str(value)))
    if found is None:
        raise ValueError
    return date(*(int(part) for part in found.groups())).isoformat()


def one_of(field: Field, value: Any) -> str:
    """A choice by its value, or by its label in either language."""
    said = str(value)
    for known in field.choices:
        if said in (known.value, known.zh, known.en):
            return known.value
    raise ValueError


def some_of(field: Field, value: Any) -> list[str]:
    """Choices, each once, in the order of the table; as text they are separated by spaces, commas or semicolons."""
    said = value if isinstance(value, list) else [part for part in re.split(r"[\s,;，；、]+", str(value)) if part]
    chosen = {one_of(field, each) for each in said}
    if not chosen:
        raise ValueError
    return [known.value for known in field.choices if known.value in chosen]


def phone(_: Field, value: Any) -> str:
    """Digits, without the country's +86."""
    found = re.sub(r"[\s()-]", "", text(_, value)).removeprefix("+86")
    if PHONE.fullmatch(found) is None:
        raise ValueError
    return found


def id_number(_: Field, value: Any) -> str:
    """18 characters of GB 11643, the last one X in capitals."""
    return matching(ID_NUMBER, value)


def credit_code(_: Field, value: Any) -> str:
    """18 characters of GB 32100."""
    return matching(CREDIT_CODE, value)


def matching(pattern: re.Pattern[str], value: Any) -> str:
    """A mark in capitals without spaces."""
    found = re.sub(r"\s", "", str(value)).upper()
    if pattern.fullmatch(found) is None:
        raise ValueError
    return found


READERS: Final[Mapping[FieldType, Callable[[Field, Any], Any]]] = {
    "text": text,
    "integer": integer,
    "decimal": decimal,
    "date": day,
    "choice": one_of,
    "choices": some_of,
    "phone": phone,
    "id_number": id_number,
    "credit_code": credit_code,
    "building": text,
}
