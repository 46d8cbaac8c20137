"""`leads status`: how many leads are where, what is held, how fast it goes, and who works."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import click
from lead_worker.core.lifecycle import State
from lead_worker.store import Counts, Store
from lead_worker.store.reading import Reading, Worker
from lead_worker.store.store import WORKER_LISTED_SECONDS

from lead_ops import context
from lead_ops.holds import SUSPECTED, advice, hold_json, hold_words, next_try
from lead_ops.rates import number_words, rate_in_force, rate_json, source_words
from lead_ops.render import ago, count_words, say, say_json, span

INDENT = 5
"""The width of a trouble's word: what is said of it stands beside it."""

_NOTES = {
    "parked": "may have arrived: leads unknown list --state parked",
    "dead": "not deliverable as they are: leads dead list",
    "duplicates": "known to be twice in the API; unseen ones do not count",
}
_ALWAYS_NOTED = ("duplicates",)
"""Their 0 says less than it seems to."""

_STATES = tuple(state.value for state in State)


@dataclass(frozen=True, slots=True)
class Picture:
    """All that a status is made of.

    Attributes:
        workers: those that gave a sign lately, the latest first.
        refused: memory is short, so that new leads are refused.
        next_look_at: when an unknown lead is looked for next, or None without one.
        trying: under a hold, a lead is being tried.
    """

    counts: Counts
    workers: list[Worker]
    refused: bool
    next_look_at: float | None
    trying: bool

    @property
    def alive(self) -> list[Worker]:
        """The workers that gave a sign within seconds."""
        return [each for each in self.workers if not each.is_silent(self.counts.now_at)]

    def benched_until_at(self, worker: Worker) -> float | None:
        """Until when a worker gets no leads, as its token is refused while another is taken."""
        stale = dict(self.counts.governor.stale)
        until_at = stale.get(worker.about.get("token_mark", ""), 0.0)
        return until_at if until_at > self.counts.now_at else None


@click.command(short_help="How many leads are where, and what is held.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(as_json: bool) -> None:
    """Show how many leads are where, what is held and why, how fast it goes, and who works.

    `duplicates` are leads known to be twice in the API, because it gave two ids; 0 does not prove
    that no lead was sent twice.

    \b
      leads status
      leads status --json | jq .waiting
    """
    queue = context.for_command()
    picture = _look(queue.open_store())
    if as_json:
        say_json(status_json(queue.settings.namespace, picture))
        return
    say(("queue ", "dim"), (queue.settings.namespace, "bold"), (f" in {queue.where()}", "dim"))
    _say_hold(picture)
    _say_troubles(picture)
    _say_numbers(picture)
    _say_workers(picture)
    _say_rate(picture)


def _look(store: Store) -> Picture:
    counts, reading = store.counts(), Reading(store)
    hold = counts.hold
    return Picture(
        counts,
        reading.workers(counts.now_at - WORKER_LISTED_SECONDS),
        refused=reading.enqueueing_refused(),
        next_look_at=reading.next_look_at() if counts.unknown else None,
        trying=bool(hold and hold.canary and reading.is_in_flight(hold.canary)),
    )


def status_json(namespace: str, picture: Picture) -> dict[str, Any]:
    """The queue's state under stable keys; instants in epoch seconds of Redis's clock."""
    counts, workers = picture.counts, picture.workers
    window = counts.governor.window
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
        "next_look_at": picture.next_look_at,
        "hold": hold_json(counts.hold),
        "rate": rate_json(rate_in_force(counts, workers)),
        "window": {"size": window.size if window else None, "in_flight": counts.in_flight},
        "enqueueing_refused": picture.refused,
        "workers_alive": len(picture.alive),
        "workers_silent": len(workers) - len(picture.alive),
        "workers": [
            {
                "name": worker.name,
                "beat_at": worker.beat_at,
                "silent": worker.is_silent(counts.now_at),
                "benched_until": picture.benched_until_at(worker),
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


def _say_hold(picture: Picture) -> None:
    """What is held, why, until when and what to do; or how slowly it goes after a hold."""
    counts = picture.counts
    hold, window = counts.hold, counts.governor.window
    if hold:
        say(("HELD ", "bold yellow"), (hold_words(counts), "yellow"), indent=INDENT)
        following = [hold.reason, next_try(hold, counts.now_at, trying=picture.trying)]
        following.insert(1, SUSPECTED if hold.suspected else "")
        for line in filter(None, following):
            say(" " * INDENT, line, indent=INDENT)
        if not hold.suspected:
            say(" " * INDENT, (advice(hold), "bold"), indent=INDENT)
    elif window:
        most = count_words(int(window.size), "request", "requests")
        style = "bold yellow" if counts.waiting or counts.in_flight else "dim"
        say(("SLOW ", style), f"starting again slowly: {most} in flight at the most")


def _say_troubles(picture: Picture) -> None:
    counts = picture.counts
    if picture.refused:
        say(("FULL ", "bold red"), "Redis is short of memory and takes no new leads: add some")
    if counts.accounted != counts.accepted:
        say(("LOST ", "bold red"), "the numbers do not add up: leads audit")
    if counts.accepted and not picture.alive:
        last = picture.workers[0].beat_at if picture.workers else None
        since = "the last minute" if last is None else span(counts.now_at - last)
        say(("IDLE ", "bold yellow"), f"no worker has given a sign within {since}")


def _say_numbers(picture: Picture) -> None:
    counts = picture.counts
    notes = {"waiting": _waiting_note(counts), "unknown": _unknown_note(picture)}
    for name in ("accepted", *_STATES, "forgotten", "duplicates"):
        number = getattr(counts, name)
        note = notes.get(name) or _NOTES.get(name, "")
        style = "bold" if number else "dim"
        alarm = "yellow" if number and name in ("parked", "dead", "duplicates") else style
        shown = f"  {note}" if note and (number or name in _ALWAYS_NOTED) else ""
        say((f"{name:<10} ", style), (f"{number:>9,}", alarm), (shown, "dim"))


def _waiting_note(counts: Counts) -> str:
    parts = [f"live {counts.waiting_live:,}, bulk {counts.waiting_bulk:,}"]
    overdue = overdue_seconds(counts)
    if overdue:
        # Looks that are due count as claimable too.
        number = "" if counts.unknown else f"{counts.claimable:,} due, "
        parts.append(f"{number}the first {'' if number else 'due '}for {span(overdue)}")
    elif counts.oldest_due_at is not None:
        parts.append(f"the first is due {ago(counts.oldest_due_at, counts.now_at)}")
    return "; ".join(parts)


def _unknown_note(picture: Picture) -> str:
    counts, at = picture.counts, picture.next_look_at
    if at is None:
        return ""
    if counts.hold:
        return "looked for after the hold: leads unknown list"
    due = f"next look {ago(at, counts.now_at)}" if at > counts.now_at else "a look is due"
    return f"may have arrived, {due}: leads unknown list"


def _say_workers(picture: Picture) -> None:
    counts, alive = picture.counts, picture.alive
    last = f"  last sign {ago(alive[0].beat_at, counts.now_at)}" if alive else ""
    say((f"{'workers':<10} ", "bold"), f"{len(alive):>9,}", (last, "dim"))
    silent = picture.workers[len(alive) :]
    if silent:
        more = " or longer" if len(silent) > 1 else ""
        note = f"  for {span(counts.now_at - silent[0].beat_at)}{more}: dead, stuck or cut off"
        say((f"{'silent':<10} ", "bold"), (f"{len(silent):>9,}", "yellow"), (note, "dim"))
    for worker in alive:
        until_at = picture.benched_until_at(worker)
        if until_at:
            note = f"{worker.name} gets no leads for {span(until_at - counts.now_at)}:"
            say((f"{'benched':<10} ", "bold yellow"), note, indent=11)
            say(" " * 11, "its token is refused, while another worker's is taken", indent=11)


def _say_rate(picture: Picture) -> None:
    rate = rate_in_force(picture.counts, picture.workers)
    source = source_words(rate, picture.counts.now_at)
    match rate.numbers:
        case ():
            shown, note = "unknown", source
        case (0,):
            shown, note = "no limit", source
        case (number,):
            shown, note = f"{number:,}", f"requests a minute, {source}"
        case numbers:
            shown, note = "differs", f"{' or '.join(map(number_words, numbers))}, {source}"
    say((f"{'rate':<10} ", "bold"), f"{shown:>9}", (f"  {note}", "dim"))
