"""A campaign as an operator reads it: its state in a sentence, its numbers, what can be done next.

It owns wording and the shape of the JSON. It changes nothing.
"""

from __future__ import annotations

from typing import Any, assert_never

from lead_worker.store.campaigns import OUTCOMES, Campaign, CampaignState

from lead_ops.rates import number_words
from lead_ops.render import ago, count_words, span, when

ENOUGH_TO_FORETELL = 20
"""From so many leads that came to an end, how fast they did tells when the rest will have."""

OUTCOME_WORDS = {
    "delivered": "delivered",
    "dead": "dead again",
    "parked": "parked",
    "discarded": "discarded",
    "erased": "erased",
    "gone": "forgotten",
    "elsewhere": "elsewhere",
    "skipped": "skipped",
}
OUTCOME_NOTES = {
    "dead": "leads dead shows the groups",
    "parked": "may have arrived: leads unknown list --state parked",
    "discarded": "given up by somebody meanwhile",
    "gone": "kept no longer",
    "elsewhere": "replayed by somebody else meanwhile",
    "skipped": "no dead letters any more when their turn came",
}
"""What became of a campaign's leads; each of `OUTCOMES` has its word."""

_OVER = (CampaignState.STOPPED, CampaignState.CANCELLED, CampaignState.DONE)


def is_over(campaign: Campaign) -> bool:
    """Whether nothing more becomes of its leads by itself."""
    return campaign.state in _OVER and (not campaign.is_active or campaign.out == 0)


def left(campaign: Campaign) -> int:
    """How many of its leads it has not let go; where it was cancelled, never will."""
    return max(0, campaign.total - campaign.out - campaign.finished)


def part_done(campaign: Campaign) -> float:
    """Which part of its leads came to an end, from 0 to 1."""
    return campaign.finished / campaign.total if campaign.total else 0.0


def percent(part: float) -> str:
    """`30 %`; less than all is never 100, and more than nothing never 0."""
    return f"{max(1, min(99, round(part * 100))) if 0 < part < 1 else round(part * 100)} %"


def seconds_left(campaign: Campaign, now_at: float) -> float | None:
    """How long it will take still, as fast as it went since it began, pauses and all; or None."""
    if campaign.state is not CampaignState.RUNNING or campaign.began_at is None:
        return None
    took = now_at - campaign.began_at
    if campaign.finished < ENOUGH_TO_FORETELL or took <= 0:
        return None
    return (campaign.total - campaign.finished) * took / campaign.finished


def campaign_json(campaign: Campaign, now_at: float) -> dict[str, Any]:
    """A campaign under stable keys; instants in epoch seconds of Redis's clock."""
    launch = campaign.launch
    return {
        "id": campaign.campaign_id,
        "state": campaign.state.value,
        "over": is_over(campaign),
        "total": campaign.total,
        "left": left(campaign),
        "out": campaign.out,
        "ended": {name: campaign.ended.get(name, 0) for name in OUTCOMES},
        "about": launch.about,
        "by": launch.by,
        "rule": launch.rule,
        "reason": launch.reason or None,
        "per_minute": launch.per_minute or None,
        "share": launch.share,
        "max_failed": launch.most_failed,
        "why": campaign.why or None,
        "launched_at": campaign.launched_at,
        "began_at": campaign.began_at,
        "ended_at": campaign.ended_at,
        "seconds_left": seconds_left(campaign, now_at),
    }


def progress_words(campaign: Campaign) -> str:
    """`1,190 delivered, 14 dead again, 20 out, 2,788 left`; of the rest what there is."""
    ended = [
        f"{campaign.ended.get(name, 0):,} {word}"
        for name, word in OUTCOME_WORDS.items()
        if campaign.ended.get(name) or name in ("delivered", "dead")
    ]
    rest = [(campaign.out, "out"), (left(campaign), "left")]
    return ", ".join(ended + [f"{number:,} {word}" for number, word in rest if number])


def sentence(campaign: Campaign, now_at: float) -> str:
    """The state that it is in, in one sentence."""
    match campaign.state:
        case CampaignState.PREPARING:
            return (
                "It is being prepared, and has let nothing go. Where whoever prepares it is gone,"
                " it is cancelled by itself within a minute."
            )
        case CampaignState.RUNNING:
            seconds = seconds_left(campaign, now_at)
            eta = "" if seconds is None else f"; about {span(seconds)} to go at this pace"
            part = percent(part_done(campaign))
            return f"It is under way: {part} of its leads came to an end{eta}."
        case CampaignState.PAUSED:
            return f"It is paused and lets no more leads go.{_still_out(campaign)}"
        case CampaignState.STOPPED:
            part = percent(campaign.launch.most_failed)
            return (
                f"It stopped by itself: more than {part} were dead again, of those that had come to"
                f" an end since it began or was resumed.{_still_out(campaign)}"
            )
        case CampaignState.CANCELLED if campaign.why == "abandoned":
            return "It was cancelled by itself: whoever prepared it was gone. It let nothing go."
        case CampaignState.CANCELLED:
            return f"It was cancelled.{_still_out(campaign)}"
        case CampaignState.DONE:
            return "It is done: each of its leads came to an end."
        case _:
            assert_never(campaign.state)


def _still_out(campaign: Campaign) -> str:
    if not campaign.out:
        return ""
    verb = "is" if campaign.out == 1 else "are"
    return f" {campaign.out:,} that {verb} out come to an end all the same."


def next_steps(campaign: Campaign) -> list[str]:
    """What an operator can do about it, each on a line of its own, so that it can be copied."""
    name = campaign.campaign_id
    end = f"to end it: leads replay cancel {name}"
    match campaign.state:
        case CampaignState.PREPARING:
            return [end]
        case CampaignState.RUNNING:
            return [f"to hold it: leads replay pause {name}", end]
        case CampaignState.PAUSED:
            return [f"to go on: leads replay resume {name}", end]
        case CampaignState.STOPPED:
            mended = f"once that is mended: leads replay resume {name}"
            return ["what they died of: leads dead", mended, end]
        case CampaignState.CANCELLED | CampaignState.DONE:
            dead = campaign.ended.get("dead", 0)
            return [f"what the {dead:,} died of: leads dead"] if dead else []
        case _:
            assert_never(campaign.state)


def pace_words(campaign: Campaign) -> str:
    """How fast it may go, and when it stops by itself."""
    launch = campaign.launch
    if launch.share is not None:
        pace = f"{launch.share * 100:g} % of the fleet's rate; it waits while there is none"
    elif launch.per_minute:
        pace = number_words(launch.per_minute)
    else:
        pace = "as the bulk lane takes them"
    return f"{pace}; it stops where more than {percent(launch.most_failed)} die again"


def facts(campaign: Campaign, now_at: float) -> list[tuple[str, str]]:
    """Names and values of what else is known of it."""
    launch = campaign.launch
    instants = [
        ("launched", campaign.launched_at),
        ("began", campaign.began_at),
        ("ended", campaign.ended_at),
    ]
    told = [("leads", f"{campaign.total:,}: {launch.about}"), ("by", launch.by)]
    told += [("why", launch.reason), ("pace", pace_words(campaign))]
    told += [(name, f"{when(at)} ({ago(at, now_at)})") for name, at in instants if at is not None]
    return [(name, value) for name, value in told if value]


def numbers(campaign: Campaign) -> list[tuple[str, int, str]]:
    """What became of its leads, how many are out, and how many never went: word, number, note."""
    ended = [
        (OUTCOME_WORDS[name], campaign.ended.get(name, 0), OUTCOME_NOTES.get(name, ""))
        for name in OUTCOMES
        if campaign.ended.get(name) or name in ("delivered", "dead")
    ]
    cancelled = campaign.state is CampaignState.CANCELLED
    return [
        *ended,
        ("out", campaign.out, "replayed, and come to no end yet"),
        ("left", left(campaign), "not let go by this campaign" if cancelled else "not let go yet"),
    ]


def end_words(campaign: Campaign) -> str:
    """What became of it, on one line, for whoever waited."""
    leads = count_words(campaign.total, "lead", "leads")
    return f"{campaign.campaign_id} {campaign.state.value}: {leads}: {progress_words(campaign)}"


def lead_end_words(what: str) -> str:
    """What became of one lead; `what` is as `Campaigns.ends` gives it."""
    word, _, state = what.partition(" ")
    shown = OUTCOME_WORDS.get(word, word)
    return f"{shown}: {state} when its turn came" if state else shown
