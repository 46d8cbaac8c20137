"""`leads dead list` and `leads dead show`: which leads wait for a person, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import click
from lead_worker.core.lifecycle import State
from lead_worker.settings import DAY_SECONDS
from lead_worker.store.letters import Cursor, Letter
from lead_worker.store.reading import Listed

from lead_ops import context
from lead_ops.choosing.chosen import Chosen, cursor_of, option_words, read_cursor
from lead_ops.choosing.options import Asked, takes_filters
from lead_ops.commands.show import asks_for_one, find, show_original, show_sight
from lead_ops.errors import OpsError
from lead_ops.fleet_settings import fleet_settings
from lead_ops.json_array import JsonArray
from lead_ops.render import clean, console, on_terminal, say, span, table
from lead_ops.views.lead import record_json

ROWS = 500
"""So many rows are held, for the widths of their columns; a longer list is several tables."""

CAUSE_WIDTH = 26
"""At 80 columns there is room for so much of a group's name: `exhausted:connect_timeout`."""

OTHER_WIDTHS = 64
"""Of the other columns, on a terminal that has room for all of them."""


@click.command("list", short_help="The dead letters, the newest first.")
@takes_filters(reason=True)
@click.option("--parked", is_flag=True, help="The parked leads, which may have arrived.")
@click.option("--discarded", is_flag=True, help="What was given up and can be restored.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="How many.")
@click.option("--after", callback=read_cursor, metavar="CURSOR", help="Go on below this lead.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
def list_(
    asked: Asked,
    *,
    parked: bool,
    discarded: bool,
    limit: int,
    after: Cursor | None,
    as_json: bool,
) -> None:
    """List the dead letters, the newest first. Where there are more, it says how to go on.

    \b
      leads dead list --group invalid:email --since 6h
      leads dead list --where email=maria@example.com
      leads dead list --json | jq -r '.[].id' | xargs leads dead replay
    """
    state = _state(asked, parked=parked, discarded=discarded)
    queue = context.for_command()
    chosen = Chosen.of(asked, queue.open_store(), state)
    counts = chosen.store.counts()
    kept_days = fleet_settings(chosen.store, queue.settings).keep_discarded_days
    view = _View(state, counts.now_at, kept_days * DAY_SECONDS)
    letters = chosen.walk(after)
    page = _Page(islice(letters, limit))
    if as_json:
        with JsonArray() as array:
            for letter in page:
                array.add(view.json(letter))
    else:
        _say_rows(view.columns, map(view.row, page))
    if page.last and next(letters, None):
        words = [option_words(asked, chosen.selection), f"--{state}" if state != "dead" else ""]
        words += [f"--limit {limit}", "--json" if as_json else ""]
        _say_more(page.number, " ".join(filter(None, words)), page.last)
    elif not page.last and not as_json:
        _say_none(state, asked, after)


def _state(asked: Asked, *, parked: bool, discarded: bool) -> State:
    """Which leads are listed.

    Raises:
        UsageError: the options do not fit together.
    """
    if parked and discarded:
        raise click.UsageError("expected --parked or --discarded, found both")
    if parked and (asked.reasons or asked.groups):
        raise click.UsageError("--reason and --group are for dead letters, without --parked")
    return State.PARKED if parked else State.DISCARDED if discarded else State.DEAD


class _Page:
    """The leads of one page, of which only the last is kept."""

    def __init__(self, letters: Iterator[Letter]) -> None:
        self._letters = letters
        self.number = 0
        self.last: Letter | None = None

    def __iter__(self) -> Iterator[Letter]:
        for letter in self._letters:
            self.number += 1
            self.last = letter
            yield letter


@dataclass(frozen=True, slots=True)
class _View:
    """How the leads of one state are listed."""

    state: State
    now_at: float
    kept_seconds: float

    @property
    def columns(self) -> Sequence[str]:
        """The heads."""
        third = "cause" if self.state is State.PARKED else "group"
        return ("id", "age", third, self._fourth, "from")

    @property
    def _fourth(self) -> str:
        return {State.PARKED: "tries", State.DISCARDED: "left"}.get(self.state, "edited")

    def row(self, letter: Letter) -> tuple[object, ...]:
        listed = letter.listed
        fields = listed.fields
        source = f" {fields['source']}" if fields.get("source") else ""
        return (
            listed.lead_id,
            span(self.now_at - listed.at),
            _cause(fields.get("group", ""), fields.get("reason", ""), fields.get("cause", "")),
            self._note(listed),
            fields.get("lane", "") + source,
        )

    def _note(self, listed: Listed) -> str:
        match self.state:
            case State.PARKED:
                return listed.fields.get("attempts", "0")
            case State.DISCARDED:
                return span(listed.at + self.kept_seconds - self.now_at)
            case _:
                return "yes" if listed.fields.get("edited", "0") not in ("", "0") else ""

    def json(self, letter: Letter) -> dict[str, Any]:
        """One lead under stable keys; instants in epoch seconds."""
        listed = letter.listed
        known = {"id": listed.lead_id, "state": self.state.value, "at": listed.at}
        shown = known | record_json(listed.fields) | {"cursor": cursor_of(letter)}
        if self.state is State.DISCARDED:
            shown["forgotten_at"] = listed.at + self.kept_seconds
        return shown


def _cause(group: str, reason: str, cause: str) -> str:
    """The group, or what it would be made of where a lead is in none that says it."""
    return group if ":" in group else ":".join(filter(None, (reason, cause)))


def _say_rows(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    if on_terminal():
        rows = map(_with_short_cause, rows)
        while held := list(islice(rows, ROWS)):
            table(columns, held, keep=3)
        return
    for number, row in enumerate(rows):
        if not number:
            print("\t".join(columns))
        print("\t".join(map(clean, row)))


def _with_short_cause(row: Sequence[object]) -> Sequence[object]:
    """On a narrow terminal a group's end is left out, rather than the columns after it."""
    lead_id, age, cause, *others = row
    most, text = max(CAUSE_WIDTH, console().width - OTHER_WIDTHS), str(cause)
    return (lead_id, age, text if len(text) <= most else f"{text[: most - 1]}…", *others)


def _say_more(shown: int, words: str, last: Letter) -> None:
    cursor = cursor_of(last)
    say(f"the first {shown:,} of more; go on with:", stderr=True)
    say(f"leads dead list {words} --after {cursor}", stderr=True)


def _say_none(state: State, asked: Asked, after: Cursor | None) -> None:
    more = "more " if after else ""
    like = "" if asked.is_nothing else " like that"
    say(f"no {more}{state.value} lead{like}", stderr=True)


@click.command("show", short_help="One dead letter, and why it died.")
@asks_for_one
def show_dead(lead_id: str, personal: bool, original: bool, as_json: bool) -> None:
    """Show one dead letter: why it died, what the API or the schema said, what was mended by hand,
    and the raw lead. Also a parked one, and a discarded one.

    \b
      leads dead show 019302f4c1a07d1f0a6b3c8e5d2f4a91
      leads dead show 019302f4c1a07d1f0a6b3c8e5d2f4a91 --original
    """
    queue = context.for_command()
    store = queue.open_store()
    sight = find(store, lead_id)
    if sight.state not in (State.DEAD, State.PARKED, State.DISCARDED):
        raise OpsError(f"the lead is {sight.state.value}, not dead: leads show {lead_id}")
    if original:
        show_original(store, sight, personal=personal, as_json=as_json)
    else:
        show_sight(queue, store, sight, personal=personal, as_json=as_json)
