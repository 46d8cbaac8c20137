"""`leads up`: everything that is needed, started, watched and stopped with one command.

It owns options and what `--once` prints; the run itself is `up.run`'s.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from lead_ops.context import FOLDER
from lead_ops.lead_files.lead_file import LeadFile
from lead_ops.render import count_words, say, say_json, span
from lead_ops.up.display import Display
from lead_ops.up.folder import UpFolder, usual_folder
from lead_ops.up.plan import make_plan
from lead_ops.up.plant import Plant
from lead_ops.up.run import UpRun
from lead_ops.up.stop_signals import Stopped, StopSignals

INTERRUPTED = 130


@click.command()
@click.option(
    "--once",
    "file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Enqueue FILE, wait until each of its leads is settled, print a summary, and stop.",
)
@click.option("--again", is_flag=True, help="With --once: also what an earlier run enqueued.")
@click.option("--json", "as_json", is_flag=True, help="With --once: print the summary as JSON.")
@click.option(
    "--in",
    "home",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep data and logs in DIR/.leads.  [default: the checkout]",
)
def up(file: Path | None, again: bool, as_json: bool, home: Path | None) -> int:
    """Run everything on this machine until Ctrl-C: Redis, workers, and what they deliver to.

    Redis is started unless LEADS_REDIS_URL is set. Without LEADS_API_TOKEN (or _FILE) leads go to
    the sandbox API on this machine, and some samples are enqueued the first time. There is one
    worker for each core. What dies is started again. Data stay for the next start.

    With --once it exits with 0 if each lead was delivered or is dead with a reason, else with 1.

    \b
      leads up
      leads up --once leads.jsonl
      LEADS_API_TOKEN_FILE=token leads up
    """
    if file is None and (again or as_json):
        raise click.UsageError("--again and --json are for --once FILE")
    os.umask(0o077)  # What is kept is personal data; this is for the processes too.
    plan = make_plan(os.environ, cores())
    folder = UpFolder(home.resolve() / FOLDER) if home else usual_folder()
    with ExitStack() as stack:
        leads = stack.enter_context(LeadFile.open(file)) if file else None
        signals = stack.enter_context(StopSignals())
        stack.enter_context(folder.taken())
        display = Display(stderr=as_json)
        plant = Plant(plan, folder, signals, display.event)
        run = stack.enter_context(UpRun(plant, folder, signals, display))
        return _go(run, leads, again, as_json)


def cores() -> list[int]:
    """The numbers of the cores that this process may use."""
    try:
        return sorted(os.sched_getaffinity(0))
    except AttributeError:  # not on Linux
        return list(range(os.cpu_count() or 1))


def _go(run: UpRun, leads: LeadFile | None, again: bool, as_json: bool) -> int:
    try:
        run.start()
        if leads is None:
            run.stay()
            return 0
        once, enqueueing = run.once(leads, again=again)
    except Stopped:
        return INTERRUPTED if leads else 0
    summary = once.summary(leads.name, enqueueing.tally)
    if as_json:
        say_json(summary)
    else:
        _say_summary(summary)
    return INTERRUPTED if once.under_way else int(not summary["ok"])


def _say_summary(summary: dict[str, Any]) -> None:
    leads = summary["enqueued"] + summary["already_there"]
    reasons = ", ".join(
        f"{number:,} {reason or 'without a reason'}"
        for reason, number in summary["dead_by_reason"].items()
    )
    named = ("delivered", "dead", "parked", "discarded", "erased", "forgotten", "under_way")
    counts = [
        f"{summary[name]:,} {name.replace('_', ' ')}"
        + (f" ({reasons})" if name == "dead" and reasons else "")
        for name in named
        if summary[name]
    ]
    style = "bold green" if summary["ok"] else "bold red"
    say((summary["file"], "bold"), ": ", (count_words(leads, "lead", "leads"), style))
    for text in (*counts, *_notes(summary)):
        say("  ", text)
    say("  ", (f"in {span(summary['seconds'])}", "dim"))


def _notes(summary: dict[str, Any]) -> list[str]:
    notes = []
    if summary["already_there"]:
        there = count_words(summary["already_there"], "was", "were")
        notes.append(f"{there} enqueued by an earlier run of this file; --again enqueues again")
    if summary["refused"]:
        refused = count_words(summary["refused"], "line was", "lines were")
        notes.append(f"{refused} refused and not enqueued, see above")
    return notes
