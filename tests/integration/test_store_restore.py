"""What was discarded is again what it was, for as long as it is kept."""

from __future__ import annotations

import pytest
from lead_worker.core.lifecycle import State
from lead_worker.store.reading import Reading

from tests.integration.dead_letters import REFUSED, die, edit, fill_groups, grouped
from tests.integration.queues import ENTRY, Queue, settlement

RESTORED = {"event": "restored", "by": "ana"}


def park(queue: Queue, lead_id: str) -> None:
    queue.accept(lead_id)
    queue.settle(settlement(queue.claim()[0], State.PARKED))


def discard(queue: Queue, lead_id: str = "a") -> None:
    assert queue.store().discard(lead_id, "discard", {"event": "discarded", "by": "ana"}) == "ok"


def test_a_dead_letter_that_was_discarded_is_one_again_in_its_group(queue: Queue) -> None:
    die(queue, "a")
    before = queue.record("a")
    discard(queue)
    assert (queue.state("a"), grouped(queue)) == ("discarded", {})
    assert queue.store().restore("a", "act", RESTORED) == "ok"
    assert (queue.state("a"), grouped(queue)) == ("dead", {REFUSED: ["a"]})
    after = queue.record("a")
    told = ("state", "lane", "reason", "group", "attempts", "accepted_at")
    assert [after[name] for name in told] == [before[name] for name in told]
    assert "was" not in after


def test_a_parked_lead_that_was_discarded_is_parked_again_and_in_no_group(queue: Queue) -> None:
    park(queue, "a")
    discard(queue)
    assert queue.store().restore("a", "act", RESTORED) == "ok"
    assert (queue.state("a"), grouped(queue)) == ("parked", {})
    assert queue.store().confirm("a", "act-2", ENTRY, "api-1") == "ok"


def test_a_restoration_is_on_the_timeline_and_in_the_log(queue: Queue) -> None:
    die(queue, "a")
    discard(queue)
    queue.store().restore("a", "act", RESTORED)
    events = [entry["event"] for entry in queue.timeline("a")]
    assert events == ["attempt", "discarded", "restored"]
    logged = Reading(queue.store()).log(10)
    assert [(e["event"], e["lead"], e["by"]) for e in logged] == [
        ("discarded", "a", "ana"),
        ("restored", "a", "ana"),
    ]


def test_only_what_was_discarded_is_restored(queue: Queue) -> None:
    store = queue.store()
    assert store.restore("a", "act", RESTORED) == "gone"
    queue.accept("a", "b")
    assert store.restore("a", "act", RESTORED) == "waiting"
    one, other = queue.claim()
    assert store.restore("a", "act", RESTORED) == "leased"
    queue.deliver(one)
    queue.settle(settlement(other, State.DEAD))
    assert store.restore("a", "act", RESTORED) == "delivered"
    assert store.restore("b", "act", RESTORED) == "dead"
    store.erase("b", ENTRY)
    assert store.restore("b", "act", RESTORED) == "erased"


def test_a_restoration_that_is_made_again_says_so(queue: Queue) -> None:
    die(queue, "a")
    discard(queue)
    assert queue.store().restore("a", "act", RESTORED) == "ok"
    assert queue.store().restore("a", "act", RESTORED) == "done"


def test_what_was_restored_is_edited_replayed_and_discarded_as_before(queue: Queue) -> None:
    die(queue, "a", raw=b"{}")
    store = queue.store()
    for n in range(3):
        assert store.discard("a", f"discard-{n}", ENTRY) == "ok"
        assert store.restore("a", f"restore-{n}", RESTORED) == "ok"
    assert grouped(queue) == {REFUSED: ["a"]}
    assert store.edit("a", edit(b"{}", b'{"name":"Ana"}', act="edit")) == "ok"
    assert store.replay("a", "replay", ENTRY) == "ok"
    assert queue.deliver(queue.claim()[0]) == "ok"


def test_what_is_restored_is_kept_anew_from_then_on(queue: Queue) -> None:
    die(queue, "a")
    queue.pass_time(100)
    discard(queue)
    queue.pass_time(100)
    queue.store().restore("a", "act", RESTORED)
    queue.pass_time(100)
    assert queue.store().forget(State.DEAD, 150) == 0
    assert queue.store().forget(State.DEAD, 50) == 1
    assert queue.store().restore("a", "act-2", RESTORED) == "gone"


def test_a_lead_that_was_discarded_before_groups_were_has_one_once_it_is_restored(
    queue: Queue,
) -> None:
    die(queue, "a")
    discard(queue)
    queue.client.hdel(queue.keys.lead("a"), "group", "was")
    assert queue.store().restore("a", "act", RESTORED) == "ok"
    assert (queue.state("a"), grouped(queue)) == ("dead", {"other": ["a"]})


def test_where_its_group_is_one_too_many_it_joins_the_others_of_its_reason(queue: Queue) -> None:
    die(queue, "a")
    discard(queue)
    fill_groups(queue)
    assert queue.store().restore("a", "act", RESTORED) == "ok"
    assert queue.record("a")["group"] == "rejected:other"


@pytest.mark.parametrize("force", [False, True])
def test_nobody_replays_what_is_discarded(queue: Queue, force: bool) -> None:
    die(queue, "a")
    discard(queue)
    assert queue.store().replay("a", "act", ENTRY, force=force) == "discarded"
