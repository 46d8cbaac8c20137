"""What counts as a proof that the API is well, and what does not."""

from __future__ import annotations

from lead_worker.core.governor import PACES, Step, is_stale
from lead_worker.core.outcome import Delivered, HoldKind

from tests.unit.governor_examples import NOW, OK, REFUSED, after, held, refusal, seen, standing


def test_a_success_with_another_token_convicts_nobody_and_bars_the_refused_one() -> None:
    other = seen("b", OK, canary_of=1, mark="another")
    step = after([seen("a", REFUSED), other])
    assert (step.governor.hold, step.convicted, step.doubted) == (None, (), ())
    assert is_stale(step.governor, "mark", NOW)
    late = after([seen("c", REFUSED)], step.governor)
    assert late == Step(step.governor)  # it is known to be its token's fault


def test_a_look_that_is_answered_ends_a_hold_that_stands_for_the_token_or_an_outage() -> None:
    look = seen("d", Delivered(""), canary_of=1, look=True)
    for kind in PACES:
        ended = after([look], standing(kind)).governor.hold is None
        assert ended == (kind in (HoldKind.OUTAGE, HoldKind.CREDENTIALS))


def test_a_look_that_is_answered_convicts_nobody() -> None:
    look = seen("d", Delivered(""), canary_of=1, look=True)
    assert after([seen("a", REFUSED), look]).convicted == ()


def test_of_leads_that_came_back_without_what_was_sent_three_are_enough() -> None:
    assert not held(after([seen(n, refusal(HoldKind.CONTRACT)) for n in "abc"])).suspected
