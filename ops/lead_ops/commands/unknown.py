"""`leads unknown`: leads that may have arrived though no answer says so; to see, and to decide.

An unknown lead is looked for in the API by a worker; a parked one waits for a person.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import click
from lead_worker.core.classify import API_ID_CAP
from lead_worker.core.lifecycle import State
from lead_worker.store import Counts, Store
from lead_worker.store.reading import Reading, Sight

from lead_ops import context
from lead_ops.acting import NO_SUCH_LEAD, Acted, act_entry, say_acted
from lead_ops.lead_ids import several_ids
from lead_ops.operator import given_reason
from lead_ops.render import ago, say, say_json, span, table
from lead_ops.views.lead import record_json
from lead_ops.views.looks import found_words
from lead_ops.views.uncertain import STATES, Uncertain, newest


@click.group(short_help="Leads that may have arrived.")
def unknown() -> None:
    """The leads that may have arrived though no answer says so.

    Unknown ones are looked for in the API by a worker; parked ones wait for you.
    """


@unknown.command("list", short_help="The unknown and the parked leads, the newest first.")
@click.option("--state", type=click.Choice([state.value for state in STATES]), help="Only these.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="How many.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
def list_(state: str | None, limit: int, as_json: bool) -> None:
    """List the unknown and the parked leads, the newest first, with what looks have found.

    \b
      leads unknown list --state parked
      leads unknown list --json | jq '.[] | select(.found == "similar")'
    """
    store = context.for_command().open_store()
    states = STATES if state is None else (State(state),)
    counts = store.counts()
    found = newest(Reading(store), states, limit)
    if as_json:
        say_json([_listed_json(each) for each in found])
        return
    if found:
        # All but the last are whole at 80 columns.
        columns = ("id", "since", "tries", "found", "next", "cause")
        table(columns, (_row(each, counts) for each in found), keep=5)
    total = sum(getattr(counts, each.value) for each in states)
    if len(found) == limit and total > limit:
        say(f"the newest {limit:,}; more with --limit", stderr=True)
    elif not found:
        say(f"no {' or '.join(states)} lead", stderr=True)


def _listed_json(each: Uncertain) -> dict[str, Any]:
    return {
        "id": each.listed.lead_id,
        "state": each.state.value,
        "since": each.since_at,
        "next_look_at": each.next_look_at,
        **record_json(each.listed.fields),
        "cause": each.cause or None,
        "looks": each.search.number,
        "found": each.search.found or None,
    }


def _row(each: Uncertain, counts: Counts) -> tuple[object, ...]:
    search = each.search
    return (
        each.listed.lead_id,
        span(counts.now_at - each.since_at),
        each.listed.fields.get("attempts", "0"),
        found_words(search.number, search.found) if search.found else "not asked",
        _next(each.next_look_at, counts),
        each.cause,
    )


def _next(at: float | None, counts: Counts) -> str:
    if at is None:
        return State.PARKED.value
    if at > counts.now_at:
        return ago(at, counts.now_at)
    return "held" if counts.hold else "now"


def _api_id(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str:
    """Check an id of the API's; "" where none was given.

    Raises:
        BadParameter: no lead can have it there.
    """
    text = "" if value is None else value.strip()
    whole = text.isprintable() and " " not in text and len(text) <= API_ID_CAP
    if value is not None and not (text and whole):
        raise click.BadParameter("expected the lead's id in the API, found what can be none")
    return text


@unknown.command(short_help="Say what became of parked leads.")
@click.argument("lead_ids", metavar="ID...", callback=several_ids, nargs=-1, required=True)
@click.option("--delivered", is_flag=True, help="They are there: nothing is sent again.")
@click.option("--retry", is_flag=True, help="They are not there: send them again.")
@click.option("--discard", is_flag=True, help="Give them up; needs --reason.")
@click.option("--reason", callback=given_reason, help="Why, for the lead's timeline.")
@click.option("--api-id", callback=_api_id, help="With --delivered: one lead's id in the API.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
def resolve(
    lead_ids: tuple[str, ...],
    *,
    delivered: bool,
    retry: bool,
    discard: bool,
    reason: str | None,
    api_id: str,
    as_json: bool,
) -> int:
    """Say what became of parked leads, after you have looked for them in the API.

    \b
      leads unknown resolve ID --delivered --api-id clx1
      leads unknown resolve ID --retry
      leads unknown resolve ID --discard --reason "a test"
    """
    asked = {State.DELIVERED: delivered, State.WAITING: retry, State.DISCARDED: discard}
    chosen = [state for state, wanted in asked.items() if wanted]
    _check(chosen, lead_ids, reason, api_id)
    to, store = chosen[0], context.for_command().open_store()
    act = _act(store, to, reason, api_id)
    acted = [_resolve(store, lead_id, to, act, api_id) for lead_id in lead_ids]
    return say_acted(acted, to, as_json=as_json)


def _check(chosen: list[State], lead_ids: tuple[str, ...], reason: str | None, api_id: str) -> None:
    """Check that the options fit together.

    Raises:
        UsageError: they do not.
    """
    if len(chosen) != 1:
        raise click.UsageError(
            f"expected one of --delivered, --retry and --discard, found {len(chosen) or 'none'}"
        )
    if chosen == [State.DISCARDED] and reason is None:
        raise click.UsageError("--discard: expected --reason, for the lead's timeline")
    if api_id and (chosen != [State.DELIVERED] or len(lead_ids) != 1):
        raise click.UsageError("--api-id is for one lead, with --delivered")


def _act(store: Store, to: State, reason: str | None, api_id: str) -> Callable[[str], str]:
    """What is done to one parked lead; gives the store's verdict."""
    events = {
        State.DELIVERED: "confirmed",
        State.WAITING: "replayed",
        State.DISCARDED: "discarded",
    }
    entry = act_entry(events[to], reason, api_id=api_id)

    def act(lead_id: str) -> str:
        token = uuid4().hex
        if to is State.DELIVERED:
            return store.confirm(lead_id, token, entry, api_id)
        if to is State.WAITING:
            return store.replay(lead_id, token, entry)
        return store.discard(lead_id, token, entry)

    return act


def _resolve(
    store: Store, lead_id: str, to: State, act: Callable[[str], str], api_id: str
) -> Acted:
    sight = Reading(store).sight(lead_id)
    if sight is None:
        return Acted(lead_id, None, NO_SUCH_LEAD)
    # A dead lead could be replayed as well, and nobody has asked for that.
    if sight.state is not State.PARKED:
        return Acted(lead_id, sight.state.value, _not_parked(sight, store.counts().now_at))
    verdict = act(lead_id)
    if verdict in ("ok", "done"):
        return Acted(lead_id, to.value)
    if verdict == "gone":
        return Acted(lead_id, None, NO_SUCH_LEAD)
    if verdict == "taken":
        owner = store.owners([api_id]).get(api_id, "")
        problem = f"{api_id} is another lead's in the API: leads show {owner}"
        return Acted(lead_id, State.PARKED.value, problem)
    return Acted(lead_id, verdict, f"it is {verdict} by now: leads show {lead_id}")


def _not_parked(sight: Sight, now_at: float) -> str:
    """What a lead is that cannot be resolved, and what happens to it next."""
    lead_id, is_another = sight.lead_id, f"it is {sight.state.value}, not parked"
    match sight.state:
        case State.UNKNOWN:
            due = sight.at if sight.at is not None and sight.at > now_at else None
            when = "now" if due is None else ago(due, now_at)
            return f"{is_another}: a worker looks for it {when}; leads show {lead_id}"
        case State.DEAD:
            return f"{is_another}: leads dead show {lead_id}"
        case State.WAITING | State.LEASED:
            return f"{is_another}: it is sent without you; leads show {lead_id}"
        case _:
            return f"{is_another}: there is nothing to decide"
