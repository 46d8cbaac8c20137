"""Groups of dead letters: whoever is dead is in one, whoever is not is in none, and each counts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from lead_worker.core.governor import Accused, Governor
from lead_worker.core.groups import POISON_GROUP, rejected_group
from lead_worker.core.lifecycle import State
from lead_worker.store import Claimed, Decision
from lead_worker.store.letters import Letters
from lead_worker.store.store import POISON_EXPIRIES

from tests.integration.dead_letters import (
    REFUSED,
    advance,
    dead,
    die,
    die_again,
    edit,
    fill_groups,
    grouped,
    launch,
    letter,
)
from tests.integration.queues import ENTRY, Queue, settlement

INVALID = "invalid:email"
OUTAGE = "exhausted:status_503"


def die_of_poison(queue: Queue, lead_id: str) -> Claimed:
    """Let the last of its workers die, too; gives the lead as that worker knows it."""
    queue.accept(lead_id)
    queue.client.hset(queue.keys.lead(lead_id), "suspect", POISON_EXPIRIES - 1)
    (lead,) = queue.claim("doomed")
    assert queue.run_out() == 1
    return lead


def convict(queue: Queue, lead_id: str, status: int = 403, code: str = "FORBIDDEN") -> None:
    """Let a lead be refused, and let the API turn out to be well."""
    queue.accept(lead_id)
    (lead,) = queue.claim("w9")
    queue.give_back(lead)
    store = queue.store()
    accused = (Accused(lead_id, lead.token, status, code),)
    decision = Decision(Governor(), store.standing().version, f"convict {lead_id}", accused)
    assert store.govern(decision).convicted == (lead_id,)


def restored(queue: Queue, lead_id: str) -> None:
    die(queue, lead_id)
    assert queue.store().discard(lead_id, "act-1", ENTRY) == "ok"
    assert queue.store().restore(lead_id, "act-2", ENTRY) == "ok"


def imported(queue: Queue, lead_id: str) -> None:
    assert queue.store().import_dead(letter(lead_id), "act", ENTRY) == "ok"


def died_again(queue: Queue, lead_id: str) -> None:
    die(queue, lead_id, group=OUTAGE)
    assert queue.store().replay(lead_id, "act", ENTRY) == "ok"
    die_again(queue, lead_id)


WAYS_IN: dict[str, tuple[Callable[[Queue, str], object], str]] = {
    "settle": (die, REFUSED),
    "poison": (die_of_poison, POISON_GROUP),
    "conviction": (convict, rejected_group(403, "FORBIDDEN")),
    "restore": (restored, REFUSED),
    "import": (imported, REFUSED),
    "another death": (died_again, REFUSED),
}


@pytest.mark.parametrize(("dies", "group"), WAYS_IN.values(), ids=WAYS_IN)
def test_whoever_dies_is_in_the_group_of_its_cause(
    queue: Queue, dies: Callable[[Queue, str], object], group: str
) -> None:
    die(queue, "other", group=INVALID)
    dies(queue, "a")
    assert grouped(queue) == {INVALID: ["other"], group: ["a"]}
    assert queue.record("a")["group"] == group
    assert queue.state("a") == "dead"


@pytest.mark.parametrize(("dies", "group"), WAYS_IN.values(), ids=WAYS_IN)
def test_past_a_thousand_groups_only_the_reason_makes_a_new_one(
    queue: Queue, dies: Callable[[Queue, str], object], group: str
) -> None:
    fill_groups(queue)
    dies(queue, "a")
    other = group.partition(":")[0] + ":other"
    assert queue.record("a")["group"] == other
    assert queue.client.zrange(queue.keys.group(other), 0, -1) == [b"a"]
    assert queue.client.hget(queue.keys.groups, other) == b"1"
    assert queue.store().discard("a", "act-3", ENTRY) == "ok"
    assert not queue.client.hexists(queue.keys.groups, other)


def test_a_group_that_is_there_takes_more_however_many_there_are(queue: Queue) -> None:
    die(queue, "a")
    fill_groups(queue, 999)
    die(queue, "b")
    die(queue, "c", group=INVALID)
    assert [queue.record(i)["group"] for i in "abc"] == [REFUSED, REFUSED, "invalid:other"]


def test_the_thousandth_group_has_its_own_name(queue: Queue) -> None:
    fill_groups(queue, 999)
    die(queue, "a")
    die(queue, "b", group=OUTAGE)
    assert [queue.record(i)["group"] for i in "ab"] == [REFUSED, "exhausted:other"]


def test_who_dies_of_nothing_that_was_told_is_in_a_group_too(queue: Queue) -> None:
    die(queue, "a", group="")
    assert grouped(queue) == {"other": ["a"]}


@pytest.mark.parametrize("code", ["", "NOT_FOUND"])
def test_a_conviction_names_the_group_as_any_refusal_does(queue: Queue, code: str) -> None:
    convict(queue, "a", 404, code)
    assert list(grouped(queue)) == [rejected_group(404, code)]


def replay(queue: Queue) -> None:
    assert queue.store().replay("a", "act", ENTRY) == "ok"


def discard(queue: Queue) -> None:
    assert queue.store().discard("a", "act", ENTRY) == "ok"


def erase(queue: Queue) -> None:
    assert queue.store().erase("a", ENTRY) == "ok"


def release(queue: Queue) -> None:
    launch(queue, ["a"])
    advance(queue)
    assert queue.state("a") == "waiting"


WAYS_OUT = {"replay": replay, "discard": discard, "erasure": erase, "campaign": release}


@pytest.mark.parametrize("leaves", WAYS_OUT.values(), ids=WAYS_OUT)
def test_whoever_is_dead_no_longer_is_in_no_group_and_an_empty_one_is_gone(
    queue: Queue, leaves: Callable[[Queue], None]
) -> None:
    die(queue, "a", "b")
    leaves(queue)
    assert grouped(queue) == {REFUSED: ["b"]}
    queue.store().erase("b", ENTRY)
    assert grouped(queue) == {}


def test_the_forgotten_are_in_no_group(queue: Queue) -> None:
    die(queue, "a", "b")
    die(queue, "c", group=OUTAGE)
    queue.pass_time(100)
    die(queue, "d", group=OUTAGE)
    assert queue.store().forget(State.DEAD, 50) == 3
    assert grouped(queue) == {OUTAGE: ["d"]}
    assert queue.store().forget(State.DEAD, 0) == 1
    assert grouped(queue) == {}


def test_what_was_discarded_and_is_forgotten_takes_nothing_from_its_group_twice(
    queue: Queue,
) -> None:
    die(queue, "a", "b")
    discard(queue)
    assert queue.store().forget(State.DISCARDED, 0) == 1
    assert grouped(queue) == {REFUSED: ["b"]}


@pytest.mark.parametrize("discarded", [False, True])
def test_a_success_after_the_death_leaves_no_group_behind(queue: Queue, discarded: bool) -> None:
    queue.accept("a")
    (lost,) = queue.claim("w1")
    queue.run_out()
    queue.settle(settlement(queue.claim("w2")[0], State.WAITING))
    die_again(queue, "a")
    if discarded:
        discard(queue)
    assert queue.deliver(lost) == "late"
    assert grouped(queue) == {}
    assert not {"group", "was", "reason"} & queue.record("a").keys()


def test_a_worker_that_lived_after_all_says_what_the_lead_really_died_of(queue: Queue) -> None:
    lead = die_of_poison(queue, "a")
    assert grouped(queue) == {POISON_GROUP: ["a"]}
    assert queue.settle(dead(lead, INVALID)) == ("ok",)
    assert grouped(queue) == {INVALID: ["a"]}
    assert queue.record("a")["group"] == INVALID


@pytest.mark.parametrize("to", [State.DELIVERED, State.WAITING, State.UNKNOWN, State.PARKED])
def test_a_worker_that_lived_after_all_takes_its_lead_out_of_the_group(
    queue: Queue, to: State
) -> None:
    lead = die_of_poison(queue, "a")
    assert queue.settle(settlement(lead, to)) == ("ok",)
    assert grouped(queue) == {}
    assert "group" not in queue.record("a")


def test_an_edit_leaves_a_dead_letter_in_its_group(queue: Queue) -> None:
    die(queue, "a", raw=b"{}")
    assert queue.store().edit("a", edit(b"{}")) == "ok"
    assert grouped(queue) == {REFUSED: ["a"]}


def test_what_is_delivered_and_replayed_by_force_joins_no_group_until_it_dies(
    queue: Queue,
) -> None:
    queue.accept("a")
    queue.deliver(queue.claim()[0])
    assert queue.store().replay("a", "act-1", ENTRY) == "delivered"
    assert queue.store().replay("a", "act-2", ENTRY, force=True) == "ok"
    assert grouped(queue) == {}
    die_again(queue, "a")
    assert grouped(queue) == {REFUSED: ["a"]}


def test_groups_are_listed_with_their_number_ends_and_last_lead(queue: Queue) -> None:
    die(queue, "a", group=OUTAGE)
    queue.pass_time(10)
    die(queue, "b", "c")
    queue.pass_time(10)
    die(queue, "d", group=OUTAGE)
    die(queue, "e", group=OUTAGE)
    first, second = Letters(queue.store()).groups()
    assert [(group.name, group.number) for group in (first, second)] == [(OUTAGE, 3), (REFUSED, 2)]
    assert first.newest_id == "e"
    assert first.until_at - first.since_at == pytest.approx(20, abs=5)
    assert second.newest_id in ("b", "c")


def test_the_audit_sees_who_is_in_a_wrong_group_and_what_is_miscounted(queue: Queue) -> None:
    die(queue, "a")
    client, keys = queue.client, queue.keys
    client.zadd(keys.group(INVALID), {"a": 1})
    client.hincrby(keys.groups, REFUSED, 5)
    problems = "\n".join(queue.problems())
    assert f"a: it is in the group {INVALID}, and not dead of that" in problems
    assert f"{REFUSED}: the group's count is not the number of its dead letters" in problems
    client.zrem(keys.group(REFUSED), "a")
    assert queue.store().check(["a"]) == {"a": "!dead, but in no group"}
    client.flushdb()
