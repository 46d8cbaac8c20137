"""`leads dead replay`, `discard` and `restore`: what a person decides about leads."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import uuid4

import click
from lead_worker.core.lifecycle import Reason, State
from lead_worker.core.outcome import Invalid
from lead_worker.core.schema import SchemaRules, validate
from lead_worker.settings import DAY_SECONDS
from lead_worker.store import Store
from lead_worker.store.reading import Reading, Sight

from lead_ops import context
from lead_ops.acting import NO_SUCH_LEAD, Acted, act_entry, say_acted
from lead_ops.choosing.bulk_acting import BulkAct, act_on_chosen
from lead_ops.choosing.chosen import Chosen
from lead_ops.choosing.options import Asked, takes_filters
from lead_ops.confirming import confirm
from lead_ops.fleet_settings import fleet_settings
from lead_ops.lead_ids import several_ids
from lead_ops.operator import given_reason
from lead_ops.render import count_words, say, when

_DONE = ("ok", "done")


@click.command(short_help="Let dead letters wait again.")
@click.argument("lead_ids", metavar="ID...", callback=several_ids, nargs=-1, required=True)
@click.option("--reason", callback=given_reason, help="Why, for the lead's timeline.")
@click.option("--force", is_flag=True, help="Also delivered ones: the API gets them twice.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
def replay(
    lead_ids: tuple[str, ...], *, reason: str | None, force: bool, yes: bool, as_json: bool
) -> int:
    """Let dead or parked leads wait again, with fresh attempts and under the same id.

    Many at once, by filters and at a rate of their own: leads replay start.

    \b
      leads dead replay 019302f4c1a07d1f0a6b3c8e5d2f4a91 --reason "the form is mended"
    """
    queue = context.for_command()
    store = queue.open_store()
    forced = _delivered(store, lead_ids) if force else set()
    if forced:
        leads = count_words(len(forced), "delivered lead", "delivered leads")
        question = f"Send {leads} again? The API then has {'it' if len(forced) == 1 else 'each'}"
        confirm(f"{question} twice", yes=yes, nothing="nothing was replayed")
    entry = act_entry("replayed", reason)
    reading, rules = Reading(store), fleet_settings(store, queue.settings).rules

    def act(lead_id: str) -> Acted:
        before = reading.sight(lead_id)
        verdict = store.replay(lead_id, uuid4().hex, entry, force=lead_id in forced)
        if verdict in _DONE and before and before.state is State.DEAD:
            _warn(before, rules)
        return _acted(
            lead_id, State.WAITING.value, verdict, _unreplayable(lead_id, verdict, before)
        )

    return say_acted(map(act, lead_ids), State.WAITING, as_json=as_json)


def _delivered(store: Store, lead_ids: tuple[str, ...]) -> set[str]:
    reading = Reading(store)
    sights = ((lead_id, reading.sight(lead_id)) for lead_id in lead_ids)
    return {lead_id for lead_id, sight in sights if sight and sight.state is State.DELIVERED}


def _warn(before: Sight, rules: SchemaRules) -> None:
    """A mangled lead is in the API, whatever it lacks there; an invalid one may still be that."""
    lead_id, reason = before.lead_id, before.fields.get("reason")
    if reason == Reason.MANGLED:
        known = f"the API has it already, without what it lost, as {before.fields.get('api_id')}"
        say(f"{lead_id}: {known}: delete that one there", stderr=True)
    elif reason == Reason.INVALID and isinstance(validate(before.raw or b"", rules), Invalid):
        still = "the schema refuses it still, so that it dies again; then mend it"
        say(f"{lead_id}: {still}: leads dead edit {lead_id}", stderr=True)


def _unreplayable(lead_id: str, verdict: str, before: Sight | None) -> str:
    """Why a lead in that state is not replayed, and what to do."""
    api_id = before.fields.get("api_id", "") if before else ""
    there = f", as {api_id} in the API" if api_id else ""
    delivered = f"it is delivered{there}; --force sends it again, and the API then has it twice"
    return {
        State.DELIVERED.value: delivered,
        State.WAITING.value: f"it waits already, and is sent by itself: leads show {lead_id}",
        State.LEASED.value: f"a worker is sending it at this moment: leads show {lead_id}",
        State.UNKNOWN.value: f"it may have arrived, a worker looks for it: leads show {lead_id}",
        State.DISCARDED.value: f"it is discarded: leads dead restore {lead_id} first",
        State.ERASED.value: "it is erased: nothing is left to send",
    }.get(verdict, f"it is {verdict}, not dead")


@click.command(short_help="Give dead letters up.")
@click.argument("lead_ids", metavar="[ID...]", callback=several_ids, nargs=-1)
@takes_filters(reason=False)
@click.option(
    "--reason", required=True, callback=given_reason, help="Why, for the lead's timeline."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
def discard(
    lead_ids: tuple[str, ...], asked: Asked, *, reason: str, yes: bool, as_json: bool
) -> int:
    """Give dead letters up, by their ids or all that filters choose; by ids parked leads too.

    They are kept for some days, in which leads dead restore takes them back, and then forgotten.

    \b
      leads dead discard 019302f4c1a07d1f0a6b3c8e5d2f4a91 --reason "a test"
      leads dead discard --group invalid:lead --reason "an attack on the form"
    """
    _need_one_of(lead_ids, asked)
    queue = context.for_command()
    store = queue.open_store()
    kept_days = fleet_settings(store, queue.settings).keep_discarded_days
    until_at = store.counts().now_at + kept_days * DAY_SECONDS
    words = f"until {when(until_at)} leads dead restore takes them back"
    entry = act_entry("discarded", reason, many=not lead_ids)

    def act(lead_id: str) -> Acted:
        verdict = store.discard(lead_id, uuid4().hex, entry)
        return _acted(lead_id, State.DISCARDED.value, verdict, f"it is {verdict}, not dead")

    if lead_ids:
        return say_acted(map(act, lead_ids), State.DISCARDED, as_json=as_json, then=words)
    bulk = BulkAct(
        "discard",
        "discarding",
        "discarded",
        lambda letter: act(letter.listed.lead_id),
        act_entry("discarded", reason),
        words,
    )
    return act_on_chosen(Chosen.of(asked, store), bulk, yes=yes, as_json=as_json)


@click.command(short_help="Take back what was given up.")
@click.argument("lead_ids", metavar="[ID...]", callback=several_ids, nargs=-1)
@takes_filters(reason=False)
@click.option("--reason", callback=given_reason, help="Why, for the lead's timeline.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
def restore(
    lead_ids: tuple[str, ...], asked: Asked, *, reason: str | None, yes: bool, as_json: bool
) -> int:
    """Take discarded leads back, by their ids or all that filters choose: each is again what it
    was, a dead letter or a parked lead. A time in the filters is when they were discarded.

    \b
      leads dead restore 019302f4c1a07d1f0a6b3c8e5d2f4a91
      leads dead restore --group invalid:lead --since 1h
    """
    _need_one_of(lead_ids, asked)
    store = context.for_command().open_store()
    entry, reading = act_entry("restored", reason, many=not lead_ids), Reading(store)

    def act(lead_id: str, record: Mapping[str, str]) -> Acted:
        verdict = store.restore(lead_id, uuid4().hex, entry)
        was = record.get("was", State.DEAD.value)
        return _acted(lead_id, was, verdict, f"it is {verdict}, not discarded")

    def act_on_one(lead_id: str) -> Acted:
        before = reading.sight(lead_id)
        return act(lead_id, before.fields if before else {})

    if lead_ids:
        return say_acted(map(act_on_one, lead_ids), "restored", as_json=as_json)
    bulk = BulkAct(
        "restore",
        "restoring",
        "restored",
        lambda letter: act(letter.listed.lead_id, letter.listed.fields),
        act_entry("restored", reason),
    )
    return act_on_chosen(Chosen.of(asked, store, State.DISCARDED), bulk, yes=yes, as_json=as_json)


def _need_one_of(lead_ids: tuple[str, ...], asked: Asked) -> None:
    """Check that it is said which leads are meant.

    Raises:
        UsageError: it is not, or twice.
    """
    if lead_ids and not asked.is_nothing:
        raise click.UsageError("expected ids or filters, found both")
    if not lead_ids and asked.is_nothing:
        raise click.UsageError("expected ids, or filters such as --group NAME, found neither")


def _acted(lead_id: str, to: str, verdict: str, problem: str) -> Acted:
    """What a verdict of the store means.

    Args:
        to: the state that the lead is in where it was done.
        problem: why it was not, where the lead is in another state.
    """
    if verdict in _DONE:
        return Acted(lead_id, to)
    if verdict == "gone":
        return Acted(lead_id, None, NO_SUCH_LEAD)
    return Acted(lead_id, verdict, problem)
