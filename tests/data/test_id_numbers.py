"""Numbers that check themselves: published rules, vectors worked by hand, and laws."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.linkage import id_numbers
from data.linkage.id_numbers import (
    CREDIT_SYMBOLS,
    Citizen,
    Fault,
    citizen,
    citizen_check,
    citizen_fault,
    citizens_valid,
    clean,
    credit_check,
    credit_fault,
    modern,
    organisation_fault,
)

TODAY = date(2026, 11, 24)

CITIZENS = [
    ("110101190001010014", None),
    ("110105190002290017", Fault.DATE),  # 1900 was no leap year
    ("310101190002280021", None),
    ("120101190402290039", None),
    ("310104190812310041", None),
    ("710000190101010054", None),
    ("810000190101010015", None),
    ("820000190101010025", None),
    ("830000190101010035", None),
    ("440305190101010065", None),  # the county is younger than the birth
    ("110101190001010012", Fault.CHECK),
    ("11010119000101009X", None),
    ("11010119000101009x", None),
    ("110101190001010", Fault.DATE),  # fifteen digits: 1919, month 00
    ("110101000101001", None),  # fifteen digits: 1900-01-01
    ("000000190001010017", Fault.PLACE),
    ("110101209901010017", Fault.DATE),  # not yet born
    ("11010119OO01010014", Fault.SYMBOL),
    ("610102191012250063", None),
    ("510105190501010010", None),
    ("1101011900010100140", Fault.LENGTH),
    ("１１０１０１ 19000101 0014", None),
]

BODIES = [
    ("11110101MA00000073", None),
    ("12610101MA0BCDEFXU", None),
    ("13440304MA9XWTUP2U", None),
    ("31310000000000019Y", None),
    ("51110101500000007L", None),
    ("52440300123456788N", None),
    ("5411010840000000X9", None),
    ("91510106MA1ABCD2XR", None),
    ("92140802500000007C", None),
    ("933202137310000047", None),
    ("N2650102500000007G", None),
    ("A1110101500000007F", None),
    ("91510106MA1ABCD2XA", Fault.CHECK),
    ("91510106MA1ABCD3XR", Fault.CHECK),
    ("91510106MAIABCD2XR", Fault.SYMBOL),
    ("9151010MA1ABCD2XR", Fault.LENGTH),
    ("91510106ma1abcd2xr", None),
]


@pytest.mark.parametrize(("number", "fault"), CITIZENS)
def test_a_citizens_number_is_judged(number: str, fault: Fault | None) -> None:
    assert citizen_fault(number, TODAY) == fault


@pytest.mark.parametrize(("code", "fault"), BODIES)
def test_a_credit_code_is_judged(code: str, fault: Fault | None) -> None:
    assert credit_fault(code) == fault
    if fault is None and clean(code)[8:10] != "1A":
        assert organisation_fault(clean(code)[8:17]) is None


@pytest.mark.parametrize(
    ("code", "fault"),
    [("MA0000007", None), ("MA000000-7", None), ("MA0000006", Fault.CHECK), ("MA00007", Fault.LENGTH)],
)
def test_an_organisation_code_is_judged(code: str, fault: Fault | None) -> None:
    assert organisation_fault(code) == fault


def test_a_number_says_place_birth_and_sex() -> None:
    assert citizen("110101190001010014", TODAY) == Citizen("110101", date(1900, 1, 1), "male")
    assert citizen("310104190812310041", TODAY) == Citizen("310104", date(1908, 12, 31), "female")
    assert citizen("110101190001010012", TODAY) is None


def test_an_old_number_becomes_a_modern_one() -> None:
    assert modern("110101000101001") == "110101190001010014"
    assert modern("110101190001010014") == "110101190001010014"


numbers = st.builds(
    lambda born, place, order: f"{place}{born:%Y%m%d}{order:03}",
    st.dates(date(1900, 1, 1), TODAY),
    st.sampled_from(["110101", "440305", "830000", "131501", "911156"]),
    st.integers(0, 999),
).map(lambda body: body + citizen_check(body))


@given(numbers, st.integers(0, 17), st.sampled_from("0123456789X"))
def test_every_single_slip_is_noticed(number: str, at: int, symbol: str) -> None:
    assert citizen_fault(number, TODAY) is None
    slipped = number[:at] + symbol + number[at + 1 :]
    assert slipped == number or citizen_fault(slipped, TODAY) is not None


@given(numbers, st.integers(0, 16))
def test_every_pair_of_neighbours_that_changed_places_is_noticed(number: str, at: int) -> None:
    swapped = number[:at] + number[at + 1] + number[at] + number[at + 2 :]
    assert swapped == number or citizen_fault(swapped, TODAY) is not None


@given(st.text(CREDIT_SYMBOLS, min_size=16, max_size=16), st.integers(1, 17), st.sampled_from(CREDIT_SYMBOLS))
def test_every_slip_in_a_credit_code_is_noticed(body: str, at: int, symbol: str) -> None:
    code = "9" + body + credit_check("9" + body)
    assert credit_fault(code) is None
    slipped = code[:at] + symbol + code[at + 1 :]
    assert slipped == code or credit_fault(slipped) is not None


@given(
    st.lists(numbers | st.text("0123456789X", min_size=0, max_size=19) | st.text(max_size=20), min_size=1, max_size=20)
)
def test_many_at_once_are_judged_as_each_alone(texts: list[str]) -> None:
    cleaned = [clean(text) for text in texts]
    alone = [len(text) == 18 and citizen_fault(text, TODAY) is None for text in cleaned]
    assert citizens_valid(np.array(cleaned, object), TODAY).tolist() == alone


def test_weights_are_powers_as_the_standards_say() -> None:
    assert tuple(2 ** (17 - i) % 11 for i in range(17)) == id_numbers.CITIZEN_WEIGHTS
    assert tuple(3**i % 31 for i in range(17)) == id_numbers.CREDIT_WEIGHTS


@pytest.mark.real_data
def test_codes_of_real_enterprises_pass(real_data: Path) -> None:
    """The public register of Beijing: one code in 8,000 at most is malformed."""
    codes = pd.read_parquet(real_data / "beijing" / "enterprises_2000_2003.parquet")["统一社会信用代码"].dropna()
    assert sum(credit_fault(code) is not None for code in codes) <= 1
