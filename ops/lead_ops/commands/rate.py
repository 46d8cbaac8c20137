"""`leads rate`: how many requests a minute the fleet may make; to see, and to set at run time."""

from __future__ import annotations

from dataclasses import dataclass

import click
from lead_worker.store import Store
from lead_worker.store.reading import Reading
from lead_worker.store.store import WORKER_LISTED_SECONDS

from lead_ops import context
from lead_ops.operator import given_reason, operator
from lead_ops.rates import MOST_PER_MINUTE, Rate, rate_in_force, rate_json, rate_words
from lead_ops.render import say, say_json


@dataclass(frozen=True, slots=True)
class Wish:
    """What an operator asks for: requests a minute, 0 for no limit, None for the settings'."""

    per_minute: int | None


def _wish(_context: click.Context, _parameter: click.Parameter, value: str | None) -> Wish | None:
    """Read the argument.

    Raises:
        BadParameter: it is neither a word that is known nor a number in the range.
    """
    if value is None:
        return None
    text = value.strip().lower()
    if text in ("none", "default"):
        return Wish(0 if text == "none" else None)
    if text.isascii() and text.isdigit() and len(text) <= 9 and 0 < int(text) <= MOST_PER_MINUTE:
        return Wish(int(text))
    raise click.BadParameter(
        f"expected a whole number from 1 to {MOST_PER_MINUTE:,} (requests a minute), none or"
        f" default, found {value[:20]!r}; to stop: leads pause"
    )


@click.command(short_help="How many requests a minute; to see and to set.")
@click.argument("wish", metavar="[NUMBER|none|default]", required=False, callback=_wish)
@click.option("--reason", callback=given_reason, help="Why, for the log.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def rate(wish: Wish | None, reason: str | None, as_json: bool) -> None:
    """Show how many requests a minute the fleet may make, or set it while the workers run.

    NUMBER is for all workers together and outweighs their LEADS_RATE_PER_MINUTE at once; `none` is
    no limit; `default` goes back to what the workers are set to.

    \b
      leads rate
      leads rate 120 --reason "the plan allows no more"
      leads rate default
    """
    if wish is None and reason is not None:
        raise click.UsageError("--reason is for setting the rate: expected a number before it")
    store = context.for_command().open_store()
    before, now_at = _in_force(store)
    if wish is None:
        _say_rate(before, None, now_at, as_json=as_json)
        return
    event: dict[str, object] = {"event": "rate", "per_minute": wish.per_minute, "by": operator()}
    event |= {"reason": reason} if reason else {}
    store.set_rate(wish.per_minute, operator(), event)
    after, now_at = _in_force(store)
    _say_rate(after, before, now_at, as_json=as_json)


def _in_force(store: Store) -> tuple[Rate, float]:
    counts = store.counts()
    workers = Reading(store).workers(counts.now_at - WORKER_LISTED_SECONDS)
    return rate_in_force(counts, workers), counts.now_at


def _say_rate(rate: Rate, before: Rate | None, now_at: float, *, as_json: bool) -> None:
    if as_json:
        say_json(rate_json(rate) | {"before": rate_json(before) if before else None})
        return
    say(rate_words(rate, now_at))
    if before:
        say(("before: " + rate_words(before, now_at), "dim"))
