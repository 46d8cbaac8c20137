"""`leads replay start`: says what a campaign would do, asks, and lets it begin."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace

import click
from lead_worker.core.selection import Selection, words
from lead_worker.store import Store, StoreError
from lead_worker.store.campaigns import MOST_ACTIVE, Campaigns, Launch
from lead_worker.store.letters import Letter, Letters
from lead_worker.store.reading import Reading
from lead_worker.store.store import WORKER_LISTED_SECONDS

from lead_ops import context
from lead_ops.campaigns.forecast import Pace, foresee, those_to_send
from lead_ops.choosing.options import Asked, selection_of, takes_filters
from lead_ops.confirming import confirm
from lead_ops.errors import OpsError
from lead_ops.fleet_settings import FleetSettings, fleet_settings
from lead_ops.operator import given_reason, operator
from lead_ops.progress import Bar
from lead_ops.rates import MOST_PER_MINUTE, rate_in_force
from lead_ops.render import count_words, on_terminal, say, say_json
from lead_ops.views.campaigns import campaign_json

from .launching import TOO_MANY, Begun, begin
from .preview import Preview, preview_json, question, say_preview
from .watching import INTERRUPTED, exit_code, say_end, say_left_alone, watch

NOTHING = "nothing was replayed"


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast a campaign may go: leads a minute, a share of the fleet's rate, or as it comes."""

    per_minute: int = 0
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants replayed.

    Attributes:
        letters: walks the leads that are meant; each time as they are then, but none that died
            after it was first asked.
        about: which leads, in words; "" for all dead letters.
    """

    letters: Letters
    selection: Selection
    about: str
    fleet: FleetSettings
    sends_invalid: bool

    def walk(self) -> Iterator[Letter]:
        """The leads that are meant, with their raw leads, the newest first."""
        return self.letters.walk(self.selection, with_raw=True)


def _percent(text: str) -> float | None:
    found = re.fullmatch(r"(\d{1,3}(?:\.\d{1,2})?)\s*%", text.strip(), re.ASCII)
    part = float(found[1]) / 100 if found else 2.0
    return part if part <= 1 else None


def _speed(_context: click.Context, _parameter: click.Parameter, value: str | None) -> Speed:
    """Read the speed.

    Raises:
        BadParameter: it is neither a number of leads nor a share.
    """
    if value is None:
        return Speed()
    text, part = value.strip(), _percent(value)
    if part:
        return Speed(share=part)
    if re.fullmatch(r"\d{1,7}", text, re.ASCII) and 0 < int(text) <= MOST_PER_MINUTE:
        return Speed(int(text))
    raise click.BadParameter(
        f"expected leads a minute such as 120, or a share of the fleet's rate such as 25%, found"
        f" {value[:20]!r}"
    )


def _part(_context: click.Context, _parameter: click.Parameter, value: str) -> float:
    """Read a part of the leads.

    Raises:
        BadParameter: it is none.
    """
    part = _percent(value)
    if part is None:
        raise click.BadParameter(f"expected a part from 0% to 100%, found {value[:20]!r}")
    return part


@click.command("start", short_help="Replay many dead letters, step by step.")
@takes_filters()
@click.option(
    "--rate",
    "speed",
    callback=_speed,
    metavar="N|P%",
    help="Leads a minute, or a share of the fleet's rate.",
)
@click.option(
    "--max-failed",
    "most_failed",
    callback=_part,
    default="50%",
    show_default=True,
    metavar="P%",
    help="It stops by itself where more of its leads are dead again.",
)
@click.option("--because", callback=given_reason, metavar="WHY", help="For the log.")
@click.option(
    "--include-invalid", "sends_invalid", is_flag=True, help="Also what is invalid still."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--wait/--no-wait", default=None, help="Stay until it is over; on a terminal it does."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def start(
    *,
    asked: Asked,
    speed: Speed,
    most_failed: float,
    because: str | None,
    sends_invalid: bool,
    yes: bool,
    wait: bool | None,
    as_json: bool,
) -> int:
    """Replay the dead letters that the options mean; without any, all of them.

    First it says what it would do, and asks. The workers then carry it on by themselves, in the
    lane `bulk`. It begins with 20 at a time, goes up to 1,000 as leads come to an end, and stops
    by itself where too many are dead again. Leads that are invalid still are left out.

    \b
      leads replay start --reason exhausted --since 6h
      leads replay start --group rejected --rate 120 --because "form mended"
      leads replay start --where utm.campaign=spring* --rate 25% --yes
    """
    if not yes and not sys.stdin.isatty():
        confirm("", yes=False, nothing=NOTHING)  # before a walk over all of them
    queue = context.for_command()
    store = queue.open_store()
    if len(Campaigns(store).active()) >= MOST_ACTIVE:
        raise OpsError(TOO_MANY)
    wish = _wish(asked, store, queue, sends_invalid=sends_invalid)
    preview = _preview(store, wish, speed)
    if not as_json:
        say_preview(preview)
    if not preview.forecast.number:
        return _nothing(preview, as_json=as_json)
    confirm(question(preview), yes=yes, nothing=NOTHING)
    launch = Launch(
        by=operator(),
        about=wish.about or words(Selection()),
        reason=because or "",
        per_minute=speed.per_minute,
        share=speed.share,
        most_failed=most_failed,
    )
    begun = _begin(store, wish, launch, preview)
    stays = on_terminal() and on_terminal(stderr=True) if wait is None else wait
    return _finish(store, preview, begun, stays=stays, as_json=as_json)


def _wish(asked: Asked, store: Store, queue: context.Context, *, sends_invalid: bool) -> Wish:
    now_at = store.counts().now_at
    selection = selection_of(asked, store)
    # As they were named, and not each group of that name.
    named = replace(selection, groups=frozenset(asked.groups))
    upto_at = now_at if selection.until_at is None else min(selection.until_at, now_at)
    return Wish(
        Letters(store),
        replace(selection, until_at=upto_at),
        "" if asked.is_nothing else words(named),
        fleet_settings(store, queue.settings),
        sends_invalid,
    )


def _preview(store: Store, wish: Wish, speed: Speed) -> Preview:
    counts = store.counts()
    workers = Reading(store).workers(counts.now_at - WORKER_LISTED_SECONDS)
    per_minute = rate_in_force(counts, workers).per_minute
    if speed.share is not None and per_minute is None:
        raise OpsError(
            "--rate: expected leads a minute such as 120, found a share of the fleet's rate, which"
            " has none: leads rate sets one"
        )
    own = speed.per_minute or (per_minute or 0) * (speed.share or 0) or None
    with Bar("looking at", beside="dead letters") as bar:
        forecast = foresee(
            wish.walk(),
            wish.fleet.rules,
            sends_invalid=wish.sends_invalid,
            seen=lambda number: bar.move(number, number=number),
        )
    return Preview(
        about=wish.about,
        forecast=forecast,
        pace=Pace(own, per_minute, counts.waiting_bulk),
        counts=counts,
        rules_known=wish.fleet.of_a_worker,
        working=any(not worker.is_silent(counts.now_at) for worker in workers),
        active=len(Campaigns(store).active()),
    )


def _nothing(preview: Preview, *, as_json: bool) -> int:
    """Say that there is nothing to do; it is a failure where leads were meant and left out."""
    left_out = preview.forecast.selected
    if as_json:
        say_json({"campaign": None, "forecast": preview_json(preview)})
    else:
        say(f"{NOTHING}: {'all are invalid still' if left_out else 'there is none'}", stderr=True)
    return 1 if left_out else 0


def _begin(store: Store, wish: Wish, launch: Launch, preview: Preview) -> Begun:
    total = preview.forecast.number
    with Bar("preparing", total, beside="leads") as bar:
        begun = begin(
            Campaigns(store),
            launch,
            those_to_send(wish.walk(), wish.fleet.rules, sends_invalid=wish.sends_invalid),
            lambda number: bar.move(number, total=total, number=number),
        )
    if begun is None:
        raise OpsError(f"{NOTHING}: none of them is dead any more")
    return begun


def _finish(store: Store, preview: Preview, begun: Begun, *, stays: bool, as_json: bool) -> int:
    """Say that it began, or stay until it is over; gives the exit code."""
    name = begun.campaign_id
    if not as_json:
        leads = count_words(begun.total, "lead", "leads")
        say(("campaign ", "dim"), (name, "bold"), f" began with {leads}")
    try:
        watched = watch(store, name) if stays else None
        campaign = watched or Campaigns(store).find(name)
    except StoreError:
        say_left_alone(name)
        raise
    if as_json:
        told = campaign_json(campaign, store.counts().now_at) if campaign else None
        say_json({"campaign": told, "forecast": preview_json(preview)})
    elif watched:
        say_end(watched)
    elif not stays:
        say(f"how far it is: leads replay status {name} --follow")
    if stays and not watched:
        say_left_alone(name)
        return INTERRUPTED
    return exit_code(watched) if watched else 0
