"""Instants as people write them."""

from __future__ import annotations

import pytest
from lead_ops.instants import read_instant, write_instant

NOW_AT = 1_760_000_000.0


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("30s", NOW_AT - 30),
        ("90min", NOW_AT - 5400),
        ("90m", NOW_AT - 5400),
        (" 6 h ", NOW_AT - 21_600),
        ("1.5h", NOW_AT - 5400),
        ("2d", NOW_AT - 172_800),
        ("1w", NOW_AT - 604_800),
        ("999999w", 0.0),
        ("2025-03-01T14:03:09Z", 1_740_837_789.0),
        ("2025-03-01 14:03:09.25+00:00", 1_740_837_789.25),
        ("2025-03-01T11:03:09-03:00", 1_740_837_789.0),
    ],
)
def test_spans_and_dates_are_read(text: str, at: float) -> None:
    assert read_instant(text, NOW_AT) == at


def test_a_date_is_the_local_time_zones() -> None:
    midnight = read_instant("2025-03-01", NOW_AT)
    assert midnight is not None
    assert abs(midnight - 1_740_787_200) <= 14 * 3600
    assert read_instant("2025-03-01T00:00", NOW_AT) == midnight


@pytest.mark.parametrize(
    "text", ["", "6", "h", "-6h", "6 weeks", "yesterday", "2025-13-01", "1e9h"]
)
def test_anything_else_is_not_read(text: str) -> None:
    assert read_instant(text, NOW_AT) is None


@pytest.mark.parametrize("at", [0.0, NOW_AT, NOW_AT + 0.123456, 1_740_837_789.25])
def test_what_is_written_is_read_again_to_the_microsecond(at: float) -> None:
    assert read_instant(write_instant(at), NOW_AT) == pytest.approx(at, abs=1e-6)


@pytest.mark.parametrize(("at", "year"), [(-1e12, "1970-"), (1e15, "9999-")])
def test_what_has_no_date_is_moved_to_where_there_is_one(at: float, year: str) -> None:
    assert write_instant(at).startswith(year)
