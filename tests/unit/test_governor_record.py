"""The governor's record in Redis: what is written is read, and nothing in it is an error."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lead_worker.core.governor import Accused, Governor, Hold, Window
from lead_worker.core.outcome import HoldKind
from lead_worker.store.governor_record import hold_kind, read_governor, write_governor

words = st.text(max_size=20)
ids = st.text("abc0123456789-_.:", min_size=1, max_size=36)
# Redis keeps microseconds; dyadic fractions come back as they were.
instants = st.integers(0, 2**40).map(lambda eighths: eighths / 8)
sizes = st.integers(8, 8000).map(lambda eighths: eighths / 8)
counts = st.integers(0, 10**12)
holds = st.builds(
    Hold,
    st.sampled_from(HoldKind),
    words,
    words,
    instants,
    counts,
    st.none() | instants,
    st.booleans(),
    st.lists(
        st.builds(Accused, ids, words, st.integers(0, 599), words, st.booleans()), max_size=3
    ).map(tuple),
    counts,
    st.none() | instants,
    st.none() | instants,
    st.floats(0, 4000),
    st.just("") | ids,
    words,
    instants,
    sizes,
)
governors = st.builds(
    Governor,
    st.none() | holds,
    st.none() | st.builds(Window, sizes, sizes, instants),
    counts,
    st.lists(ids, max_size=3).map(tuple),
    counts,
)
marks = st.text("0123456789abcdef", min_size=12, max_size=12)
NAMES = sorted(write_governor(Governor(Hold(HoldKind.OUTAGE, "why"), Window(1, 1))))
FULL = ["accused", "canary_at", "not_before", "stale", "suspected", "trial_at"]
NUMBERS = st.sampled_from(["nan", "inf", "-inf", "-1", "1e999", "٣", "0x1", "", " ", "9" * 400])


@given(governor=governors, mark=marks, until_at=instants)
def test_what_is_written_is_read(governor: Governor, mark: str, until_at: float) -> None:
    assert read_governor(write_governor(governor)) == governor
    stale = Governor(stale=((mark, until_at), ("other", 1.5)))
    assert read_governor(write_governor(stale)) == stale


@given(governor=governors)
def test_a_record_holds_texts_and_nothing_that_is_empty(governor: Governor) -> None:
    fields = write_governor(governor)
    assert all(isinstance(value, str) and value for value in fields.values())
    assert ("busy" in fields) != governor.calm


@given(fields=st.dictionaries(st.sampled_from([*NAMES, *FULL, "other"]), words | NUMBERS))
def test_what_cannot_be_read_counts_as_not_there(fields: dict[str, str]) -> None:
    governor = read_governor(fields)
    assert (governor.hold is None) == (not fields.get("kind"))
    assert governor.window is None or governor.window.size >= 1
    assert read_governor(write_governor(governor)) is not None


ACCUSED = [
    "null",
    "1",
    "{",
    '{"a":1}',
    "[[]]",
    "[1]",
    '[["a"]]',
    '[["a","t","x","c",1]]',
    "[" * 9999,
]


@pytest.mark.parametrize("text", ACCUSED)
def test_an_accusation_that_cannot_be_read_accuses_nobody(text: str) -> None:
    hold = read_governor({"kind": "quota", "accused": text}).hold
    assert hold is not None
    assert hold.accused == ()


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "quota", "accused": '[["a", "t", 1e999, "c", false]]'},
        {"run": "9" * 5000},
    ],
)
def test_a_number_that_is_too_large_counts_as_not_there(fields: dict[str, str]) -> None:
    governor = read_governor(fields)
    assert governor.run == 0
    assert governor.hold is None or governor.hold.accused == ()


def test_a_kind_that_only_a_neighbouring_release_knows_is_held_as_other() -> None:
    assert hold_kind("moonshine") is HoldKind.OTHER
    hold = read_governor({"kind": "moonshine"}).hold
    assert hold is not None
    assert hold.kind is HoldKind.OTHER


def test_an_empty_record_is_a_governor_at_ease() -> None:
    assert read_governor({}) == Governor()
    assert write_governor(Governor()) == {"holds": "0", "run": "0"}
