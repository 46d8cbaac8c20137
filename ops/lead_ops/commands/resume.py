"""`leads resume`: end whatever hold is in force."""

from __future__ import annotations

import click
from lead_worker.core import governor
from lead_worker.core.governor import Governor, Hold, Moment, Step
from lead_worker.store import Counts

from lead_ops import context
from lead_ops.governing import change_governor
from lead_ops.render import ago, say, say_json, when
from lead_ops.views.holds import hold_json


@click.command(short_help="Go on with deliveries.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def resume(as_json: bool) -> None:
    """End the hold in force, whatever it is, so that deliveries go on.

    They begin again slowly, from one at a time. If the API's trouble is not over, the first
    attempt sets the hold again. Where the API had asked for time before a pause, that time is
    waited for; a second `leads resume` goes on without.

    \b
      leads resume
    """
    queue = context.for_command()
    store = queue.open_store()
    change = change_governor(store, _resume, most_in_flight=queue.settings.max_in_flight)
    resumed = any(event.event == "resumed" for event in change.step.events)
    ended = change.before.hold if resumed else None
    if as_json:
        say_json({"ended": hold_json(ended), "hold": hold_json(change.step.governor.hold)})
    elif ended is None:
        say("nothing is held")
    else:
        _say_ended(ended)
        _say_next(change.step.governor.hold, store.counts())


def _resume(before: Governor, moment: Moment) -> Step:
    elapsed = governor.elapse(before, moment)
    return elapsed if elapsed.governor.hold is None else governor.resume(before, moment)


def _say_ended(hold: Hold) -> None:
    by = f", by {hold.by}" if hold.by else ""
    say(f"resumed; the hold was: {hold.kind.value}{by}: {hold.reason}")


def _say_next(hold: Hold | None, counts: Counts) -> None:
    if hold and hold.until_at is not None:
        until = f"{when(hold.until_at)} ({ago(hold.until_at, counts.now_at)})"
        say(f"the API had asked for time: nothing is sent before {until};")
        say("leads resume once more goes on without it")
    say(_waiting(counts))


def _waiting(counts: Counts) -> str:
    """How many wait and, where none is due yet, until when: a hold sets leads aside for a while."""
    if counts.oldest_due_at is None or counts.oldest_due_at <= counts.now_at:
        return f"{counts.waiting:,} waiting"
    return f"{counts.waiting:,} waiting, the first due {ago(counts.oldest_due_at, counts.now_at)}"
