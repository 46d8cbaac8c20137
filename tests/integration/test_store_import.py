"""Dead letters that come from elsewhere: under their ids, once, and never over what is there."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lead_producers.keys import FORMAT
from lead_worker.core.lifecycle import State
from lead_worker.store import Store
from lead_worker.store.dead_letter import DeadLetter
from lead_worker.store.reading import Reading

from tests.integration.dead_letters import RAW, REFUSED, die, edit, grouped, letter
from tests.integration.queues import ENTRY, Queue

IMPORTED = {"event": "imported", "by": "ana"}


def bring_in(store: Store, dead_letter: DeadLetter, act: str = "act") -> str:
    return store.import_dead(dead_letter, act, IMPORTED)


def test_a_dead_letter_comes_in_under_its_id_and_counts_as_accepted(queue: Queue) -> None:
    assert bring_in(queue.store(), letter("a", key="digest")) == "ok"
    counts = queue.store().counts()
    assert (counts.accepted, counts.dead) == (1, 1)
    assert grouped(queue) == {REFUSED: ["a"]}
    record = queue.record("a")
    told = [record[name] for name in ("state", "lane", "accepted_at", "reason", "key")]
    assert told == ["dead", "bulk", "1700000000.000000", "rejected", "digest"]
    sight = Reading(queue.store()).sight("a")
    assert sight is not None
    assert sight.raw == RAW
    assert [entry["event"] for entry in queue.timeline("a")] == ["imported"]
    (logged,) = Reading(queue.store()).log(10)
    assert (logged["event"], logged["lead"]) == ("imported", "a")
    assert "example" not in repr(logged)


def test_the_raw_lead_comes_in_to_the_byte(queue: Queue) -> None:
    raw = bytes(range(256))
    assert bring_in(queue.store(), letter("a", raw=raw)) == "ok"
    queue.store().replay("a", "act-2", ENTRY)
    assert queue.claim()[0].raw == raw


def test_what_came_in_is_mended_and_replayed_and_its_key_is_known(queue: Queue) -> None:
    store = queue.store()
    bring_in(store, letter("a", key="digest"))
    assert queue.accept("b", key="digest") == ["ok", 0, "a"]
    assert store.edit("a", edit(RAW, b'{"name":"Bia"}', act="act-1")) == "ok"
    assert store.replay("a", "act-2", ENTRY) == "ok"
    (lead,) = queue.claim()
    assert (lead.lead_id, lead.lane, lead.raw) == ("a", "bulk", b'{"name":"Bia"}')
    assert queue.deliver(lead) == "ok"


def test_an_import_that_is_made_again_says_so(queue: Queue) -> None:
    assert bring_in(queue.store(), letter("a")) == "ok"
    before = queue.timeless()
    assert bring_in(queue.store(), letter("a")) == "done"
    assert queue.timeless() == before


def test_a_lead_that_is_there_is_left_as_it_is(queue: Queue) -> None:
    store = queue.store()
    queue.accept("a", "b")
    one, _ = queue.claim()
    queue.deliver(one)
    store.erase("b", ENTRY)
    die(queue, "c")
    before = queue.timeless()
    verdicts = [bring_in(store, letter(lead_id, raw=b"other")) for lead_id in "abc"]
    assert verdicts == ["delivered", "erased", "dead"]
    assert queue.timeless() == before


def test_a_key_that_is_another_leads_keeps_it_out(queue: Queue) -> None:
    queue.accept("b", key="digest")
    before = queue.timeless()
    assert bring_in(queue.store(), letter("a", key="digest")) == "taken"
    assert queue.timeless() == before


def test_where_memory_is_short_nothing_comes_in(queue: Queue) -> None:
    queue.store().refuse_enqueueing(60.0)
    assert bring_in(queue.store(), letter("a")) == "full"
    assert queue.state("a") == ""
    queue.client.delete(queue.keys.full)
    assert bring_in(queue.store(), letter("a")) == "ok"


def test_an_import_that_is_made_again_when_memory_is_short_says_that_it_was_there(
    queue: Queue,
) -> None:
    assert bring_in(queue.store(), letter("a")) == "ok"
    queue.store().refuse_enqueueing(60.0)
    assert bring_in(queue.store(), letter("a")) == "done"


@pytest.mark.parametrize(("found", "verdict"), [(None, "ok"), (FORMAT, "ok"), ("9", "format")])
def test_the_format_must_be_the_namespaces(queue: Queue, found: str | None, verdict: str) -> None:
    if found:
        queue.client.hset(queue.keys.meta, "format", found)
    assert bring_in(queue.store(), letter("a")) == verdict
    assert queue.client.hget(queue.keys.meta, "format") == (found or FORMAT).encode()


def test_a_lead_that_was_forgotten_stays_so_while_its_key_is_known(queue: Queue) -> None:
    """It may have been delivered: whoever wants it again enqueues it anew."""
    die(queue, "a", key="digest")
    assert queue.store().forget(State.DEAD, 0.0, 1000.0) == 1
    assert queue.client.pttl(queue.keys.idempotency("digest")) > 0
    assert bring_in(queue.store(), letter("a", key="digest")) == "known"
    counts = queue.store().counts()
    assert (counts.accepted, counts.forgotten, counts.dead) == (1, 1, 0)


def test_one_without_a_cause_is_in_a_group_all_the_same(queue: Queue) -> None:
    assert bring_in(queue.store(), replace(letter("a"), group="", fields={"lane": "live"})) == "ok"
    assert grouped(queue) == {"other": ["a"]}
