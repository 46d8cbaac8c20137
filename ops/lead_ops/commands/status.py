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
    "duplicates": "known to be twice in the API; unseen ones do not count",
}
_ALWAYS_NOTED = ("duplicates",)
"""Their 0 says less than it seems to."""

_STATES = tuple(state.value for state in State)


@click.command(short_help="How many leads are where, and what is held.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(as_json: bool) -> None:
    """Show how many leads are where, what is held and why, and who works.

    `duplicates` are leads known to be twice in the API, because it gave two ids; 0 does not prove
    that no lead was sent twice.

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
        "workers_alive": len(_alive(counts, workers)),
        "workers_silent": len(workers) - len(_alive(counts, workers)),
        "workers": [
            {
                "name": worker.name,
                "beat_at": worker.beat_at,
                "silent": worker.is_silent(counts.now_at),
                "about": dict(worker.about),
            }
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
    if counts.accepted and not _alive(counts, workers):
        since = span(counts.now_at - workers[0].beat_at) if workers else "the last minute"
        say(("IDLE ", "bold yellow"), f"no worker has given a sign within {since}")


def _say_numbers(counts: Counts) -> None:
    for name in ("accepted", *_STATES, "forgotten", "duplicates"):
        number = getattr(counts, name)
        note = _waiting_note(counts) if name == "waiting" else _NOTES.get(name, "")
        style = "bold" if number else "dim"
        alarm = "yellow" if number and name in ("parked", "dead", "duplicates") else style
        shown = f"  {note}" if note and (number or name in _ALWAYS_NOTED) else ""
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
    alive = _alive(counts, workers)
    last = f"  last sign {ago(workers[0].beat_at, counts.now_at)}" if alive else ""
    say((f"{'workers':<10} ", "bold"), f"{len(alive):>9,}", (last, "dim"))
    silent = workers[len(alive) :]
    if silent:
        more = " or longer" if len(silent) > 1 else ""
        note = f"  for {span(counts.now_at - silent[0].beat_at)}{more}: dead, stuck or cut off"
        say((f"{'silent':<10} ", "bold"), (f"{len(silent):>9,}", "yellow"), (note, "dim"))


def _alive(counts: Counts, workers: list[Worker]) -> list[Worker]:
    """Those that gave a sign within seconds; `workers` has the latest first."""
    return [worker for worker in workers if not worker.is_silent(counts.now_at)]
