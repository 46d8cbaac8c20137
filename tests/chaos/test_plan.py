"""The plan of faults: the same for the same seed, and such that recovery can be measured."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from chaos.kinds import BY_NAME, KINDS, chosen
from chaos.plan import Planned, make_plan
from chaos.recovery import BARS
from chaos.strikes import STRIKES
from hypothesis import given
from hypothesis import strategies as st

SECONDS = 600.0
seeds = st.integers(0, 1_000_000)


def test_the_same_seed_gives_the_same_plan() -> None:
    assert make_plan(7, SECONDS, KINDS) == make_plan(7, SECONDS, KINDS)
    assert make_plan(7, SECONDS, KINDS) != make_plan(8, SECONDS, KINDS)


@given(seeds, st.booleans())
def test_every_fault_is_over_before_the_end(seed: int, storms: bool) -> None:
    plan = make_plan(seed, 60.0, KINDS, storms=storms)
    assert all(each.ends_at <= 60.0 for each in plan)
    assert [each.number for each in plan] == [*range(len(plan))]


@given(seeds, st.booleans())
def test_in_one_place_there_is_one_fault_at_a_time(seed: int, storms: bool) -> None:
    plan = make_plan(seed, 120.0, KINDS, storms=storms)
    places: dict[tuple[str, int], list[Planned]] = {}
    for each in plan:
        places.setdefault((each.kind.place, each.which), []).append(each)
    for faults in places.values():
        assert all(one.ends_at <= other.begins_at for one, other in pairwise(faults))


@given(seeds)
def test_a_fault_that_is_alone_is_followed_by_calm(seed: int) -> None:
    plan = make_plan(seed, 120.0, KINDS)
    for each in plan:
        others = [other for other in plan if other.number != each.number]
        if each.alone:
            assert all(_is_apart(each, other) for other in others)


def _is_apart(alone: Planned, other: Planned) -> bool:
    if other.begins_at < alone.begins_at:
        return other.ends_at <= alone.begins_at
    return other.begins_at >= alone.ends_at + alone.kind.calm_seconds


@given(seeds)
def test_ten_minutes_see_nearly_each_kind(seed: int) -> None:
    # Not each: how many fit in depends on how long they last.
    plan = make_plan(seed, SECONDS, KINDS)
    assert len({each.kind.name for each in plan}) >= len(KINDS) - 4
    assert _measured(plan, "worker-kill")
    assert _measured(plan, "redis-kill")


def _measured(plan: Sequence[Planned], name: str) -> bool:
    return any(each.alone and each.kind.name == name for each in plan)


def test_kinds_are_chosen_by_how_their_names_begin() -> None:
    assert chosen([]) == KINDS
    assert chosen(["worker-kill"]) == (BY_NAME["worker-kill"],)
    assert {kind.place for kind in chosen(["worker", "beat"])} == {"worker", "beat"}
    with pytest.raises(ValueError, match=r"expected one of worker-kill, .*, found 'redos'"):
        chosen(["worker", "redos"])


def test_each_kind_can_be_brought_about() -> None:
    assert set(STRIKES) == set(BY_NAME)
    assert set(BARS) == {kind.name for kind in KINDS if kind.often}
