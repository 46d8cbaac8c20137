"""The leads that the options of a command choose, page by page, and how to go on after a page.

Of dead letters the groups' indexes are read; in other states only the record tells which group a
lead was in.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import click
from lead_worker.core.lifecycle import State
from lead_worker.core.selection import Selection
from lead_worker.store import Store
from lead_worker.store.letters import Cursor, Letter, Letters

from lead_ops.instants import write_instant

from .options import Asked, is_or_below, selection_of


@dataclass(frozen=True, slots=True)
class Chosen:
    """The leads of one state that were asked for.

    Attributes:
        groups: as asked for, where only the records tell which groups leads were in.
    """

    store: Store
    state: State
    selection: Selection
    groups: tuple[str, ...] = ()

    @classmethod
    def of(cls, asked: Asked, store: Store, state: State = State.DEAD) -> Chosen:
        """Choose by the options.

        Raises:
            OpsError, BadParameter: as `selection_of`.
        """
        if state is State.DEAD:
            return cls(store, state, selection_of(asked, store))
        return cls(store, state, selection_of(asked, store, with_groups=False), groups=asked.groups)

    def until(self, at: float) -> Chosen:
        """Those of them that came into the state before an instant."""
        upto = self.selection.until_at
        return replace(
            self, selection=replace(self.selection, until_at=at if upto is None else min(at, upto))
        )

    def walk(self, after: Cursor | None = None, *, with_raw: bool = False) -> Iterator[Letter]:
        """Read them page by page, the newest first; as `Letters.walk`."""
        letters = Letters(self.store).walk(
            self.selection, state=self.state, after=after, with_raw=with_raw
        )
        if not self.groups:
            return letters
        return (each for each in letters if self._is_in(each.listed.fields.get("group", "")))

    def _is_in(self, group: str) -> bool:
        return any(is_or_below(group, name) for name in self.groups)


def cursor_of(letter: Letter) -> str:
    """A cursor as text, by which a list goes on below a lead."""
    return f"{letter.listed.at!r}-{letter.listed.lead_id}"


def read_cursor(
    _context: click.Context, _parameter: click.Parameter, text: str | None
) -> Cursor | None:
    """Read a cursor.

    Raises:
        BadParameter: it is none.
    """
    if text is None:
        return None
    found = re.fullmatch(r"(\d{1,12}(?:\.\d{1,12})?)-([0-9a-f]{32})", text.strip())
    if not found:
        raise click.BadParameter("expected a cursor as leads dead list gives it, found another")
    return Cursor(float(found[1]), found[2])


def option_words(asked: Asked, selection: Selection) -> str:
    """The options as they would be typed again later; spans of time as the instants that they were.

    They hold what the operator typed, which may be personal data.
    """
    listed: list[tuple[str, Iterable[str]]] = [
        ("--group", asked.groups),
        ("--reason", asked.reasons),
        ("--status", asked.statuses),
        ("--source", asked.sources),
        ("--lane", asked.lanes),
        ("--since", _written(selection.since_at)),
        ("--until", _written(selection.until_at)),
        ("--where", (f"{where.path}={where.pattern}" for where in asked.wheres)),
    ]
    words = [f"{name} {shlex.quote(value)}" for name, values in listed for value in values]
    if asked.edited is not None:
        words.append("--edited" if asked.edited else "--not-edited")
    return " ".join(words)


def _written(at: float | None) -> tuple[str, ...]:
    return () if at is None else (write_instant(at),)
