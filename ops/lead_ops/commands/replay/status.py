"""`leads replay status`: which campaigns there are, and how far one has come."""

from __future__ import annotations

from collections.abc import Iterator

import click
from lead_worker.store import Store
from lead_worker.store.campaigns import Campaign, Campaigns, CampaignState

from lead_ops import context
from lead_ops.campaigns.ids import find_campaign, id_part
from lead_ops.json_array import JsonArray
from lead_ops.render import clean, on_terminal, say, say_json, span, table
from lead_ops.views.campaigns import (
    campaign_json,
    facts,
    is_over,
    lead_end_words,
    next_steps,
    numbers,
    part_done,
    percent,
    sentence,
)
from lead_ops.views.holds import hold_words

from .watching import INTERRUPTED, say_left_alone, watch

MOST_LISTED = 20


@click.command("status", short_help="The campaigns, or one of them.")
@click.argument("part", metavar="[ID]", required=False, callback=id_part)
@click.option("--leads", "of_leads", is_flag=True, help="What became of each lead that ended.")
@click.option("--follow", is_flag=True, help="Show a bar until it is over.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(part: str | None, of_leads: bool, follow: bool, as_json: bool) -> int:
    """Show the newest campaigns; with an ID, or what it begins with, all that is known of one.

    \b
      leads replay status
      leads replay status 3fa2 --follow
      leads replay status 3fa2 --leads | grep dead
    """
    if part is None and (of_leads or follow):
        raise click.UsageError("--leads and --follow are for one campaign: expected its ID")
    if of_leads and follow:
        raise click.UsageError("--leads and --follow do not go together")
    store = context.for_command().open_store()
    campaigns = Campaigns(store)
    if part is None:
        _say_newest(store, campaigns, as_json=as_json)
        return 0
    campaign = find_campaign(campaigns, part)
    if of_leads:
        _say_leads(campaigns.ends(campaign.campaign_id), as_json=as_json)
        return 0
    if follow and not is_over(campaign):
        watched = watch(store, campaign.campaign_id)
        if watched is None:
            say_left_alone(campaign.campaign_id)
            return INTERRUPTED
        campaign = watched
    _say_one(store, campaign, as_json=as_json)
    return 0


def _say_newest(store: Store, campaigns: Campaigns, *, as_json: bool) -> None:
    now_at, newest = store.counts().now_at, campaigns.newest(MOST_LISTED)
    if as_json:
        say_json([campaign_json(campaign, now_at) for campaign in newest])
    elif newest:
        columns = ("id", "state", "leads", "ended", "delivered", "dead again", "age", "by", "about")
        table(columns, (_row(campaign, now_at) for campaign in newest), keep=7)
    else:
        say("no campaign yet: leads replay start", stderr=True)


def _row(campaign: Campaign, now_at: float) -> tuple[object, ...]:
    launched_at = campaign.launched_at
    return (
        campaign.campaign_id,
        campaign.state.value,
        f"{campaign.total:,}",
        percent(part_done(campaign)),
        f"{campaign.ended.get('delivered', 0):,}",
        f"{campaign.ended.get('dead', 0):,}",
        None if launched_at is None else span(now_at - launched_at),
        campaign.launch.by,
        campaign.launch.about,
    )


def _say_one(store: Store, campaign: Campaign, *, as_json: bool) -> None:
    counts = store.counts()
    if as_json:
        say_json(campaign_json(campaign, counts.now_at))
        return
    say((campaign.campaign_id, "bold"), "  ", (campaign.state.value, _style(campaign)))
    say(sentence(campaign, counts.now_at))
    if counts.hold and campaign.state is CampaignState.RUNNING:
        say(("held ", "bold yellow"), f"{hold_words(counts)}; it lets nothing go before", indent=5)
    for line in next_steps(campaign):
        say(line)
    say("")
    for name, value in facts(campaign, counts.now_at):
        say((f"{name:<10}", "dim"), value, indent=10)
    say("")
    for name, number, note in numbers(campaign):
        style = "bold" if number else "dim"
        alarm = "yellow" if number and name in ("dead again", "parked") else style
        shown = f"  {note}" if number and note else ""
        say((f"{name:<10} ", style), (f"{number:>9,}", alarm), (shown, "dim"), indent=22)


def _style(campaign: Campaign) -> str:
    trouble = campaign.state is CampaignState.STOPPED
    return "bold yellow" if trouble else "bold"


def _say_leads(ends: Iterator[tuple[str, str]], *, as_json: bool) -> None:
    """Print each as it is read: there may be very many."""
    if as_json:
        with JsonArray() as array:
            for lead_id, what in ends:
                word, _, state = what.partition(" ")
                array.add({"id": lead_id, "what": word, "state": state or None})
        return
    gap = "  " if on_terminal() else "\t"
    for lead_id, what in ends:
        print(lead_id, clean(lead_end_words(what)), sep=gap)
