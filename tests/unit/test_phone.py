from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lead_worker.core.phone import normalised

MOBILE = "+5511987654321"
LANDLINE = "+551134567890"


@pytest.mark.parametrize(
    "written",
    [
        "(11) 98765-4321",
        "11987654321",
        "11 9 8765 4321",
        "11.98765.4321",
        "011 98765-4321",
        "(0)11 98765-4321",
        "0 15 11 98765-4321",
        "(0xx11) 98765-4321",
        "0XX 11 98765-4321",
        "+55 11 98765-4321",
        "+55 (0) 11 98765-4321",
        "55 11 98765-4321",
        "5511987654321",
        "tel:+55-11-98765-4321",
        "".join(chr(0xFF10 + int(digit)) for digit in "11987654321"),  # full width
    ],
)
def test_each_way_to_write_a_brazilian_mobile_becomes_the_same_number(written: str) -> None:
    assert normalised(written, "BR") == MOBILE


@pytest.mark.parametrize(
    "tail",
    [
        " ramal 12",
        " Ramal: 12",
        " RAMAL.12",
        " - ramal 12",
        " (ramal 12)",
        "ramal12",
        " r. 12",
        " r 12",
        " r12",
        " ext 12",
        " ext. 12",
        " extensão 12",
        " x12",
        " #12",
        ";ext=12",
    ],
)
def test_an_extension_is_left_out_of_e164(tail: str) -> None:
    assert normalised("(11) 3456-7890" + tail, "BR") == LANDLINE


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("0055 11 98765-4321", MOBILE),
        ("00 55 11 98765-4321", MOBILE),
        ("(00) 55 11 98765-4321", MOBILE),
        ("00-55-11-3456-7890 ramal 12", LANDLINE),
        ("00 1 212 555 0123", "+12125550123"),
        ("00 44 20 7946 0958", "+442079460958"),
    ],
)
def test_a_double_zero_stands_for_the_plus(written: str, number: str) -> None:
    assert normalised(written, "BR") == number


def test_the_55_after_a_double_zero_is_brazil_and_not_the_carrier_of_that_code() -> None:
    assert normalised("0055 34 98765-4321", "BR") == "+5534987654321"  # not +34 987654321, Spain


def test_a_carrier_code_is_understood_where_the_plus_makes_no_number() -> None:
    assert normalised("0021 1 212 555 0123", "BR") == "+12125550123"


def test_a_number_with_a_country_code_needs_no_region() -> None:
    assert normalised("+1 (212) 555-0123", "BR") == "+12125550123"


def test_a_national_number_is_read_in_the_region_of_the_settings() -> None:
    assert normalised("(212) 555-0123", "US") == "+12125550123"
    assert normalised("912 345 678", "PT") == "+351912345678"


def test_an_unknown_region_leaves_national_numbers_and_normalises_the_others() -> None:
    assert normalised("(11) 98765-4321", "QQ") == "(11) 98765-4321"
    assert normalised("+55 (11) 98765-4321", "QQ") == MOBILE


@pytest.mark.parametrize(
    "written",
    [
        "98765-4321",
        "98765-4321 ramal 12",
        "+55 11 8765-4321",
        "11 98765-4321 / 11 3456-7890",
        "not yet",
        "ramal 12",
        "190",
        "00",
        "+",
        "0" * 200,
        "1" * 251,
        "(" * 100_000 + "1",
    ],
)
def test_what_is_no_valid_number_stays_as_it_came(written: str) -> None:
    assert normalised(written, "BR") == written


PHONE_LIKE = st.text(
    alphabet="0123456789 ()-+./,;xX#*=:ramlextzRE\u0665\uff15\u00b2\u2460\n", max_size=40
)


@settings(deadline=None, derandomize=True, max_examples=200)
@given(text=st.one_of(PHONE_LIKE, st.text(max_size=60)), region=st.sampled_from(["BR", "US", "QQ"]))
def test_whatever_was_typed_comes_back_as_e164_or_untouched(text: str, region: str) -> None:
    found = normalised(text, region)
    assert found == text or (found[0] == "+" and found[1:].isdecimal() and found.isascii())
