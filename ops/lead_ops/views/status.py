"""What `leads status` says to a person: numbers first, and beside each trouble what can be done.

It owns wording. It reads nothing.
"""

from __future__ import annotations

from lead_worker.store import Counts
from lead_worker.store.campaigns import Campaign, CampaignState

from lead_ops.rates import number_words, rate_in_force, source_words
from lead_ops.render import ago, count_words, say, span, when

from .campaigns import part_done, percent, progress_words
from .holds import SUSPECTED, advice, hold_words, next_try
from .picture import STATES, Picture, overdue_seconds

INDENT = 5
"""The width of a trouble's word: what is said of it stands beside it."""

_NOTES = {
    "parked": "may have arrived: leads unknown list --state parked",
    "dead": "not deliverable as they are: leads dead",
    "duplicates": "known to be twice in the API; unseen ones do not count",
}
_ALWAYS_NOTED = ("duplicates",)
"""Their 0 says less than it seems to."""

_NOTE = 22
"""Where a number's note begins."""


def say_picture(picture: Picture) -> None:
    """Say all of it, what is held first."""
    _say_hold(picture)
    _say_troubles(picture)
    _say_numbers(picture)
    _say_expiring(picture)
    for campaign in picture.campaigns:
        _say_campaign(campaign)
    _say_redrive(picture)
    _say_workers(picture)
    _say_rate(picture)


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
    for name in ("accepted", *STATES, "forgotten", "duplicates"):
        number = getattr(counts, name)
        note = notes.get(name) or _NOTES.get(name, "")
        style = "bold" if number else "dim"
        alarm = "yellow" if number and name in ("parked", "dead", "duplicates") else style
        shown = f"  {note}" if note and (number or name in _ALWAYS_NOTED) else ""
        say((f"{name:<10} ", style), (f"{number:>9,}", alarm), (shown, "dim"))


def _say_expiring(picture: Picture) -> None:
    expiring = picture.expiring
    if expiring:
        first = f"{ago(expiring.first_at, picture.counts.now_at)}, at {when(expiring.first_at)}"
        note = f"  dead letters are forgotten soon, the first {first}"
        say(
            (f"{'expiring':<10} ", "bold"), (f"{expiring.number:>9,}", "yellow"), note, indent=_NOTE
        )


def _say_campaign(campaign: Campaign) -> None:
    running = campaign.state is CampaignState.RUNNING
    state = "" if running else f" {campaign.state.value}"
    note = f"  {campaign.campaign_id}{state}: {progress_words(campaign)}"
    part = percent(part_done(campaign))
    say((f"{'campaign':<10} ", "bold"), f"{part:>9}", (note, "dim"), indent=_NOTE)


def _say_redrive(picture: Picture) -> None:
    redrive, now_at = picture.redrive, picture.counts.now_at
    if redrive:
        last, next_at = redrive.last_at, redrive.next_at
        due = next_at is None or next_at <= now_at
        parts = ["never yet" if last is None else f"last {ago(last, now_at)}"]
        parts.append("due" if due or next_at is None else f"next {ago(next_at, now_at)}")
        note = f"  what died in an outage is replayed by itself: {', '.join(parts)}"
        say((f"{'redrive':<10} ", "bold"), f"{'on':>9}", (note, "dim"), indent=_NOTE)


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
