"""`leads enqueue`: leads from a file or a pipe into the queue.

It owns options and wording; reading is `lead_files`', enqueueing is `enqueueing`'s.
"""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from lead_producers import LeadProducer, ProducerError
from lead_producers.errors import NotEnqueued
from lead_producers.keys import LANES
from lead_producers.terms import DEDUPE_MAX_SECONDS, SOURCE_MAX

from lead_ops import context
from lead_ops.enqueueing import (
    Enqueueing,
    MakeKey,
    key_from_digest,
    key_from_field,
    key_of_payload,
)
from lead_ops.lead_files.formats import FORMATS
from lead_ops.lead_files.lead_file import Bad, LeadFile, LeadFileError
from lead_ops.progress import Progress
from lead_ops.redis_trouble import producer_words
from lead_ops.render import say, say_json
from lead_ops.views.enqueued import Stop, say_stopped, say_summary, summary_json

if TYPE_CHECKING:
    from lead_ops.lead_files.payloads import Payloads

TIMEOUT_SECONDS = 10.0
"""The bound on one chunk: a bulk can wait where a web request cannot."""

INTERRUPTED = 130

PAYLOAD_SOURCES = ("rd-station", "meta", "google-ads", "typeform", "form")
"""The names of `lead_producers.mappings.MAPPINGS`, which the help must not have to load."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The options that say how a file is read and its leads are enqueued."""

    format_: str | None
    lane: str
    source: str | None
    payload_source: str | None
    include_tests: bool
    key_field: str | None
    again: bool
    dedupe_seconds: float | None
    durable: bool


def _source(_context: click.Context, _parameter: click.Parameter, text: str | None) -> str | None:
    if text is not None and (not text.isprintable() or len(text) > SOURCE_MAX):
        raise click.BadParameter(f"expected up to {SOURCE_MAX} printable characters")
    return text


def _seconds(
    _context: click.Context, _parameter: click.Parameter, text: str | None
) -> float | None:
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if 0.001 <= seconds <= DEDUPE_MAX_SECONDS:
        return seconds
    raise click.BadParameter(f"expected seconds from 0.001 to {DEDUPE_MAX_SECONDS:.0f}")


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
    "--from",
    "payload_source",
    type=click.Choice(PAYLOAD_SOURCES),
    help="The records are payloads of its webhook, and no leads yet.",
)
@click.option(
    "--include-test", "include_tests", is_flag=True, help="With --from, also leads sent as a test."
)
@click.option(
    "--key",
    "key_field",
    metavar="FIELD",
    help="Each lead's idempotency key is in this field, such as custom.order.",
)
@click.option("--again", is_flag=True, help="Also what was enqueued before: leads get no keys.")
@click.option(
    "--dedupe-seconds",
    metavar="S",
    callback=_seconds,
    help="Not what equals a lead of the last S seconds, up to 604800.",
)
@click.option("--durable", is_flag=True, help="Wait until Redis has each lead on its disk.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def enqueue(*, file: str, as_json: bool, **options: Any) -> int:
    """Enqueue the leads in FILE, or those on standard input.

    JSON lines, a JSON array, or CSV with a header (utm.source and custom.x fill objects). A lead
    that cannot be read is reported and stops no other. A FILE that is run twice is enqueued once,
    so a run that was interrupted can simply be repeated. A FILE that was changed is another file,
    and all its leads are enqueued again.

    With --from each record is what a webhook was sent, and may hold several leads: also one object
    over several lines; for form the rows of any CSV, or lines such as nome=Ana&email=...; for meta
    the CSV that its Ads Manager exports. A payload may have 16 MiB, a row 1 MiB. A lead that its
    source gives a key (all but form do) has the one by which an app's endpoint enqueues it: what
    came in there, or from another file, is a duplicate here. Any other is known by its FILE alone.

    \b
      leads enqueue leads.jsonl
      leads enqueue export.csv --source "spring fair"
      leads enqueue --from rd-station missed-webhooks.jsonl
      jq -c .[] orders.json | leads enqueue - --key custom.order
    """
    asked = Asked(**options)
    _refuse(asked)
    queue = context.for_command()
    with ExitStack() as stack:
        payloads = _payloads(asked)
        leads = stack.enter_context(_open(file, asked.format_, payloads))
        digest = None if file == "-" else leads.digest()
        producer = stack.enter_context(closing(_producer(queue)))
        progress = stack.enter_context(Progress(leads.size))
        run = Enqueueing(
            producer,
            _make_key(asked, digest),
            lane=asked.lane,
            source=asked.source or asked.payload_source,
            on_refused=lambda bad: progress.say(_refusal(bad, leads.format)),
            dedupe_seconds=asked.dedupe_seconds,
            durable=asked.durable,
        )
        progress.watch(run.tally)
        stopped = _carry_out(run, leads, progress, queue)
    if as_json:
        say_json(summary_json(run.tally, payloads, queue.settings.namespace, complete=not stopped))
    else:
        say_summary(run.tally, payloads, _why_duplicates(asked))
    if stopped:
        repeatable = bool(asked.key_field) or (digest is not None and not asked.again)
        say_stopped(run.tally, stopped, repeatable=repeatable)
        return 1 if stopped.words else INTERRUPTED
    return 1 if run.tally.refused else 0


def _refuse(asked: Asked) -> None:
    """See that the options fit together.

    Raises:
        UsageError: they do not.
    """
    if asked.key_field and asked.again:
        raise click.UsageError("--again is for runs without --key")
    if asked.key_field and asked.payload_source:
        raise click.UsageError("--key is for leads; with --from the payloads have their own keys")
    if asked.include_tests and not asked.payload_source:
        raise click.UsageError("--include-test is for runs with --from")


def _payloads(asked: Asked) -> Payloads | None:
    if not asked.payload_source:
        return None
    from lead_ops.lead_files.payloads import Payloads  # whoever has leads loads no mappings

    return Payloads(asked.payload_source, include_tests=asked.include_tests)


def _make_key(asked: Asked, digest: str | None) -> MakeKey:
    if asked.key_field:
        return key_from_field(asked.key_field)
    if asked.payload_source and not asked.again:
        return key_of_payload(asked.payload_source, digest)
    return key_from_digest(None if asked.again else digest)


def _why_duplicates(asked: Asked) -> str:
    """What is said of duplicates."""
    if asked.dedupe_seconds:
        return "had been enqueued before, under the same key or with the same content"
    if asked.key_field:
        return "had a key that was enqueued before"
    if asked.payload_source:
        return "had been enqueued before, from here or by an app; --again enqueues them anyway"
    return "were enqueued by an earlier run of the same file; --again enqueues them anyway"


def _open(file: str, format_: str | None, payloads: Payloads | None) -> LeadFile:
    if file != "-":
        return LeadFile.open(Path(file), format_, payloads)
    if sys.stdin.isatty():
        say(("reading leads from the terminal; Ctrl-D ends them", "dim"), stderr=True)
    return LeadFile(os.fdopen(os.dup(0), "rb"), "standard input", format_, payloads)


def _producer(queue: context.Context) -> LeadProducer:
    settings = queue.settings
    try:
        return LeadProducer.from_url(
            settings.redis_url, settings.namespace, timeout_seconds=TIMEOUT_SECONDS
        )
    except (ValueError, TypeError):
        raise context.unreadable_address() from None


def _carry_out(
    run: Enqueueing, leads: LeadFile, progress: Progress, queue: context.Context
) -> Stop | None:
    """Run to the end; gives what stopped it before, if anything did after it had begun."""
    try:
        run.run(leads.items(progress.advance))
    except KeyboardInterrupt:
        return Stop("", unsure=True)
    except NotEnqueued as error:
        return Stop(producer_words(error, queue), unsure=error.maybe_enqueued)
    except (ProducerError, LeadFileError) as error:
        return Stop(str(error), unsure=False)
    return None


def _refusal(bad: Bad, format_: str) -> str:
    where = f"record {bad.place.record}, line" if format_ == "json" else "line"
    return f"{where} {bad.place.line}: {bad.message}"
