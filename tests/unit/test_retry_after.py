"""The `Retry-After` header, read defensively."""

from __future__ import annotations

from email.utils import formatdate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lead_worker.core.retry_after import http_date_at, retry_after_seconds

NOW_AT = 1_760_000_000.0
CAP_SECONDS = 3600.0


def wait(header: str | None, date_header: str | None = None) -> float | None:
    return retry_after_seconds(
        header, date_header=date_header, now_at=NOW_AT, cap_seconds=CAP_SECONDS
    )


def http_date(at: float) -> str:
    return formatdate(at, usegmt=True)


@pytest.mark.parametrize(("header", "seconds"), [("1", 1), ("120", 120), (" 7\t", 7), ("007", 7)])
def test_whole_seconds_are_obeyed(header: str, seconds: float) -> None:
    assert wait(header) == seconds


@pytest.mark.parametrize("header", ["0", "000"])
def test_no_wait_at_all_is_raised_to_a_second(header: str) -> None:
    assert wait(header) == 1.0


@pytest.mark.parametrize("header", ["3601", "9" * 400, "9" * 6000])
def test_a_wait_beyond_the_cap_is_lowered_to_it(header: str) -> None:
    assert wait(header) == CAP_SECONDS


@pytest.mark.parametrize(
    "header",
    [
        *("0.5", "-1", "-60", "abc", "1e3", "0x10", "1_000", "5, 5", "5;q=1", "NaN", "inf"),
        *("٣", "\uff15", "²", "5\u00a0", "Wed, 21 Foo 2015 07:28:00 GMT", "Wed, 99 Oct 2015", ","),
        *("\x00", "Thu, 01 Jan 1970 25:61:61 GMT", "Mon, 01 Jan 99999 00:00:00 GMT", "a" * 70_000),
        "Wed, ٢١ Oct 2015 07:28:00 GMT",
    ],
)
def test_nonsense_asks_for_the_shortest_wait(header: str) -> None:
    assert wait(header) == 1.0


@pytest.mark.parametrize(("header", "seconds"), [("1.5", 1.5), ("+5", 5), ("7.", 7), ("9e9", 1)])
def test_a_number_that_is_no_whole_one_is_obeyed_all_the_same(header: str, seconds: float) -> None:
    assert wait(header) == seconds


@pytest.mark.parametrize("header", [None, "", " ", "\t"])
def test_no_header_is_no_wait(header: str | None) -> None:
    assert wait(header) is None


def test_a_date_counts_from_now_where_the_answer_has_no_date() -> None:
    assert wait(http_date(NOW_AT + 90)) == 90.0


def test_a_date_counts_from_the_date_of_the_answer_because_one_clock_wrote_both() -> None:
    slow_clock_at = NOW_AT - 600
    assert wait(http_date(slow_clock_at + 30), http_date(slow_clock_at)) == 30.0


@pytest.mark.parametrize("date_header", ["nonsense", "", http_date(0), http_date(NOW_AT + 90_000)])
def test_a_date_of_the_answer_that_cannot_be_right_is_not_used(date_header: str) -> None:
    assert wait(http_date(NOW_AT + 90), date_header) == 90.0


def test_a_date_that_has_passed_is_a_second() -> None:
    assert wait(http_date(NOW_AT - 90)) == 1.0


def test_a_date_in_the_year_9999_is_the_cap() -> None:
    assert wait("Fri, 31 Dec 9999 23:59:59 GMT") == CAP_SECONDS


@pytest.mark.parametrize(
    "text",
    [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
    ],
)
def test_each_of_the_three_forms_of_an_http_date_is_read(text: str) -> None:
    assert http_date_at(text) == 784_111_777.0


DATE_PARTS = st.lists(
    st.sampled_from(
        ["Wed,", "21", "Oct", "2015", "07:28:00", "GMT", "-9999", "+2400", "9" * 11, "-", ":", ","]
    )
)


@settings(deadline=None)
@given(st.text() | DATE_PARTS.map(" ".join), st.none() | st.text() | DATE_PARTS.map(" ".join))
def test_whatever_is_written_the_wait_is_within_bounds_or_none(header: str, date: str) -> None:
    seconds = wait(header, date)
    assert seconds is None or 1.0 <= seconds <= CAP_SECONDS
