"""`leads dead export` and `leads dead import`: dead letters into a file, and back when mended.

It owns options and wording. What is in a file is `letter_files`', what becomes of each letter
`importing`'s.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import click
from lead_worker.core.selection import words
from lead_worker.store import StoreError

from lead_ops import context
from lead_ops.acting import act_entry
from lead_ops.choosing.chosen import Chosen
from lead_ops.choosing.options import Asked, takes_filters
from lead_ops.fleet_settings import fleet_settings
from lead_ops.lead_files.lead_lines import Bad, Place
from lead_ops.letter_files.exporting import Export
from lead_ops.letter_files.importing import Fate, Importer, Taken
from lead_ops.letter_files.letter import Imported
from lead_ops.letter_files.letter_file import FORMATS, read_letters
from lead_ops.letter_files.private_file import private_file
from lead_ops.mending.mender import Mender
from lead_ops.operator import given_reason, operator
from lead_ops.progress import Bar
from lead_ops.render import count_words, say, say_json

BLOCK = 65_536
INTERRUPTED = 130
KEPT_REFUSALS = 1000
"""So many are in the JSON summary; all of them are counted, and said on standard error."""


@click.command(short_help="Dead letters into a file, to be mended elsewhere.")
@click.argument("file", metavar="FILE|-")
@takes_filters()
@click.option("--format", "format_", type=click.Choice(FORMATS), help="Else by the file's name.")
@click.option("--overwrite", is_flag=True, help="Replace a file that is there.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def export(*, file: str, asked: Asked, format_: str | None, overwrite: bool, as_json: bool) -> None:
    """Write dead letters to FILE, which only you can read: JSON lines, or CSV for a spreadsheet.

    It holds personal data, and erasing a lead does not reach it: delete it when it has served.

    \b
      leads dead export bad.csv --group invalid
      leads dead export - --since 2d | jq -r .raw.email
    """
    if file == "-" and as_json:
        raise click.UsageError("--json is for a summary, and standard output takes the letters")
    queue = context.for_command()
    store = queue.open_store()
    chosen = Chosen.of(asked, store)
    about = words(chosen.selection)
    export = Export(chosen.until(store.counts().now_at))
    # Before: whoever is interrupted has taken letters all the same.
    store.log({"event": "export_begun", "by": operator(), "about": about})
    format_ = format_ or ("csv" if file.lower().endswith(".csv") else "jsonl")
    with ExitStack() as stack:
        out = stack.enter_context(_target(file, overwrite=overwrite))
        bar = stack.enter_context(
            nullcontext() if file == "-" else Bar("exporting", beside="leads")
        )
        for piece in export.pieces(format_):
            out.write(piece)
            if bar and export.number % 100 == 0:
                bar.move(0, number=export.number)
    store.log({"event": "exported", "by": operator(), "leads": export.number, "about": about})
    if as_json:
        say_json({"file": file, "format": format_, "leads": export.number})
    else:
        leads = count_words(export.number, "dead letter", "dead letters")
        where = "" if file == "-" else f" to {file}, which only you can read"
        say(f"wrote {leads}{where}", stderr=file == "-")


def _target(file: str, *, overwrite: bool) -> AbstractContextManager[BinaryIO]:
    if file == "-":
        return nullcontext(sys.stdout.buffer)
    return private_file(Path(file), overwrite=overwrite)


@click.command("import", short_help="Letters back from a file, mended; ids are kept.")
@click.argument("file", metavar="FILE|-")
@click.option("--format", "format_", type=click.Choice(FORMATS), help="Else told by looking at it.")
@click.option("--reason", callback=given_reason, help="Why, for timelines and the audit trail.")
@click.option("--bring-in", is_flag=True, help="Also leads that are not here, as dead letters.")
@click.option("--dry-run", is_flag=True, help="Say what would be, and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def import_(
    *,
    file: str,
    format_: str | None,
    reason: str | None,
    bring_in: bool,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Take letters back that `leads dead export` wrote and somebody mended.

    Each is told by its id. One that differs from the dead letter here is an edit of it, if the
    schema accepts it, also of what was discarded meanwhile. In CSV only cells that were changed
    count. Run twice, it changes nothing more.

    With --bring-in a lead that is not here comes in as a dead letter: for another queue. JSON lines
    keep its types; in CSV all is text.

    \b
      leads dead import bad.csv --reason "checked by sales"
      leads replay start --edited
    """
    queue = context.for_command()
    store = queue.open_store()
    rules = fleet_settings(store, queue.settings).rules
    mender = Mender(store, rules, reason, dry_run, many=True)
    if not dry_run:
        begun = act_entry("import_begun", reason)
        store.log(begun)
    run = Run(Importer(mender, bring_in=bring_in))
    with ExitStack() as stack:
        source = _source(file, stack)
        size = None if file == "-" else Path(file).stat().st_size
        bar = stack.enter_context(Bar("importing", size, beside="leads"))
        run.say = bar.say
        stopped = _carry_out(run, _blocks(source, run, bar), format_)
    _say_summary(run, dry_run=dry_run, as_json=as_json, complete=not stopped)
    if stopped:
        say(
            "stopped before the end: run the same command again, nothing is done twice", stderr=True
        )
        if isinstance(stopped, Exception):
            raise stopped
        return INTERRUPTED
    return 1 if run.tally[Fate.REFUSED] else 0


@dataclass(slots=True)
class Run:
    """One import, and what has become of its letters so far."""

    importer: Importer
    tally: Counter[str] = field(default_factory=Counter)
    refusals: list[dict[str, object]] = field(default_factory=list, repr=False)
    say: Callable[[str], None] = print

    def take(self, letters: Iterator[Imported | Bad]) -> None:
        """Take letters to their end."""
        for letter in letters:
            if isinstance(letter, Bad):
                self._refuse(letter.place, "", Taken(Fate.REFUSED, problem=letter.message))
                continue
            taken = self.importer.take(letter)
            self.tally["restored"] += taken.restored
            if taken.fate is Fate.REFUSED:
                self._refuse(letter.place, letter.lead_id, taken)
            else:
                self.tally[taken.fate] += 1

    @property
    def number(self) -> int:
        """How many letters were taken or refused."""
        return sum(self.tally[fate] for fate in Fate)

    def _refuse(self, place: Place, lead_id: str, taken: Taken) -> None:
        self.tally[Fate.REFUSED] += 1
        errors = [f"{each.path or 'the lead'}: {each.message}" for each in taken.errors]
        message = "; ".join([taken.problem, *errors[:3]])
        self.say(f"line {place.line}: {f'{lead_id}: ' if lead_id else ''}{message}")
        if len(self.refusals) < KEPT_REFUSALS:
            self.refusals.append({"line": place.line, "id": lead_id or None, "message": message})


def _carry_out(
    run: Run, blocks: Iterator[bytes], format_: str | None
) -> KeyboardInterrupt | StoreError | None:
    """Run to the end; gives what stopped it before."""
    try:
        run.take(read_letters(blocks, format_))
    except (KeyboardInterrupt, StoreError) as stop:
        return stop
    return None


def _source(file: str, stack: ExitStack) -> BinaryIO:
    if file == "-":
        return sys.stdin.buffer
    return stack.enter_context(Path(file).open("rb"))


def _blocks(source: BinaryIO, run: Run, bar: Bar) -> Iterator[bytes]:
    done = 0
    while block := source.read(BLOCK):
        yield block
        done += len(block)
        bar.move(done, number=run.number)


def _say_summary(run: Run, *, dry_run: bool, as_json: bool, complete: bool) -> None:
    tally = run.tally
    if as_json:
        counts = {fate.value: tally[fate] for fate in Fate} | {"restored": tally["restored"]}
        say_json({**counts, "refusals": run.refusals, "complete": complete, "dry_run": dry_run})
        return
    would = "would be " if dry_run else ""
    told = [
        f"{tally[Fate.MENDED]:,} {would}mended",
        f"{tally[Fate.BROUGHT_IN]:,} {would}brought in",
        f"{tally[Fate.UNCHANGED]:,} unchanged",
        f"{tally[Fate.REFUSED]:,} refused",
    ]
    if tally["restored"]:
        told.insert(2, f"{tally['restored']:,} {would}restored")
    say(", ".join(told))
    if tally[Fate.MENDED] and not dry_run:
        say("next: leads replay start --edited")
