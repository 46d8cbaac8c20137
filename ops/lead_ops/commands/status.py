"""`leads status`: how many leads are where, whether anything is held, and who works."""

from __future__ import annotations

from typing import Any

import click
from lead_worker.core.lifecycle import State
from lead_worker.store import Counts
from lead_worker.store.reading import Reading, Worker
from lead_worker.store.store import WORKER_LISTED_SECONDS

from lead_ops import context
from lead_ops.holds import advice, hold_json, hold_words
from lead_ops.render import ago, say, say_json, span

_NOTES = {
    "parked": "may have arrived; you decide: leads dead list --parked",
    "dead": "not deliverable as they are: leads dead list",
    "duplicates": "second ids that the API gave for one lead",
}
_STATES = tuple(state.value for state in State)


@click.command(short_help="How many leads are where, and what is held.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(as_json: bool) -> None:
    """Show how many leads are where, what is held and why, and who works.

    \b
      leads status
      leads status --json | jq .waiting
    """
    queue = context.for_command()
    store = queue.open_store()
    counts, reading = store.counts(), Reading(store)
    workers = reading.workers(counts.now_at - WORKER_LISTED_SECONDS)
    refused = reading.enqueueing_refused()
    if as_json:
        say_json(status_json(queue.settings.namespace, counts, workers, refused=refused))
        return
    say(("queue ", "dim"), (queue.settings.namespace, "bold"), (f" in {queue.where()}", "dim"))
    _say_troubles(counts, workers, refused=refused)
    _say_numbers(counts)
    _say_workers(counts, workers)


def status_json(
    namespace: str, counts: Counts, workers: list[Worker], *, refused: bool
) -> dict[str, Any]:
    """The queue's state under stable keys; instants in epoch seconds of Redis's clock."""
    numbers = {name: getattr(counts, name) for name in ("accepted", *_STATES, "forgotten")}
    return {
        "namespace": namespace,
        "now_at": counts.now_at,
        **numbers,
        "duplicates": counts.duplicates,
        "waiting_live": counts.waiting_live,
        "waiting_bulk": counts.waiting_bulk,
        "claimable": counts.claimable,
        "oldest_due_at": counts.oldest_due_at,
        "overdue_seconds": overdue_seconds(counts),
        "hold": hold_json(counts),
        "enqueueing_refused": refused,
        "workers": [
            {"name": worker.name, "beat_at": worker.beat_at, "about": dict(worker.about)}
            for worker in workers
        ],
    }


def overdue_seconds(counts: Counts) -> float:
    """How long the first of the waiting leads could have been sent; 0 where none could."""
    if counts.oldest_due_at is None:
        return 0.0
    return max(0.0, round(counts.now_at - counts.oldest_due_at, 3))


def _say_troubles(counts: Counts, workers: list[Worker], *, refused: bool) -> None:
    if counts.hold:
        say(("HELD ", "bold yellow"), (hold_words(counts), "yellow"))
        say("     ", counts.hold.reason)
        say("     ", (advice(counts.hold), "bold"))
    if refused:
        say(("FULL ", "bold red"), "Redis is short of memory and takes no new leads: add some")
    if counts.accounted != counts.accepted:
        say(("LOST ", "bold red"), "the numbers do not add up: leads audit")
    if not workers and counts.accepted:
        say(("IDLE ", "bold yellow"), "no worker has given a sign within the last minute")


def _say_numbers(counts: Counts) -> None:
    for name in ("accepted", *_STATES, "forgotten", "duplicates"):
        number = getattr(counts, name)
        note = _waiting_note(counts) if name == "waiting" else _NOTES.get(name, "")
        style = "bold" if number else "dim"
        alarm = "yellow" if number and name in ("parked", "dead", "duplicates") else style
        shown = f"  {note}" if number and note else ""
        say((f"{name:<10} ", style), (f"{number:>9,}", alarm), (shown, "dim"))


def _waiting_note(counts: Counts) -> str:
    parts = [f"live {counts.waiting_live:,}, bulk {counts.waiting_bulk:,}"]
    overdue = overdue_seconds(counts)
    if overdue:
        parts.append(f"{counts.claimable:,} due, the first for {span(overdue)}")
    elif counts.oldest_due_at is not None:
        parts.append(f"the first is due {ago(counts.oldest_due_at, counts.now_at)}")
    return "; ".join(parts)


def _say_workers(counts: Counts, workers: list[Worker]) -> None:
    last = f"  last sign {ago(workers[0].beat_at, counts.now_at)}" if workers else ""
    say((f"{'workers':<10} ", "bold"), f"{len(workers):>9,}", (last, "dim"))
