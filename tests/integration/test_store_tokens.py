"""Tokens of the API that were refused: who has one gets no leads, and who hears of it."""

from __future__ import annotations

import pytest
from lead_worker.core.governor import Governor, set_stale
from lead_worker.core.outcome import HoldKind

from tests.integration.holding import amend, change, hold, standing_hold, suspicion
from tests.integration.queues import Queue


def test_a_token_that_was_refused_while_another_is_taken_gets_nothing_until_the_time(
    queue: Queue,
) -> None:
    queue.accept("a", "b", "c", "d")
    store = queue.store()
    now_at = store.standing().now_at
    stale = set_stale(set_stale(Governor(), "old", now_at), "older", now_at - 100)
    assert change(store, stale=stale.stale)
    for mark, seconds in (("old", 300), ("older", 200)):
        turn = queue.turn("w1", mark=mark)
        assert turn.claimed == ()
        assert turn.held is not None
        assert turn.held.until_at is not None
        assert turn.held.kind is HoldKind.CREDENTIALS
        assert turn.held.until_at - now_at == pytest.approx(seconds, abs=1)
        assert not turn.held.over
    assert len(queue.turn("w2", 1, mark="new").claimed) == 1
    assert len(queue.turn("w2", 1).claimed) == 1
    queue.pass_time(201)
    assert len(queue.turn("w1", 1, mark="older").claimed) == 1
    assert queue.turn("w1", mark="old").claimed == ()
    queue.pass_time(100)
    assert len(queue.turn("w1", mark="old").claimed) == 1


def test_no_canary_is_sent_with_a_token_that_was_refused_while_another_is_taken(
    queue: Queue,
) -> None:
    queue.accept("a", "b")
    store = queue.store()
    hold(store, standing_hold(store, 0.0))
    change(store, stale=set_stale(Governor(), "old", store.standing().now_at).stale)
    assert queue.turn("w1", mark="old").claimed == ()
    assert len(queue.turn("w2", mark="new").claimed) == 1


def test_whose_token_was_refused_is_told_where_the_hold_stands_and_not_where_it_is_suspected(
    queue: Queue,
) -> None:
    queue.accept("a")
    store = queue.store()
    hold(store, suspicion(store, 60.0, "a"))
    amend(store, trial_at=store.standing().now_at + 60)
    suspected = queue.turn().held
    amend(store, suspected=False, trial_at=None)
    stands = queue.turn().held
    assert suspected is not None
    assert stands is not None
    assert (suspected.token_mark, stands.token_mark) == ("", "refused")
    assert suspected.kind is stands.kind is HoldKind.CREDENTIALS
