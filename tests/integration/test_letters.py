"""Dead letters as an operator pages through them: each once, the newest first."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from lead_worker.core.lifecycle import State
from lead_worker.core.selection import Selection, Where
from lead_worker.store import letters
from lead_worker.store.letters import Cursor, Letters

from tests.integration.dead_letters import REFUSED, die, letter
from tests.integration.fleet import ONE_REDIS
from tests.integration.queues import ENTRY, Queue, settlement

pytestmark = ONE_REDIS

INVALID, OUTAGE = "invalid:email", "exhausted:status_503"


@pytest.fixture(autouse=True, params=[2, 500], ids=["small pages", "one page"])
def page(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(letters, "PAGE", request.param)


def die_at(queue: Queue, group: str, times: Mapping[str, float]) -> None:
    """Let leads die at times that a test may choose."""
    die(queue, *times, group=group)
    for key in (queue.keys.index("dead"), queue.keys.group(group)):
        queue.client.zadd(key, dict(times), xx=True)


def ids(queue: Queue, selection: Selection = letters.EVERYTHING, **how: object) -> list[str]:
    found = Letters(queue.store()).walk(selection, **how)  # type: ignore[arg-type]
    return [each.listed.lead_id for each in found]


def test_the_newest_come_first_and_of_equal_times_the_highest_id(queue: Queue) -> None:
    die_at(queue, REFUSED, {"a": 10.5, "c": 30.25, "b": 20.125, "e": 20.125, "d": 20.125})
    assert ids(queue) == ["c", "e", "d", "b", "a"]
    (first, *_) = Letters(queue.store()).walk()
    assert (first.listed.at, first.raw) == (30.25, None)
    assert first.listed.fields["group"] == REFUSED
    assert first.listed.fields["state"] == "dead"


def test_where_there_is_none_nothing_comes(queue: Queue) -> None:
    queue.accept("a")
    assert ids(queue) == []
    assert ids(queue, Selection(groups=frozenset({"no:such"}))) == []


@pytest.mark.parametrize("by_groups", [False, True])
def test_a_page_begins_below_the_last_of_the_one_before_also_among_equal_times(
    queue: Queue, by_groups: bool
) -> None:
    die_at(queue, REFUSED, {"a": 5.0, "b": 5.0, "c": 5.0, "d": 5.0, "x": 7.5})
    die_at(queue, OUTAGE, {"e": 5.0, "bb": 5.0, "f": 1.0})
    groups = frozenset({REFUSED, OUTAGE}) if by_groups else frozenset[str]()
    selection = Selection(groups=groups)
    everything = ["x", "e", "d", "c", "bb", "b", "a", "f"]
    assert ids(queue, selection) == everything
    for n, _ in enumerate(everything):
        walked = Letters(queue.store()).walk(selection)
        listed = [next(walked).listed for _ in range(n + 1)][-1]
        after = Cursor(listed.at, listed.lead_id)
        assert ids(queue, selection, after=after) == everything[n + 1 :]


def test_times_with_all_their_digits_are_paged_through(queue: Queue) -> None:
    names = [f"lead-{n:02}" for n in range(9)]
    die_at(queue, REFUSED, {name: 1764034567.123456 + n / 1e6 for n, name in enumerate(names)})
    found: list[str] = []
    after = None
    while page := [each.listed for each in Letters(queue.store()).walk(after=after)][:2]:
        found += [listed.lead_id for listed in page]
        after = Cursor(page[-1].at, page[-1].lead_id)
    assert found == names[::-1]


def test_the_first_time_is_included_and_the_last_is_not(queue: Queue) -> None:
    die_at(queue, REFUSED, {"a": 10.0, "b": 20.0, "c": 30.0, "d": 40.0})
    assert ids(queue, Selection(since_at=20.0)) == ["d", "c", "b"]
    assert ids(queue, Selection(until_at=30.0)) == ["b", "a"]
    assert ids(queue, Selection(since_at=20.0, until_at=40.0)) == ["c", "b"]
    assert ids(queue, Selection(since_at=20.0, until_at=40.0), after=Cursor(30.0, "c")) == ["b"]
    assert ids(queue, Selection(until_at=30.0), after=Cursor(40.0, "d")) == ["b", "a"]
    assert ids(queue, Selection(since_at=50.0)) == []


def test_several_groups_come_as_one_list(queue: Queue) -> None:
    die_at(queue, REFUSED, {"a": 1.0, "b": 4.0, "c": 7.0})
    die_at(queue, OUTAGE, {"d": 2.0, "e": 5.0, "f": 8.0})
    die_at(queue, INVALID, {"g": 3.0, "h": 6.0, "i": 9.0})
    assert ids(queue, Selection(groups=frozenset({REFUSED, INVALID}))) == [*"ichbga"]
    assert ids(queue, Selection(groups=frozenset({OUTAGE}))) == [*"fed"]
    assert ids(queue) == [*"ifchebgda"]
    assert ids(queue, Selection(groups=frozenset({OUTAGE}), since_at=3.0)) == [*"fe"]


def test_other_conditions_on_the_record_are_met(queue: Queue) -> None:
    die(queue, "a", group=OUTAGE)
    die(queue, "b", fields={"status": "422"})
    assert queue.store().import_dead(letter("c"), "act", ENTRY) == "ok"
    assert ids(queue, Selection(reasons=frozenset({"exhausted"}))) == ["a"]
    assert ids(queue, Selection(statuses=frozenset({"422"}))) == ["b"]
    assert ids(queue, Selection(lanes=frozenset({"bulk"}))) == ["c"]
    assert ids(queue, Selection(sources=frozenset({""}))) == ["c"]


@pytest.mark.parametrize("state", [State.PARKED, State.DISCARDED])
def test_the_parked_and_the_discarded_are_walked_as_well(queue: Queue, state: State) -> None:
    die(queue, "dead")
    queue.accept("a", "b", "c")
    to = State.PARKED if state is State.PARKED else State.DEAD
    queue.settle(*(settlement(lead, to) for lead in queue.claim()))
    if state is State.DISCARDED:
        for lead_id in "abc":
            queue.store().discard(lead_id, "act", ENTRY)
    assert sorted(ids(queue, state=state)) == ["a", "b", "c"]
    # Who is no dead letter is in no group, whatever it died of once.
    assert ids(queue, Selection(groups=frozenset({REFUSED})), state=state) == []


def test_conditions_on_the_raw_lead_are_met_and_it_comes_where_it_is_asked_for(
    queue: Queue,
) -> None:
    die(queue, "a", raw=b'{"email":"ana@example.com"}')
    die(queue, "b", raw=b'{"email":"bia@example.com"}')
    die(queue, "c", raw=b"\xff no lead")
    where = Selection(wheres=(Where("email", "ANA@*"),))
    assert ids(queue, where) == ["a"]
    (found,) = Letters(queue.store()).walk(where, with_raw=True)
    assert found.raw == b'{"email":"ana@example.com"}'
    raws = {e.listed.lead_id: e.raw for e in Letters(queue.store()).walk(with_raw=True)}
    assert raws["c"] == b"\xff no lead"
    assert len(raws) == 3
    assert "ana" not in repr(found)


def test_who_leaves_while_they_are_read_may_be_left_out_and_nobody_comes_twice(
    queue: Queue,
) -> None:
    names = [f"lead-{n}" for n in range(8)]
    die_at(queue, REFUSED, {name: float(n) for n, name in enumerate(names)})
    walked = Letters(queue.store()).walk()
    first = next(walked).listed.lead_id
    for name in ("lead-7", "lead-6", "lead-3"):
        assert queue.store().replay(name, "act", ENTRY) == "ok"
    rest = [each.listed.lead_id for each in walked]
    assert first == "lead-7"
    assert {"lead-0", "lead-1", "lead-2", "lead-4", "lead-5"} <= set(rest)
    assert sorted({*rest}) == sorted(rest)
    assert first not in rest


def test_those_that_expire_are_counted_up_to_an_instant(queue: Queue) -> None:
    assert Letters(queue.store()).expiring(1e12) == (0, None)
    die_at(queue, REFUSED, {"a": 10.0, "b": 20.0, "c": 30.0})
    assert Letters(queue.store()).expiring(9.0) == (0, None)
    assert Letters(queue.store()).expiring(20.0) == (2, 10.0)
