"""`leads spool status`: how many leads wait in a spool, since when, and which need a person."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from lead_producers import SpoolError
from lead_producers.spool_file import STALE_SECONDS, SpoolFile
from lead_producers.spool_rows import Contents
from lead_worker import settings

from lead_ops.context import TOKENS
from lead_ops.render import ago, count_words, say, say_json, span, table
from lead_ops.spools.opening import (
    SpoolPathError,
    explained,
    is_being_sent,
    open_spool,
    size_bytes,
    stale_ids,
)
from lead_ops.spools.wording import size_words, spool_path

SHOWN = 3
"""The most ids of stale leads that a person is shown."""

COLUMNS = ("namespace", "leads", "size", "oldest", "to look at")


@dataclass(frozen=True, slots=True)
class Sight:
    """What was seen of one spool.

    Attributes:
        size_bytes: of the file, on the disk.
        being_sent: whether a process is sending it on.
        stale_ids: of each namespace, the ids of the first that a person has to look at.
    """

    path: Path
    size_bytes: int
    being_sent: bool
    contents: list[Contents]
    stale_ids: dict[str, list[str]]
    now_at: float

    @property
    def stale(self) -> int:
        return sum(each.stale for each in self.contents)


@click.command(short_help="How many leads wait in it, and since when.")
@click.argument("file", metavar="[FILE]", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(file: str | None, as_json: bool) -> None:
    """Show how many leads wait in the spool FILE, for which namespaces and since when.

    Redis is not asked. `to look at` counts those that may have been in Redis, and have lain here
    for more than five days: an app leaves those, since they could arrive twice.

    \b
      leads spool status /var/lib/shop/leads.spool
      leads spool status --json | jq .leads
    """
    environ = {name: value for name, value in os.environ.items() if name not in TOKENS}
    path = spool_path(file, "" if file else settings.load(environ).spool)
    sight = _look(open_spool(path))
    if as_json:
        say_json(_json(sight))
    else:
        _say(sight)


def _look(file: SpoolFile) -> Sight:
    try:
        contents = file.contents()
        ids = {c.namespace: stale_ids(file, c.namespace) for c in contents if c.stale}
        size, sent = size_bytes(file), is_being_sent(file)
        return Sight(file.path, size, sent, contents, ids, time.time())
    except SpoolError as error:
        raise SpoolPathError(explained(error)) from None
    finally:
        file.close()


def _json(sight: Sight) -> dict[str, Any]:
    return {
        "file": str(sight.path),
        "file_bytes": sight.size_bytes,
        "being_sent": sight.being_sent,
        "leads": sum(each.leads for each in sight.contents),
        "stale": sight.stale,
        "namespaces": [
            {
                "namespace": each.namespace,
                "leads": each.leads,
                "bytes": each.stored_bytes,
                "oldest_at": each.oldest_at,
                "stale": each.stale,
                "stale_ids": sight.stale_ids.get(each.namespace, []),
            }
            for each in sight.contents
        ],
    }


def _say(sight: Sight) -> None:
    size = f", {size_words(sight.size_bytes)} on the disk"
    say(("spool ", "dim"), (str(sight.path), "bold"), (size, "dim"))
    if not sight.contents:
        say("empty: no lead waits here")
        return
    table(
        COLUMNS,
        (
            (
                each.namespace,
                f"{each.leads:,}",
                size_words(each.stored_bytes),
                ago(each.oldest_at, sight.now_at),
                f"{each.stale:,}",
            )
            for each in sight.contents
        ),
    )
    if sight.being_sent:
        say("a process is sending them on now")
    elif sight.stale < sum(each.leads for each in sight.contents):
        say("the app sends them on when Redis is back; if it runs no more: leads spool flush")
    if sight.stale:
        _say_stale(sight)


def _say_stale(sight: Sight) -> None:
    """Why they were left, how to find out more, and what can be done."""
    need = count_words(sight.stale, "lead needs a look", "leads need a look")
    say(
        (need, "yellow"),
        f": Redis may have got them more than {span(STALE_SECONDS)} ago, delivered them and"
        " forgotten them since. Sent on, those would arrive a second time; what Redis still knows"
        " would not.",
    )
    ids = [each for found in sight.stale_ids.values() for each in found]
    for lead_id in ids[:SHOWN]:
        say(f"  leads show {lead_id}")
    if sight.stale > SHOWN:
        say(f"  and {sight.stale - len(ids[:SHOWN]):,} more: --json")
    say("to send them on all the same: leads spool flush --stale")
