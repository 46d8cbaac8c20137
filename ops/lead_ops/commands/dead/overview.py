"""`leads dead`: the dead letters in groups by cause, each with what would mend it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lead_worker.retention import announced_from
from lead_worker.settings import DAY_SECONDS
from lead_worker.store import Counts, Store
from lead_worker.store.letters import Group, Letters
from lead_worker.store.reading import Reading
from rich.text import Text

from lead_ops.context import Context
from lead_ops.fleet_settings import fleet_settings
from lead_ops.render import (
    ago,
    clean,
    console,
    count_words,
    on_terminal,
    say,
    say_json,
    span,
    when,
)
from lead_ops.views.groups import GroupWords, group_words

MOST_GROUPS = 20
"""So many are shown unless all are asked for."""

TOLD = 20
"""So many entries of a timeline tell what its lead died of."""

INDENT = 4
"""What is said of a group stands under its name."""


@dataclass(frozen=True, slots=True)
class Expiring:
    """The dead letters that are announced, because they will be forgotten.

    Attributes:
        within_seconds: all of them are forgotten by then.
        first_at: when the first of them is; None without one.
    """

    number: int
    within_seconds: float
    first_at: float | None


def say_overview(queue: Context, *, everything: bool, personal: bool, as_json: bool) -> None:
    """Print the groups, and what else waits for a person.

    Args:
        everything: all groups; JSON has them in any case.
        personal: quote what was said of the newest of each group.
    """
    store = queue.open_store()
    counts, groups = store.counts(), Letters(store).groups()
    shown = groups if everything or as_json else groups[:MOST_GROUPS]
    words = _words(store, shown, personal=personal)
    expiring = _expiring(queue, store, counts)
    if as_json:
        say_json(_json(counts, list(zip(shown, words, strict=True)), expiring))
        return
    if on_terminal():
        _say_head(counts, groups)
        for group, told in zip(shown, words, strict=True):
            _say_group(group, told, counts.now_at)
    elif shown:
        _print_lines(shown, words)
    _say_rest(groups[len(shown) :])
    _say_others(counts, expiring)


def _words(store: Store, groups: Sequence[Group], *, personal: bool) -> list[GroupWords]:
    newest = [group.newest_id for group in groups] if personal else []
    timelines = Reading(store).recent(newest, TOLD) or [()] * len(groups)
    return [group_words(g.name, entries) for g, entries in zip(groups, timelines, strict=True)]


def _expiring(queue: Context, store: Store, counts: Counts) -> Expiring:
    days = fleet_settings(store, queue.settings).keep_dead_days
    from_seconds, kept_seconds = announced_from(days), days * DAY_SECONDS
    number, first_at = Letters(store).expiring(counts.now_at - from_seconds)
    forgotten_at = None if first_at is None else first_at + kept_seconds
    return Expiring(number, kept_seconds - from_seconds, forgotten_at)


def _json(
    counts: Counts, groups: Sequence[tuple[Group, GroupWords]], expiring: Expiring
) -> dict[str, Any]:
    """The overview under stable keys; instants in epoch seconds of Redis's clock."""
    return {
        "groups": [
            {
                "name": group.name,
                "number": group.number,
                "since": group.since_at,
                "until": group.until_at,
                "reason": group.name.partition(":")[0],
                "sentence": words.sentence,
                "newest_id": group.newest_id,
                "mended": group.mended,
            }
            for group, words in groups
        ],
        "dead": counts.dead,
        "parked": counts.parked,
        "expiring": {
            "number": expiring.number,
            "within_seconds": expiring.within_seconds,
            "first_at": expiring.first_at,
        },
    }


def _say_head(counts: Counts, groups: Sequence[Group]) -> None:
    if groups:
        number = count_words(counts.dead, "dead letter", "dead letters")
        say((f"{number} in {count_words(len(groups), 'group', 'groups')}", "bold"))


def _say_group(group: Group, words: GroupWords, now_at: float) -> None:
    last = f"last {ago(group.until_at, now_at)}"
    # The year is not told: they are kept for months.
    since = f"  since {when(group.since_at)[5:-3]}, {last}" if group.number > 1 else f"  {last}"
    say("")
    say((f"{group.number:,} ", "bold red"), (group.name, "bold"), (since, "dim"), indent=INDENT)
    say(" " * INDENT, words.wrong, indent=INDENT)
    if group.mended:
        _say_step(_mended_words(group), f"leads replay start --group {group.name} --edited")
    for step in words.steps if group.mended < group.number else ():
        _say_step(step.words, step.command_for(group.newest_id))


def _mended_words(group: Group) -> str:
    if group.mended < group.number:
        return f"{group.mended:,} of them are mended already"
    return "all of them are mended already" if group.number > 1 else "it is mended already"


def _say_step(words: str, command: str) -> None:
    """A command that is too long is broken by the terminal and not by us, so that it is copied."""
    out, margin = console(), " " * INDENT
    fits = len(margin) + len(words) + 2 + len(command) <= out.width
    between = " " if fits else f"\n{margin}  "
    out.print(Text.assemble((f"{margin}{words}:", "dim"), between, clean(command)))


def _print_lines(groups: Sequence[Group], words: Sequence[GroupWords]) -> None:
    """One line for each group, with tabs, for other programs."""
    print("number\tsince\tuntil\tgroup\tsentence")
    for group, told in zip(groups, words, strict=True):
        instants = (when(group.since_at), when(group.until_at))
        print("\t".join(map(clean, (group.number, *instants, group.name, told.sentence))))


def _say_rest(others: Sequence[Group]) -> None:
    if others:
        number = count_words(len(others), "more group", "more groups")
        leads = count_words(sum(group.number for group in others), "lead", "leads")
        say("", stderr=not on_terminal())
        say(f"and {number} with {leads}: leads dead --all", stderr=not on_terminal())


def _say_others(counts: Counts, expiring: Expiring) -> None:
    """What else waits, and the next step; on a pipe it is no part of the output."""
    notes = []
    if not counts.dead:
        notes.append("no dead letter")
    if counts.parked:
        leads = count_words(counts.parked, "parked lead", "parked leads")
        notes.append(f"{leads} may have arrived: leads unknown list --state parked")
    if expiring.first_at is not None:
        notes.append(_expiring_words(expiring, counts.now_at))
    if counts.dead:
        notes.append(_HINT)
    if notes and counts.dead and on_terminal():
        console().print()
    for note in notes:
        say(note, stderr=not on_terminal())


def _expiring_words(expiring: Expiring, now_at: float) -> str:
    first_at = expiring.first_at or now_at
    verb = "is" if expiring.number == 1 else "are"
    first = ago(first_at, now_at) if first_at > now_at else "soon"
    return (
        f"{expiring.number:,} {verb} forgotten within {span(expiring.within_seconds)}, the first"
        f" {first}: replay them, or keep them by leads dead export"
    )


_HINT = (
    "one of them: leads dead show ID (ids: leads dead list --group NAME); what is mended goes out"
    " again by: leads replay start --group NAME --edited"
)
