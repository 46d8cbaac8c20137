"""Bells that go unanswered: how much evidence it takes to say so, and to mend the consumer."""

from __future__ import annotations

from lead_worker.core.bell_watch import MENDED_EVERY_LOOKS, TOLD_AT_LOOK, BellWatch, Finding


def looks(
    watch: BellWatch, *bells: str, could_answer: bool = True, wanted: bool = True
) -> list[Finding]:
    return [watch.look(bell, could_answer=could_answer, wanted=wanted) for bell in bells]


QUIET = [Finding.NOTHING] * (TOLD_AT_LOOK - 1)


def test_one_bell_that_lies_there_look_after_look_means_a_stuck_consumer() -> None:
    watch = BellWatch()
    assert looks(watch, *["a"] * TOLD_AT_LOOK) == [*QUIET, Finding.STUCK]
    assert watch.stuck


def test_a_bell_that_was_rung_a_moment_ago_proves_nothing_however_often() -> None:
    watch = BellWatch()
    bells = [bell for n in range(50) for bell in [f"bell-{n}"] * (TOLD_AT_LOOK - 1)]
    assert set(looks(watch, *bells)) == {Finding.NOTHING}
    assert not watch.stuck


def test_a_list_that_was_empty_in_between_begins_the_count_anew() -> None:
    watch = BellWatch()
    almost = ["a"] * (TOLD_AT_LOOK - 1)
    assert set(looks(watch, *almost, "", *almost)) == {Finding.NOTHING}


def test_a_consumer_that_answers_any_bell_is_not_stuck() -> None:
    watch = BellWatch()
    looks(watch, *["a"] * (TOLD_AT_LOOK - 1))
    watch.answered()
    assert looks(watch, *["a"] * (TOLD_AT_LOOK - 1)) == QUIET
    assert looks(watch, "a") == [Finding.STUCK]
    watch.answered()
    assert not watch.stuck


def test_looks_at_which_the_process_could_not_answer_do_not_count() -> None:
    watch = BellWatch()
    looks(watch, *["a"] * (TOLD_AT_LOOK - 1))
    looks(watch, *["a"] * 20, could_answer=False)
    assert looks(watch, *["a"] * TOLD_AT_LOOK) == [*QUIET, Finding.STUCK]


def test_nothing_is_said_before_leads_are_due() -> None:
    watch = BellWatch()
    assert set(looks(watch, *["a"] * 50, wanted=False)) == {Finding.NOTHING}
    assert looks(watch, "a") == [Finding.STUCK]


def test_it_is_said_once_and_then_mended_again_and_again_with_time_in_between() -> None:
    watch = BellWatch()
    looks(watch, *["a"] * TOLD_AT_LOOK)
    wait = [Finding.NOTHING] * (MENDED_EVERY_LOOKS - 1)
    again = looks(watch, *["a"] * MENDED_EVERY_LOOKS * 2)
    assert again == [*wait, Finding.MEND, *wait, Finding.MEND]
