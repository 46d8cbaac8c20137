"""What a spool has of a lead, as it is in the table and as everybody else sees it.

It owns the columns' order. It must not open a file, nor write to one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from .terms import Entry, Terms


class Parcel(NamedTuple):
    """The leads of one call, on their way into the spool.

    Attributes:
        tried: Redis may have got them.
    """

    namespace: str
    entries: Sequence[Entry]
    terms: Terms
    tried: bool


class Row(NamedTuple):
    """One lead in the spool.

    Attributes:
        seq: its place in the order, which no other lead has or had.
        spooled_at: since when it is here, in epoch seconds.
        tried: Redis may have got it already.
    """

    seq: int
    entry: Entry
    terms: Terms
    spooled_at: float
    tried: bool


@dataclass(frozen=True, slots=True)
class Contents:
    """What a spool has for one namespace.

    Attributes:
        leads, stored_bytes: how many, and how much JSON.
        oldest_at: since when the oldest is here, in epoch seconds.
        stale: how many of them a person has to look at (`STALE_SECONDS`).
    """

    namespace: str
    leads: int
    stored_bytes: int
    oldest_at: float
    stale: int


def _holder_of(
    connection: sqlite3.Connection, namespace: str, entry: Entry, alike_since: float
) -> str | None:
    for column, digest, since in (
        ("key", entry.key, 0.0),
        ("content", entry.content, alike_since),
    ):
        if digest:
            found = connection.execute(
                f"SELECT lead_id FROM spool WHERE namespace = ? AND {column} = ?"  # noqa: S608
                f" AND {column} <> '' AND spooled_at > ? ORDER BY seq LIMIT 1",
                (namespace, digest, since),
            ).fetchone()
            if found:
                return str(found[0])
    return None


def insert(connection: sqlite3.Connection, parcel: Parcel, now_at: float) -> dict[int, str]:
    """Put a call's leads into the table; gives position and holder's id of each that is there."""
    namespace, entries, terms, tried = parcel
    holders: dict[int, str] = {}
    for position, entry in enumerate(entries):
        holder = _holder_of(connection, namespace, entry, now_at - terms.dedupe_seconds)
        if holder:
            holders[position] = holder
        else:
            connection.execute(
                "INSERT INTO spool VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (namespace, *_cells_of(entry, terms), now_at, tried, entry.raw),
            )
    return holders


def _cells_of(entry: Entry, terms: Terms) -> tuple[Any, ...]:
    return (
        *(entry.lead_id, entry.key, entry.content),
        *(terms.lane, terms.source, terms.dedupe_seconds, terms.durable, terms.trace),
    )


def row_of(cells: tuple[Any, ...]) -> Row:
    seq, _, lead_id, key, content, *rest = cells
    lane, source, dedupe, durable, trace, spooled_at, tried, raw = rest
    terms = Terms(lane, source, dedupe, bool(durable), trace)
    return Row(seq, Entry(seq, lead_id, key, content, raw), terms, spooled_at, bool(tried))
