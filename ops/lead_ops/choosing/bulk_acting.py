"""One act on many leads that filters choose: how many, samples, a question, and then each of them.

It owns that what is acted on is what was shown, in bounded memory, and that whoever interrupts it
hears how far it came. What the act is, its caller says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import islice

from lead_worker.core.lifecycle import State
from lead_worker.core.selection import words
from lead_worker.store.letters import Letter
from redis.exceptions import RedisError

from lead_ops.acting import Acted
from lead_ops.confirming import confirm
from lead_ops.json_array import JsonArray
from lead_ops.progress import Bar
from lead_ops.render import count_words, say

from .chosen import Chosen

SAMPLES = 3
SAMPLE_WIDTH = 74


@dataclass(frozen=True, slots=True)
class BulkAct:
    """What is done to each lead.

    Attributes:
        verb: `discard`; with a capital letter it begins the question.
        doing: `discarding`, for the bar.
        done: `discarded`.
        act: does it to one lead.
        event: for the audit trail, which has it once; how many and which are added.
        promise: what is said with the question and at the end, such as how to undo it; or "".
    """

    verb: str
    doing: str
    done: str
    act: Callable[[Letter], Acted]
    event: Mapping[str, object]
    promise: str = ""


@dataclass(slots=True)
class _Survey:
    """What was chosen: how many, and the first of them. Samples are personal data."""

    number: int = 0
    samples: list[Letter] = field(default_factory=list, repr=False)


def act_on_chosen(chosen: Chosen, bulk: BulkAct, *, yes: bool, as_json: bool) -> int:
    """Act on all that were chosen and are there now, not on those that come meanwhile.

    Returns:
        The exit code.

    Raises:
        UsageError, OpsError: as `confirm`.
    """
    about = words(chosen.selection)
    chosen = chosen.until(chosen.store.counts().now_at)
    survey = _survey(chosen, samples=not yes)
    if not survey.number:
        say(f"no {_NAMES[chosen.state][0]} like that: nothing was {bulk.done}", stderr=True)
        with JsonArray() if as_json else nullcontext():
            return 0
    leads = count_words(survey.number, *_NAMES[chosen.state])
    if not yes and survey.number > 1:
        _say_samples(survey, leads)
        question = f"{bulk.verb.capitalize()} {leads}? {bulk.promise.capitalize()}".rstrip()
        confirm(question, yes=yes, nothing=f"nothing was {bulk.done}")
    chosen.store.log({**bulk.event, "leads": survey.number, "about": about})
    tally = _Tally(survey.number)
    try:
        _act_on_each(chosen, bulk, tally, as_json=as_json)
    except (KeyboardInterrupt, RedisError):
        _say_how_far(bulk, tally)
        raise
    if not as_json:
        say(f"{count_words(tally.done, 'lead is', 'leads are')} {bulk.done} now")
        if bulk.promise:
            say(bulk.promise)
    return 1 if tally.failed else 0


_NAMES = {
    State.DEAD: ("dead letter", "dead letters"),
    State.DISCARDED: ("discarded lead", "discarded leads"),
}


@dataclass(slots=True)
class _Tally:
    """How far it came."""

    number: int
    done: int = 0
    failed: int = 0


def _survey(chosen: Chosen, *, samples: bool) -> _Survey:
    """Count; the newest are kept, with their raw leads where they will be shown."""
    found = _Survey()
    if samples:
        found.samples = list(islice(chosen.walk(with_raw=True), SAMPLES))
    with Bar("counting", beside="leads") as bar:
        for found.number, _ in enumerate(chosen.walk(), 1):
            if found.number % 500 == 0:
                bar.move(0, number=found.number)
    return found


def _say_samples(survey: _Survey, leads: str) -> None:
    shown = len(survey.samples)
    say(f"{leads}" + (f", the newest {shown}:" if shown < survey.number else ":"), stderr=True)
    for letter in survey.samples:
        fields = letter.listed.fields
        cause = fields.get("group") or fields.get("cause", "")
        say("  ", (letter.listed.lead_id, "bold"), f"  {cause}", stderr=True)
        text = (letter.raw or b"").decode("utf-8", "replace")
        cut = text if len(text) <= SAMPLE_WIDTH else f"{text[: SAMPLE_WIDTH - 1]}…"
        say("    ", (cut, "dim"), stderr=True)


def _act_on_each(chosen: Chosen, bulk: BulkAct, tally: _Tally, *, as_json: bool) -> None:
    # The bar would take standard output for itself.
    with (
        JsonArray() if as_json else nullcontext() as array,
        nullcontext() if as_json else Bar(bulk.doing, tally.number) as bar,
    ):
        for acted in _acted(chosen, bulk, tally):
            if array:
                item = {"id": acted.lead_id, "done": not acted.problem, "state": acted.state}
                array.add(item)
            if acted.problem:
                line = f"leads: {acted.lead_id}: {acted.problem}"
                bar.say(line) if bar else say(line, stderr=True)
            if bar:
                bar.move(tally.done + tally.failed)


def _acted(chosen: Chosen, bulk: BulkAct, tally: _Tally) -> Iterator[Acted]:
    """Each leaves the index that is walked, and of leads of one instant the walk may then leave
    some out: so it is walked again until all were met, or none is."""
    met = -1
    while met < tally.done < tally.number:
        met = tally.done
        for letter in chosen.walk():
            acted = bulk.act(letter)
            tally.failed += bool(acted.problem)
            tally.done += not acted.problem
            yield acted


def _say_how_far(bulk: BulkAct, tally: _Tally) -> None:
    say(
        f"{tally.done:,} of {tally.number:,} are {bulk.done}, the others are as they were: the same"
        " command goes on",
        stderr=True,
    )
