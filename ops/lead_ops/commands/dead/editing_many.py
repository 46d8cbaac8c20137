"""`leads dead edit` with filters: the same steps over all dead letters that are meant.

It owns what is said before and after, and the question between.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from lead_worker.core.change import Change
from lead_worker.core.selection import words as words_of
from redis.exceptions import RedisError

from lead_ops.acting import act_entry
from lead_ops.choosing.chosen import Chosen, option_words
from lead_ops.choosing.options import Asked
from lead_ops.confirming import confirm
from lead_ops.mending.by_hand import NOTHING
from lead_ops.mending.many import MassMending, Survey, Tally
from lead_ops.mending.mender import Mender
from lead_ops.progress import Bar
from lead_ops.render import count_words, say, say_json
from lead_ops.views.differences import field_name, say_changes

MOST_PROBLEMS = 5
MOST_CHANGES = 5

INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class _Report:
    """What became of all of it.

    Attributes:
        error: of Redis, that ended it.
        interrupted: Ctrl-C ended it.
    """

    survey: Survey
    tally: Tally | None = None
    error: RedisError | None = None
    interrupted: bool = False

    @property
    def is_complete(self) -> bool:
        return self.error is None and not self.interrupted


def edit_many(
    mender: Mender, asked: Asked, steps: tuple[Change, ...], *, yes: bool, as_json: bool
) -> int:
    """Show what the steps would do, ask, and do it; gives the exit code."""
    meant = Chosen.of(asked, mender.store)
    # What dies meanwhile was not shown, so it is not touched.
    chosen = meant.until(mender.store.counts().now_at)
    mending = MassMending(steps, mender.rules)
    with Bar("looking at dead letters", beside="leads") as bar:
        survey = mending.survey(chosen.walk(with_raw=True), _watch(bar, None))
    _say_survey(survey, stderr=as_json)
    if not survey.mendable or mender.dry_run:
        return _end(_Report(survey), again="", as_json=as_json)
    leads = count_words(survey.mendable, "dead letter", "dead letters")
    confirm(f"Change {leads}", yes=yes, nothing=NOTHING)
    event = act_entry("edited", mender.reason)
    about = {"leads": survey.mendable, "about": words_of(meant.selection)}
    mender.store.log(event | about)
    report = _carry_out(replace(mender, many=True), chosen, mending, survey)
    later = replace(asked, wheres=(), edited=None)  # which the edit may have made untrue
    again = f"leads replay start {option_words(later, meant.selection)} --edited"
    return _end(report, again=" ".join(again.split()), as_json=as_json)


def _carry_out(mender: Mender, chosen: Chosen, mending: MassMending, survey: Survey) -> _Report:
    tally = Tally()
    report = functools.partial(_Report, survey, tally)
    try:
        with Bar("changing dead letters", survey.mendable, beside="leads") as bar:
            watch = _watch(bar, survey.mendable)
            mending.carry_out(chosen.walk(with_raw=True), mender.keep, tally, watch)
    except KeyboardInterrupt:
        return report(interrupted=True)
    except RedisError as error:
        return report(error=error)
    return report()


def _watch(bar: Bar, total: int | None) -> Callable[[], None]:
    """Move a bar on by one; drawn now and then, as each time takes longer than a lead does."""
    done = 0

    def watch() -> None:
        nonlocal done
        done += 1
        if done % 50 == 0:
            bar.move(done, total=total, number=done)

    return watch


def _say_survey(survey: Survey, *, stderr: bool) -> None:
    for sample in survey.samples:
        say((sample.lead_id, "bold"), stderr=stderr)
        say_changes(sample.changes, most=MOST_CHANGES, margin="  ", stderr=stderr)
    if survey.samples:
        say("", stderr=stderr)
    if not survey.number:
        say("no such dead letter", stderr=stderr)
        return
    letters = count_words(survey.number, "dead letter", "dead letters")
    say(f"{letters}:", stderr=stderr)
    for number, words in (
        (survey.mendable, "would be changed, and be valid"),
        (survey.unchanged, "would not change, and are valid"),
        (survey.refused, "would still be invalid, and stay as they are"),
        (survey.unfit, "it cannot be done with, and stay as they are"),
    ):
        if number:
            say(f"{number:>9,} {words}", stderr=stderr)
    _say_problems(survey, stderr=stderr)


def _say_problems(survey: Survey, *, stderr: bool) -> None:
    found = [
        (number, f"{field_name(error.path)}: {error.message}")
        for error, number in survey.problems.commonest()
    ]
    found += [(number, error.path) for error, number in survey.reasons.commonest()]
    found.sort(key=lambda each: -each[0])
    if found:
        say("what is in the way:", stderr=stderr)
    for number, words in found[:MOST_PROBLEMS]:
        say(f"{number:>9,} {words}", stderr=stderr, indent=10)
    if len(found) > MOST_PROBLEMS:
        more = count_words(len(found) - MOST_PROBLEMS, "other thing", "other things")
        say((f"{'':>9} and {more}", "dim"), stderr=stderr)


def _end(report: _Report, *, again: str, as_json: bool) -> int:
    """Say what became of it; gives the exit code.

    Raises:
        RedisError: the one that ended it.
    """
    survey, tally = report.survey, report.tally
    if as_json:
        say_json(_json(report))
    elif tally:
        say(f"{count_words(tally.changed, 'dead letter was', 'dead letters were')} changed")
    else:
        say(NOTHING)
    if tally and tally.missed:
        missed = count_words(tally.missed, "was", "were")
        say(f"{missed} edited, replayed or discarded by somebody else meanwhile", stderr=True)
    if not report.is_complete:
        say("stopped before the end: the same command again does the rest", stderr=True)
    if tally and tally.changed and not as_json:
        say(f"next, for all that are mended there: {again}")
    if report.error:
        raise report.error
    if report.interrupted:
        return INTERRUPTED
    left = survey.refused + survey.unfit + (tally.missed if tally else 0)
    return 1 if left else 0


def _json(report: _Report) -> dict[str, Any]:
    survey, tally = report.survey, report.tally
    return {
        "selected": survey.number,
        "valid": survey.mendable,
        "unchanged": survey.unchanged,
        "invalid": survey.refused,
        "impossible": survey.unfit,
        "problems": [
            {"path": error.path, "message": error.message, "leads": number}
            for error, number in survey.problems.commonest()
        ],
        "reasons": [
            {"message": error.path, "leads": number} for error, number in survey.reasons.commonest()
        ],
        "samples": [{"id": each.lead_id, "changes": each.changes} for each in survey.samples],
        "changed": tally.changed if tally else 0,
        "missed": tally.missed if tally else 0,
        "complete": report.is_complete,
    }
