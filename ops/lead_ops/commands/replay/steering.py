"""`leads replay pause`, `resume` and `cancel`: what a person decides about a campaign under way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import click
from lead_worker.store.campaigns import MOST_ACTIVE, Campaigns, CampaignState, Steer

from lead_ops import context
from lead_ops.campaigns.ids import find_campaign, id_part
from lead_ops.errors import OpsError
from lead_ops.operator import given_reason, operator
from lead_ops.render import say, say_json
from lead_ops.views.campaigns import campaign_json, left, next_steps, progress_words

_EVENTS = {
    Steer.BEGIN: "campaign_begun",
    Steer.PAUSE: "campaign_paused",
    Steer.RESUME: "campaign_resumed",
    Steer.CANCEL: "campaign_cancelled",
}

_CANNOT = {
    (Steer.PAUSE, CampaignState.PAUSED): "it is paused already",
    (Steer.RESUME, CampaignState.RUNNING): "it is running already",
    (Steer.CANCEL, CampaignState.CANCELLED): "it is cancelled already",
    (Steer.RESUME, CampaignState.CANCELLED): (
        "it was cancelled, and that is for good; what it left is still dead: leads replay start"
    ),
}
_PARTICIPLES = {Steer.PAUSE: "paused", Steer.RESUME: "resumed", Steer.CANCEL: "cancelled"}


def steering_event(
    what: Steer, campaign_id: str, reason: str | None, **more: object
) -> Mapping[str, object]:
    """The audit trail's entry for what a person does with a campaign; no personal data."""
    event: dict[str, object] = {"event": _EVENTS[what], "campaign": campaign_id, "by": operator()}
    return event | more | ({"reason": reason} if reason else {})


def _takes_campaign(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the campaign that it is about, why, and `--json`."""
    add = [
        click.argument("part", metavar="ID", callback=id_part),
        click.option("--because", callback=given_reason, metavar="WHY", help="For the log."),
        click.option("--json", "as_json", is_flag=True, help="Print JSON."),
    ]
    for each in reversed(add):
        command = each(command)
    return command


@click.command(short_help="Let no more of a campaign's leads go.")
@_takes_campaign
def pause(part: str, because: str | None, as_json: bool) -> None:
    """Let no more of a campaign's leads go until it is resumed; what is out goes on.

    \b
      leads replay pause 3fa2 --because "the API is slow"
    """
    _steer(part, Steer.PAUSE, because, as_json=as_json)


@click.command(short_help="Let a campaign go on that was paused, or stopped by itself.")
@_takes_campaign
def resume(part: str, because: str | None, as_json: bool) -> None:
    """Let a campaign go on that was paused, or that stopped by itself.

    Whether too many are dead again is judged by what comes from now on.

    \b
      leads replay resume 3fa2 --because "the agent exists now"
    """
    _steer(part, Steer.RESUME, because, as_json=as_json)


@click.command(short_help="End a campaign; what it has not let go stays dead.")
@_takes_campaign
def cancel(part: str, because: str | None, as_json: bool) -> None:
    """End a campaign for good. What it has not let go stays dead; what is out goes on.

    \b
      leads replay cancel 3fa2 --because "the wrong group"
    """
    _steer(part, Steer.CANCEL, because, as_json=as_json)


def _steer(part: str, what: Steer, reason: str | None, *, as_json: bool) -> None:
    """Do it and say what is now.

    Raises:
        OpsError: it cannot be done in the state that the campaign is in.
    """
    store = context.for_command().open_store()
    campaigns = Campaigns(store)
    before = find_campaign(campaigns, part)
    name = before.campaign_id
    counted = {word: before.ended.get(word, 0) for word in ("delivered", "dead")}
    verdict = campaigns.steer(name, what, steering_event(what, name, reason, **counted))
    if verdict not in ("ok", "done"):
        raise OpsError(f"campaign {name}: {_problem(what, verdict)}")
    after = campaigns.find(name) or before
    if as_json:
        say_json(campaign_json(after, store.counts().now_at))
        return
    say((f"{name} ", "bold"), f"is {after.state.value}: {progress_words(after)}")
    if what is Steer.CANCEL:
        gone = after.out + after.finished - after.ended.get("skipped", 0)
        say(f"{gone:,} had gone out, {left(after):,} will not go out by this campaign")
    for line in next_steps(after):
        say(line)


def _problem(what: Steer, verdict: str) -> str:
    if verdict == "gone":
        return "it was forgotten meanwhile"
    if verdict == "busy":
        return f"{MOST_ACTIVE} campaigns are under way already: wait for one, or cancel one"
    state = CampaignState.DONE if verdict == "finished" else CampaignState(verdict)
    ended = state in (CampaignState.DONE, CampaignState.CANCELLED)
    cannot = f"it is {state.value}" + (" already" if ended else "")
    return _CANNOT.get((what, state)) or f"{cannot}, so that it cannot be {_PARTICIPLES[what]}"
