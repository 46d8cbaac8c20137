"""What `leads enqueue` says of a run at its end. It owns wording; it reads nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lead_ops.enqueueing import Tally
from lead_ops.render import count_words, say

if TYPE_CHECKING:
    from lead_ops.lead_files.payloads import Payloads


@dataclass(frozen=True, slots=True)
class Stop:
    """What ended a run before its end.

    Attributes:
        words: for a person; "" for an interruption.
        unsure: whether leads that are not in the tally may be in the queue as well.
    """

    words: str
    unsure: bool


def summary_json(
    tally: Tally, payloads: Payloads | None, namespace: str, *, complete: bool
) -> dict[str, Any]:
    return {
        "namespace": namespace,
        "accepted": tally.accepted,
        "duplicates": tally.duplicates,
        "refused": tally.refused,
        "refusals": [
            {"line": bad.place.line, "record": bad.place.record, "message": bad.message}
            for bad in tally.in_order()
        ],
        "complete": complete,
        "up_to_line": tally.line,
    } | ({"payloads": payloads.number, "test_leads": payloads.tests} if payloads else {})


def say_summary(tally: Tally, payloads: Payloads | None, why_duplicates: str) -> None:
    """Say what became of the leads.

    Args:
        payloads: that they were made of, if they were.
        why_duplicates: is said of the duplicates.
    """
    nothing = _nothing(tally, payloads)
    if nothing:
        say(nothing)
        return
    accepted = count_words(tally.accepted, "lead", "leads")
    duplicates = count_words(tally.duplicates, "duplicate", "duplicates")
    made_of = f"{count_words(payloads.number, 'payload', 'payloads')}: " if payloads else ""
    say(f"{made_of}{accepted} accepted, {duplicates}, {tally.refused:,} refused")
    if tally.duplicates:
        say(f"{tally.duplicates:,} {why_duplicates}")
    if payloads and payloads.tests:
        tests = count_words(payloads.tests, "test lead", "test leads")
        say(f"{tests} left out; --include-test enqueues them")
    if tally.refused:
        # A file that was changed is another file, so its other leads would be enqueued twice.
        say("mend the refused ones in a file of their own, and enqueue that")


def _nothing(tally: Tally, payloads: Payloads | None) -> str:
    """What is said where there was nothing to enqueue, or ""."""
    if not payloads or payloads.tests or tally.accepted or tally.duplicates or tally.refused:
        return ""
    if not payloads.number:
        return "no payload in it: nothing was enqueued"
    read = count_words(payloads.number, "payload", "payloads")
    return f"{read}, no lead in {'it' if payloads.number == 1 else 'them'}: nothing was enqueued"


def say_stopped(tally: Tally, stopped: Stop, *, repeatable: bool) -> None:
    """Say why a run ended before its end, and what to do."""
    if stopped.words:
        say(("leads: ", "red"), stopped.words, stderr=True)
    reached = f"all up to line {tally.line:,} is done"
    if not tally.line:
        reached = "nothing is confirmed" if stopped.unsure else "nothing was enqueued"
    if not tally.line and not stopped.unsure and not repeatable:
        say(f"stopped before the end: {reached}", stderr=True)
        return
    if repeatable:
        advice = "run the same command again: nothing is enqueued twice"
    elif stopped.unsure:
        advice = "some of the leads after that may be in the queue as well"
    else:
        advice = "nothing after that is in the queue: enqueue it from there on"
    say(f"stopped before the end: {reached}; {advice}", stderr=True)
