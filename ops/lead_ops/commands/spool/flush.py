"""`leads spool flush`: what is in a spool into Redis, for an app that does not do it any more.

It owns options, questions and wording; `spools.sending` does it.
"""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from typing import Any

import click
from lead_producers import ProducerError, SpoolError
from lead_producers.connection import Line
from lead_producers.keys import Keys
from lead_producers.script import EnqueueScript
from lead_producers.spool_rows import Contents
from lead_worker.store.reading import Reading

from lead_ops import context
from lead_ops.confirming import confirm
from lead_ops.progress import Bar
from lead_ops.redis_trouble import producer_words
from lead_ops.render import count_words, say, say_json
from lead_ops.spools.opening import SpoolPathError, explained, open_spool
from lead_ops.spools.sending import Reached, Sending
from lead_ops.spools.wording import spool_path

TIMEOUT_SECONDS = 10.0
"""The bound on one call: a person can wait where a web request cannot."""

INTERRUPTED = 130
STOPPED_BY_HAND = "interrupted"
NOTHING = "nothing was sent on"
AGAIN = "the same command goes on, and enqueues nothing twice"
WAITING = "another process is sending this spool on: waiting until it ends"


@dataclass(frozen=True, slots=True)
class Run:
    """What is sent on, from where to where."""

    sending: Sending
    path: str
    namespace: str
    where: str
    others: list[Contents]


@click.command(short_help="Send on what is in it, to Redis.")
@click.argument("file", metavar="[FILE]", required=False)
@click.option("--stale", is_flag=True, help="Also those that could arrive twice; asks before.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def flush(*, file: str | None, stale: bool, yes: bool, as_json: bool) -> int:
    """Send on what is in the spool FILE for LEADS_NAMESPACE, to the Redis of LEADS_REDIS_URL.

    A lead leaves the spool when Redis has confirmed it, so that it can be interrupted and repeated:
    none is lost, and none is enqueued twice. The exit code is 0 only if none of the namespace is
    left.

    \b
      leads spool flush /var/lib/shop/leads.spool
      LEADS_NAMESPACE=spring leads spool flush --json
    """
    queue = context.for_command()
    spool = open_spool(spool_path(file, queue.settings.spool))
    with ExitStack() as stack:
        stack.callback(spool.close)
        script = stack.enter_context(closing(_script(queue)))
        try:
            sending = Sending(spool, script, stale=stale)
            others = [each for each in spool.contents() if each.namespace != script.namespace]
        except SpoolError as error:
            raise SpoolPathError(explained(error)) from None
        run = Run(sending, str(spool.path), script.namespace, script.where, others)
        return _send(run, queue, stale=stale, yes=yes, as_json=as_json)


def _script(queue: context.Context) -> EnqueueScript:
    settings = queue.settings
    try:
        line = Line(settings.redis_url, timeout_seconds=TIMEOUT_SECONDS, max_connections=1)
    except (ValueError, TypeError):
        raise context.unreadable_address() from None
    return EnqueueScript(line, Keys(settings.namespace), TIMEOUT_SECONDS)


def _send(run: Run, queue: context.Context, *, stale: bool, yes: bool, as_json: bool) -> int:
    """Ask what there is to ask, send on, and say how far it came; gives the exit code."""
    stopped = None
    if run.sending.wanted:
        leads = count_words(run.sending.wanted, "lead", "leads")
        what = f"{leads} of namespace {run.namespace} from {run.path}"
        say(f"sending {what} to Redis at {run.where}", stderr=True)
        stopped = _carry_out(run, queue, stale=stale, yes=yes)
    reached = run.sending.reached()
    if as_json:
        say_json(_json(run, reached, complete=stopped is None))
    elif stopped is None:
        _say_done(run, reached)
    if stopped is None:
        return 1 if reached.left else 0
    say(("leads: ", "red"), f"{stopped}; {_how_far(reached)}", stderr=True)
    return INTERRUPTED if stopped == STOPPED_BY_HAND else 1


def _carry_out(run: Run, queue: context.Context, *, stale: bool, yes: bool) -> str | None:
    """Send on; gives what stopped it, in words, if anything did.

    Raises:
        SpoolPathError: the spool did, so that nobody can say how far it came.
        OpsError, UsageError: as `confirm`.
    """
    try:
        run.sending.ask()
        _ask_person(run, queue, stale=stale, yes=yes)
        with Bar("sending on", run.sending.wanted, beside="leads") as bar:
            run.sending.run(
                lambda: bar.say(WAITING),
                lambda done: bar.move(done, total=max(done, run.sending.wanted), number=done),
            )
    except KeyboardInterrupt:
        return STOPPED_BY_HAND
    except SpoolError as error:
        raise SpoolPathError(f"{explained(error)}; {AGAIN}") from None
    except ProducerError as error:
        return producer_words(error, queue)
    return None


def _ask_person(run: Run, queue: context.Context, *, stale: bool, yes: bool) -> None:
    """Before leads go to a Redis that may be another than was meant, or may go a second time."""
    warning = ("warning: ", "yellow")
    if Reading(queue.open_store()).format() is None:
        there = f"this Redis has never had a lead of namespace {run.namespace}"
        say(warning, f"{there}: is it the one that the workers use?", stderr=True)
        confirm("Send them there", yes=yes, nothing=NOTHING)
    number = run.sending.begun_with.stale
    if stale and number:
        leads = count_words(number, "lead", "leads")
        say(warning, f"{leads} could arrive a second time: leads spool status", stderr=True)
        confirm("Send those on too", yes=yes, nothing=NOTHING)


def _how_far(reached: Reached) -> str:
    done = reached.sent + reached.duplicates + reached.by_another
    before = count_words(done, "lead was", "leads were") + " sent on before" if done else NOTHING
    return f"{before}, {reached.left:,} wait in the spool: {AGAIN}"


def _json(run: Run, reached: Reached, *, complete: bool) -> dict[str, Any]:
    others = [{"namespace": each.namespace, "leads": each.leads} for each in run.others]
    about = {"file": run.path, "namespace": run.namespace, "redis": run.where}
    return {**about, **asdict(reached), "complete": complete, "others": others}


def _say_done(run: Run, reached: Reached) -> None:
    if not run.sending.begun_with.leads:
        say(f"no lead of namespace {run.namespace} waits in {run.path}")
    elif run.sending.wanted:
        sent = count_words(reached.sent, "lead", "leads")
        say(f"{sent} sent on, {count_words(reached.duplicates, 'duplicate', 'duplicates')}")
    if reached.by_another:
        say(f"{count_words(reached.by_another, 'lead', 'leads')} sent on by another process")
    if reached.stale:
        need = count_words(reached.stale, "lead needs a look", "leads need a look")
        where = "where it is" if reached.stale == 1 else "where they are"
        say((need, "yellow"), f" and stayed {where}: leads spool status")
    for each in run.others:
        leads = count_words(each.leads, "lead", "leads")
        say(f"{leads} of namespace {each.namespace} stayed: they need LEADS_NAMESPACE set to it")
