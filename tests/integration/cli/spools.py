"""Spools for tests of the command: filled as an app fills them while Redis is away."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from lead_producers.bulk import CHUNK, entry_of
from lead_producers.spool_file import STALE_SECONDS, SpoolFile
from lead_producers.spool_rows import Parcel
from lead_producers.terms import Entry, Terms
from lead_producers.wire import Deadline

LEAD = {"name": "Ana Souza", "email": "ana@example.com"}


def fill(path: Path, namespace: str, number: int, *, key: str | None = None) -> list[str]:
    """Put leads into a spool; gives their ids."""
    terms = Terms("live")
    keys = (f"{key}-{index}" if key else None for index in range(number))
    return put(path, namespace, (entry_of(0, LEAD, each, terms) for each in keys))


def put(path: Path, namespace: str, entries: Iterable[Entry], *, tried: bool = False) -> list[str]:
    """Put leads that are ready to be sent into a spool; gives their ids."""
    waiting = list(entries)
    file = SpoolFile(path)
    for at in range(0, len(waiting), CHUNK):
        chunk = waiting[at : at + CHUNK]
        file.put(Parcel(namespace, chunk, Terms("live"), tried), Deadline(30))
    file.close()
    return [entry.lead_id for entry in waiting]


def fill_stale(path: Path, namespace: str, number: int) -> list[str]:
    """Put leads there that Redis may have got, and that are older than a person should leave."""
    entries = [entry_of(0, LEAD, None, Terms("live")) for _ in range(number)]
    ids = put(path, namespace, entries, tried=True)
    execute(path, f"UPDATE spool SET spooled_at = spooled_at - {STALE_SECONDS + 60} WHERE tried")
    return ids


def execute(path: Path, statement: str) -> list[Any]:
    """Run a statement on the file, behind the back of the spool."""
    with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as connection:
        return connection.execute(statement).fetchall()


def left(path: Path) -> int:
    """How many leads are in a spool."""
    return int(execute(path, "SELECT count(*) FROM spool")[0][0])
