"""Edits: the original stays to the byte, each difference is kept, nobody overwrites another's."""

from __future__ import annotations

import uuid
from contextlib import closing
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lead_worker.core.lifecycle import State
from lead_worker.store.letters import Edits, Letters
from lead_worker.store.reading import Reading

from tests.integration.dead_letters import RAW, die, die_again, edit, waiting
from tests.integration.fleet import ONE_REDIS
from tests.integration.queues import ENTRY, Queue, settlement

MENDED = b'{"name":"Ana","email":"ana@example.com"}'
PERSONAL = ("ana@example", "Ana")


def raw(queue: Queue, lead_id: str = "a") -> bytes | None:
    sight = Reading(queue.store()).sight(lead_id)
    return sight.raw if sight else None


def edits(queue: Queue, lead_id: str = "a") -> Edits:
    return Letters(queue.store()).edits(lead_id)


def test_a_dead_letter_is_mended_and_its_original_kept(queue: Queue) -> None:
    die(queue, "a", raw=RAW)
    assert edits(queue) == Edits()
    assert queue.store().edit("a", edit(RAW, MENDED, set={"email": "ana@example.com"})) == "ok"
    assert raw(queue) == MENDED
    found = edits(queue)
    assert found.original == RAW
    (change,) = found.changes
    assert isinstance(change["at"], float)
    told = (change["by"], change["why"], change["set"])
    assert told == ("ana", "typo", {"email": "ana@example.com"})
    assert queue.record("a")["edited"] == "1"
    assert queue.state("a") == "dead"


def test_an_edit_is_on_the_timeline_and_in_the_log_which_holds_no_value(queue: Queue) -> None:
    die(queue, "a", raw=RAW)
    queue.store().edit("a", edit(RAW, MENDED, set={"email": "ana@example.com"}))
    last = queue.timeline("a")[-1]
    assert (last["event"], last["by"], last["why"]) == ("edited", "ana", "typo")
    (logged,) = Reading(queue.store()).log(10)
    assert (logged["event"], logged["lead"], logged["by"]) == ("edited", "a", "ana")
    assert [value for value in PERSONAL if value in repr((logged, last))] == []


def test_over_several_edits_the_original_is_the_first_and_each_difference_is_kept(
    queue: Queue,
) -> None:
    die(queue, "a", raw=RAW)
    texts = [RAW, MENDED, b"{}", RAW, b'{"name":"Bia"}']
    for n, (before, after) in enumerate(pairwise(texts)):
        assert queue.store().edit("a", edit(before, after, act=f"act-{n}", n=n)) == "ok"
    found = edits(queue)
    assert found.original == RAW
    assert [change["n"] for change in found.changes] == [0, 1, 2, 3]
    assert raw(queue) == texts[-1]
    assert queue.record("a")["edited"] == "4"


def test_who_edits_what_somebody_else_has_edited_meanwhile_changes_nothing(queue: Queue) -> None:
    die(queue, "a", raw=RAW)
    assert queue.store().edit("a", edit(RAW, MENDED, act="act-1")) == "ok"
    before = queue.timeless()
    assert queue.store().edit("a", edit(RAW, b"{}", act="act-2")) == "changed"
    assert queue.timeless() == before
    assert queue.store().edit("a", edit(MENDED, b"{}", act="act-3")) == "ok"


def test_an_edit_that_is_made_again_says_so(queue: Queue) -> None:
    die(queue, "a", raw=RAW)
    assert queue.store().edit("a", edit(RAW, MENDED)) == "ok"
    before = queue.timeless()
    assert queue.store().edit("a", edit(RAW, MENDED)) == "done"
    assert queue.timeless() == before


def test_only_a_dead_letter_is_edited(queue: Queue) -> None:
    store = queue.store()
    assert store.edit("a", edit()) == "gone"
    queue.accept("a", "b", "c", "d", raw=RAW)
    assert store.edit("a", edit()) == "waiting"
    one, other, *rest = queue.claim()
    assert store.edit("a", edit()) == "leased"
    queue.deliver(one)
    queue.settle(settlement(other, State.PARKED), *(settlement(e, State.DEAD) for e in rest))
    store.discard("c", "discard", ENTRY)
    store.erase("d", ENTRY)
    states = [store.edit(lead_id, edit()) for lead_id in "abcd"]
    assert states == ["delivered", "parked", "discarded", "erased"]
    assert [edits(queue, lead_id).original for lead_id in "abcd"] == [None] * 4


def test_what_was_mended_is_replayed_under_the_same_id_and_key(queue: Queue) -> None:
    die(queue, "a", raw=RAW, key="digest")
    store = queue.store()
    assert store.edit("a", edit(RAW, MENDED)) == "ok"
    assert store.replay("a", "act-2", ENTRY) == "ok"
    (lead,) = queue.claim()
    assert (lead.raw, lead.attempts) == (MENDED, 0)
    assert queue.accept("b", key="digest", raw=RAW) == ["ok", 0, "a"]
    assert queue.deliver(lead) == "ok"
    assert edits(queue).original == RAW


def test_what_dies_again_is_mended_again_from_what_it_was_then(queue: Queue) -> None:
    die(queue, "a", raw=RAW)
    assert queue.store().edit("a", edit(RAW, MENDED, act="act-1")) == "ok"
    queue.store().replay("a", "act-2", ENTRY)
    die_again(queue, "a")
    assert queue.store().edit("a", edit(MENDED, b"{}", act="act-3")) == "ok"
    assert edits(queue).original == RAW
    assert len(edits(queue).changes) == 2
    events = [entry["event"] for entry in queue.timeline("a")]
    assert events.count("edited") == 2


def test_what_was_edited_discarded_and_restored_has_its_edits_still(queue: Queue) -> None:
    die(queue, "a", raw=RAW)
    store = queue.store()
    store.edit("a", edit(RAW, MENDED, act="act-1"))
    store.discard("a", "act-2", ENTRY)
    store.restore("a", "act-3", ENTRY)
    assert (edits(queue).original, raw(queue)) == (RAW, MENDED)
    assert store.edit("a", edit(MENDED, RAW, act="act-4")) == "ok"


@pytest.mark.parametrize("erased", [True, False])
def test_nothing_is_left_of_an_edited_lead_that_is_erased_or_forgotten(
    queue: Queue, erased: bool
) -> None:
    die(queue, "a", raw=RAW)
    queue.store().edit("a", edit(RAW, MENDED, old="ana@example"))
    if erased:
        assert queue.store().erase("a", {"event": "erased", "by": "bia"}) == "ok"
    else:
        assert queue.store().forget(State.DEAD, 0.0) == 1
    dump = queue.dump()
    assert [value for value in PERSONAL if value in repr(dump)] == []
    assert not [key for key in dump if ":original:" in key or ":edits:" in key]


def test_a_lead_that_was_sent_as_it_was_is_not_taken_back_by_its_edit(queue: Queue) -> None:
    """The worker that was given up for dead had it in flight, and it arrived after all."""
    queue.accept("a", raw=RAW)
    queue.client.hset(queue.keys.lead("a"), "suspect", "2")
    (lost,) = queue.claim()
    queue.run_out()
    assert queue.store().edit("a", edit(RAW, MENDED)) == "ok"
    assert queue.deliver(lost) == "ok"
    assert (queue.state("a"), waiting(queue)) == ("delivered", 0)
    assert edits(queue).original == RAW


@ONE_REDIS
def test_whatever_the_bytes_the_original_comes_back_as_it_was(redis_url: str) -> None:
    blobs = st.binary(max_size=40) | st.sampled_from([b"", b"\xff\xfe{", b'{"a":"\\u0000\r\n"}'])

    @settings(max_examples=25, deadline=None)
    @given(texts=st.lists(blobs, min_size=2, max_size=4))
    def run(texts: list[bytes]) -> None:
        with closing(Queue(redis_url, f"edit-{uuid.uuid4().hex[:12]}")) as queue:
            die(queue, "a", raw=texts[0])
            for n, (before, after) in enumerate(pairwise(texts)):
                assert queue.store().edit("a", edit(before, after, act=f"act-{n}")) == "ok"
                assert raw(queue) == after
            assert edits(queue).original == texts[0]
            assert queue.problems() == []
            queue.client.flushdb()

    run()


def mended(queue: Queue) -> list[int]:
    """Of each group, how many of its dead letters were edited since they died."""
    return [group.mended for group in Letters(queue.store()).groups()]


def test_a_group_tells_how_many_were_mended_since_they_died(queue: Queue) -> None:
    die(queue, "a", "b", raw=RAW)
    store = queue.store()
    for before, after in pairwise((RAW, MENDED, RAW)):
        assert store.edit("a", edit(before, after, act=uuid.uuid4().hex)) == "ok"
    assert mended(queue) == [1]
    assert store.discard("a", "discard", ENTRY) == "ok"
    assert mended(queue) == [0]
    assert store.restore("a", "restore", ENTRY) == "ok"
    assert mended(queue) == [1]
    assert store.replay("a", "replay", ENTRY) == "ok"
    assert mended(queue) == [0]
    die_again(queue, "a")
    assert mended(queue) == [0]
    assert queue.record("a")["edited"] == "2"
    for lead_id in ("a", "b"):
        found = raw(queue, lead_id)
        assert found is not None
        assert store.edit(lead_id, edit(found, MENDED + b" ", act=uuid.uuid4().hex)) == "ok"
        assert store.erase(lead_id, ENTRY) == "ok"
    assert not queue.client.keys(f"{queue.keys.mended('')}*")
