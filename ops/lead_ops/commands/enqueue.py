"""`leads enqueue`: leads from a file or a pipe into the queue.

It owns options and wording; reading is `lead_files`', enqueueing is `enqueueing`'s.
"""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from lead_producers import LeadProducer, ProducerError, QueueUnavailable
from lead_producers.keys import LANES
from lead_producers.terms import SOURCE_MAX

from lead_ops import context
from lead_ops.enqueueing import Enqueueing, Tally, key_from_digest, key_from_field
from lead_ops.lead_files.lead_file import FORMATS, Bad, LeadFile, LeadFileError
from lead_ops.progress import Progress
from lead_ops.render import count_words, say, say_json

TIMEOUT_SECONDS = 10.0
"""The bound on one chunk: a bulk can wait where a web request cannot."""

INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Stop:
    """What ended a run before its end.

    Attributes:
        words: for a person; "" for an interruption.
        unsure: whether leads that are not in the tally may be in the queue as well.
    """

    words: str
    unsure: bool


def _source(_context: click.Context, _parameter: click.Parameter, text: str | None) -> str | None:
    if text is not None and (not text.isprintable() or len(text) > SOURCE_MAX):
        raise click.BadParameter(f"expected up to {SOURCE_MAX} printable characters")
    return text


@click.command(short_help="Enqueue leads from a file or a pipe.")
@click.argument("file", metavar="FILE|-")
@click.option("--format", "format_", type=click.Choice(FORMATS), help="Else told by looking at it.")
@click.option(
    "--lane",
    type=click.Choice(LANES),
    default="bulk",
    show_default=True,
    help="What is in bulk waits behind what is in live.",
)
@click.option("--source", callback=_source, help="Where the leads come from, for operators.")
@click.option(
    "--key",
    "key_field",
    metavar="FIELD",
    help="Each lead's idempotency key is in this field, such as custom.order.",
)
@click.option("--again", is_flag=True, help="Also what an earlier run of the same file enqueued.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def enqueue(
    *,
    file: str,
    format_: str | None,
    lane: str,
    source: str | None,
    key_field: str | None,
    again: bool,
    as_json: bool,
) -> int:
    """Enqueue the leads in FILE, or those on standard input.

    JSON lines, a JSON array, or CSV with a header (utm.source and custom.x fill objects). A lead
    that cannot be read is reported and stops no other. A FILE that is run twice is enqueued once,
    so a run that was interrupted can simply be repeated.

    \b
      leads enqueue leads.jsonl
      leads enqueue export.csv --source "spring fair"
      jq -c .[] orders.json | leads enqueue - --key custom.order
    """
    if key_field and again:
        raise click.UsageError("--again is for runs without --key")
    queue = context.for_command()
    with ExitStack() as stack:
        leads = stack.enter_context(_open(file, format_))
        digest = None if file == "-" else leads.digest()
        producer = stack.enter_context(closing(_producer(queue)))
        progress = stack.enter_context(Progress(leads.size))
        run = Enqueueing(
            producer,
            key_from_field(key_field) if key_field else key_from_digest(None if again else digest),
            lane=lane,
            source=source,
            on_refused=lambda bad: progress.say(_refusal(bad, leads.format)),
        )
        progress.watch(run.tally)
        stopped = _carry_out(run, leads, progress)
    repeatable = bool(key_field) or (digest is not None and not again)
    if as_json:
        say_json(_summary(run.tally, stopped, queue.settings.namespace))
    else:
        _say_summary(run.tally, by_field=bool(key_field))
    if stopped:
        _say_stopped(run.tally, stopped, repeatable=repeatable)
        return 1 if stopped.words else INTERRUPTED
    return 1 if run.tally.refused else 0


def _open(file: str, format_: str | None) -> LeadFile:
    if file != "-":
        return LeadFile.open(Path(file), format_)
    if sys.stdin.isatty():
        say(("reading leads from the terminal; Ctrl-D ends them", "dim"), stderr=True)
    return LeadFile(os.fdopen(os.dup(0), "rb"), "standard input", format_)


def _producer(queue: context.Context) -> LeadProducer:
    settings = queue.settings
    try:
        return LeadProducer.from_url(
            settings.redis_url, settings.namespace, timeout_seconds=TIMEOUT_SECONDS
        )
    except (ValueError, TypeError):
        raise context.unreadable_address() from None


def _carry_out(run: Enqueueing, leads: LeadFile, progress: Progress) -> Stop | None:
    """Run to the end; gives what stopped it before, if anything did after it had begun."""
    try:
        run.run(leads.items(progress.advance))
    except KeyboardInterrupt:
        return Stop("", unsure=True)
    except QueueUnavailable as error:
        return Stop(str(error), unsure=not str(error).endswith("(not enqueued)"))
    except (ProducerError, LeadFileError) as error:
        return Stop(str(error), unsure=False)
    return None


def _refusal(bad: Bad, format_: str) -> str:
    where = f"record {bad.place.record}, line" if format_ == "json" else "line"
    return f"{where} {bad.place.line}: {bad.message}"


def _summary(tally: Tally, stopped: Stop | None, namespace: str) -> dict[str, Any]:
    return {
        "namespace": namespace,
        "accepted": tally.accepted,
        "duplicates": tally.duplicates,
        "refused": tally.refused,
        "refusals": [
            {"line": bad.place.line, "record": bad.place.record, "message": bad.message}
            for bad in tally.refusals
        ],
        "complete": stopped is None,
        "up_to_line": tally.line,
    }


def _say_summary(tally: Tally, *, by_field: bool) -> None:
    accepted = count_words(tally.accepted, "lead", "leads")
    duplicates = count_words(tally.duplicates, "duplicate", "duplicates")
    say(f"{accepted} accepted, {duplicates}, {tally.refused:,} refused")
    if tally.duplicates and by_field:
        say(f"{tally.duplicates:,} had a key that was enqueued before")
    elif tally.duplicates:
        say(
            f"{tally.duplicates:,} were enqueued by an earlier run of the same file;"
            " --again enqueues them anyway"
        )
    if tally.refused:
        # A file that was changed is another file, so its other leads would be enqueued twice.
        say("mend the refused ones in a file of their own, and enqueue that")


def _say_stopped(tally: Tally, stopped: Stop, *, repeatable: bool) -> None:
    if stopped.words:
        say(("leads: ", "red"), stopped.words, stderr=True)
    reached = f"all up to line {tally.line:,} is done"
    if not tally.line:
        reached = "nothing is confirmed" if stopped.unsure else "nothing was enqueued"
    if repeatable:
        advice = "run the same command again: nothing is enqueued twice"
    elif stopped.unsure:
        advice = "some of the leads after that may be in the queue as well"
    else:
        advice = "nothing after that is in the queue: enqueue it from there on"
    say(f"stopped before the end: {reached}; {advice}", stderr=True)
