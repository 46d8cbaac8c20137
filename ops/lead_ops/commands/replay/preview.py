"""What a campaign would do, for the person who is asked: in words, and as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lead_worker.store import Counts
from lead_worker.store.reading import Listed

from lead_ops.campaigns.forecast import Forecast, Pace
from lead_ops.rates import number_words
from lead_ops.render import count_words, say, span
from lead_ops.views.holds import hold_json, hold_words

INDENT = 12
INDENT_OF_SAMPLES = 34


@dataclass(frozen=True, slots=True)
class Preview:
    """All that is said before a campaign.

    Attributes:
        about: which leads are meant, in words; "" for all dead letters.
        rules_known: a living worker says by which rules leads are validated.
        working: a worker is alive.
        active: how many campaigns are under way.
    """

    about: str
    forecast: Forecast
    pace: Pace
    counts: Counts
    rules_known: bool
    working: bool
    active: int


def question(preview: Preview) -> str:
    """What is asked."""
    forecast = preview.forecast
    which = "all " if not preview.about and forecast.number == forecast.selected else ""
    return f"Replay {which}{_letters(forecast.number)}?"


def _letters(number: int) -> str:
    return count_words(number, "dead letter", "dead letters")


def preview_json(preview: Preview) -> dict[str, Any]:
    """The forecast under stable keys; instants in epoch seconds."""
    forecast, pace = preview.forecast, preview.pace
    seconds = pace.seconds(forecast.number)
    return {
        "about": preview.about or "everything",
        "selected": forecast.selected,
        "number": forecast.number,
        "invalid": forecast.invalid,
        "sends_invalid": forecast.sends_invalid,
        "may_have_arrived": forecast.doubtful,
        "seconds_at_least": seconds[0] if seconds else None,
        "seconds_at_most": seconds[1] if seconds else None,
        "hold": hold_json(preview.counts.hold),
        "samples": [
            {
                "id": sample.lead_id,
                "at": sample.at,
                "group": sample.fields.get("group"),
                "source": sample.fields.get("source") or None,
            }
            for sample in forecast.samples
        ],
    }


def say_preview(preview: Preview) -> None:
    """Say what the campaign would do."""
    forecast = preview.forecast
    if preview.about:
        say((_letters(forecast.selected), "bold"), f": {preview.about}")
    else:
        say((f"all {_letters(forecast.selected)}", "bold"))
    for word, words, style in _lines(preview):
        say((f"{word:<{INDENT}}", style), words, indent=INDENT)
    if forecast.samples:
        say("")
        say(("the newest:", "dim"))
        for sample in forecast.samples:
            say(*_sample(sample, preview.counts), indent=INDENT_OF_SAMPLES)
        say("")


def _sample(sample: Listed, counts: Counts) -> tuple[str | tuple[str, str], ...]:
    """No table, as that would cut the group at 80 columns."""
    source = sample.fields.get("source", "")
    age = f"{span(counts.now_at - sample.at)} old"
    about = f"{age}, from {source}" if source else age
    return (f"{sample.lead_id}  ", (f"{about}: ", "dim"), sample.fields.get("group", ""))


def _lines(preview: Preview) -> list[tuple[str, str, str]]:
    forecast = preview.forecast
    lines = []
    if forecast.invalid:
        lines.append(_invalid(preview))
    if forecast.doubtful:
        twice = f"{forecast.doubtful:,} may have arrived: the API may get them a second time"
        lines.append(("duplicates", twice, "yellow"))
    if forecast.number:
        lines.append(("takes", _duration(forecast.number, preview.pace), "dim"))
    hold = preview.counts.hold
    if hold:
        held = f"{hold_words(preview.counts)}; nothing goes before that"
        lines.append(("held", held, "bold yellow"))
    if not preview.working:
        lines.append(("idle", "no worker is alive: nothing goes before one is", "bold yellow"))
    if preview.active:
        others = count_words(preview.active, "campaign is", "campaigns are")
        same = "what they let go first is skipped here"
        lines.append(("besides", f"{others} under way; {same}", "dim"))
    return lines


def _invalid(preview: Preview) -> tuple[str, str, str]:
    forecast = preview.forecast
    by = "the schema as it stands" if preview.rules_known else "this machine's own settings"
    if forecast.sends_invalid:
        return "invalid", f"{forecast.invalid:,} still, by {by}: they die again at once", "yellow"
    words = f"{forecast.invalid:,}, as they are invalid still, by {by}: leads dead edit"
    return "left out", f"{words}, or --include-invalid", "yellow"


def _duration(number: int, pace: Pace) -> str:
    seconds = pace.seconds(number)
    if seconds is None:
        return "as long as the API needs: there is no rate"
    least, most = seconds
    limits = [] if pace.own is None else [f"{pace.own:g} a minute"]
    limits += [] if pace.fleet is None else [f"the fleet's {number_words(round(pace.fleet))}"]
    words = f"about {span(least)} at {' and '.join(limits)}"
    if pace.ahead and pace.fleet is not None:
        words += f", behind {pace.ahead:,} that wait in the lane bulk"
    return words + (f"; up to {span(most)} while the lane live is busy" if most > least else "")
