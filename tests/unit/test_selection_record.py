from __future__ import annotations

import pytest
from lead_worker.core.selection import Selection, Where, words

NOON_AT = 1_795_176_000.0
"""2026-11-20 12:00 UTC."""
RECORD = {
    "group": "invalid:email",
    "reason": "invalid",
    "status": "422",
    "source": "site",
    "lane": "live",
}


@pytest.mark.parametrize(
    "selection",
    [
        Selection(),
        Selection(groups=frozenset({"invalid:email", "invalid:phone"})),
        Selection(reasons=frozenset({"invalid"}), statuses=frozenset({"422"})),
        Selection(sources=frozenset({"site"}), lanes=frozenset({"live"})),
        Selection(since_at=NOON_AT),
        Selection(until_at=NOON_AT + 1),
        Selection(edited=False),
        Selection(wheres=(Where("email", "nobody"),)),
    ],
)
def test_a_record_that_meets_each_condition_is_taken(selection: Selection) -> None:
    assert selection.takes_record(RECORD, NOON_AT)


@pytest.mark.parametrize(
    "selection",
    [
        Selection(groups=frozenset({"invalid:phone"})),
        Selection(reasons=frozenset({"invalid"}), statuses=frozenset({"400"})),
        Selection(sources=frozenset({"Site"})),
        Selection(sources=frozenset({""})),
        Selection(lanes=frozenset({"bulk"})),
        Selection(since_at=NOON_AT + 0.001),
        Selection(until_at=NOON_AT),
        Selection(edited=True),
    ],
)
def test_a_record_that_misses_one_condition_is_not(selection: Selection) -> None:
    assert not selection.takes_record(RECORD, NOON_AT)


def test_a_record_may_lack_any_field() -> None:
    assert Selection().takes_record({}, 0.0)
    assert Selection(sources=frozenset({""})).takes_record({}, 0.0)
    assert not Selection(groups=frozenset({"invalid:email"})).takes_record({}, 0.0)


@pytest.mark.parametrize(
    ("mended", "edited"), [({}, False), ({"edited": "2"}, False), ({"mended": "1"}, True)]
)
def test_edited_is_what_was_mended_since_it_died(mended: dict[str, str], edited: bool) -> None:
    assert Selection(edited=edited).takes_record(mended, 0.0)
    assert not Selection(edited=not edited).takes_record(mended, 0.0)


def test_a_selection_says_what_it_needs() -> None:
    assert Selection().is_everything
    assert not Selection().needs_raw
    assert not Selection(edited=False).is_everything
    assert not Selection(since_at=0.0).is_everything
    assert Selection(wheres=(Where("email", ""),)).needs_raw


def test_words_name_everything_but_the_values_of_the_lead() -> None:
    selection = Selection(
        groups=frozenset({"invalid:email", "invalid:email,phone"}),
        reasons=frozenset({"invalid"}),
        statuses=frozenset({"422"}),
        sources=frozenset({"", "site"}),
        lanes=frozenset({"bulk"}),
        since_at=NOON_AT - 7_200,
        until_at=NOON_AT + 30,
        wheres=(Where("utm.campaign", "spring*"), Where("email", "maria@x.com")),
        edited=True,
    )
    assert words(selection) == (
        'group invalid:email or invalid:email,phone, reason invalid, status 422, source "" or site,'
        " lane bulk, since 2026-11-20 10:00 UTC, until 2026-11-20 12:00:30 UTC, edited,"
        " where email and utm.campaign"
    )


def test_words_for_little() -> None:
    assert words(Selection()) == "everything"
    assert words(Selection(edited=False)) == "not edited"
    assert words(Selection(since_at=1e30)) == "since 1e+30"


def test_words_are_one_line_whatever_was_typed() -> None:
    told = words(Selection(sources=frozenset({"a\n\x1b[31m"}), wheres=(Where("x\u202e", ""),)))
    assert told == "source ..., where ..."


@pytest.mark.parametrize(
    "name", ["ana@example.com", "(11) 98765-4321", "123.456.789-00", "Jo\u00e3o"]
)
def test_words_hold_no_name_that_may_be_somebodys(name: str) -> None:
    told = words(Selection(sources=frozenset({name, "site"}), wheres=(Where(name, "*"),)))
    assert told == "source ... or site, where ..."
