"""The options by which a command is told which dead letters are meant, and what they come to.

It owns their names and their errors. Which leads they take is `core/selection.py`'s.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import click
from lead_producers.keys import LANES
from lead_worker.core.lifecycle import Reason
from lead_worker.core.selection import Selection, Where, parse_where
from lead_worker.store import Store
from lead_worker.store.letters import Letters

from lead_ops.errors import OpsError
from lead_ops.instants import read_instant

_INSTANT = "TIME is a span before now (90min, 6h, 2d) or a date, with or without a time."


@dataclass(frozen=True, slots=True)
class Asked:
    """What the options say, as it was given."""

    groups: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    lanes: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None
    wheres: tuple[Where, ...] = ()
    edited: bool | None = None

    @property
    def is_nothing(self) -> bool:
        """Whether no option was given, so that all dead letters would be meant."""
        return self == Asked()


def takes_filters(*, reason: bool = True) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command the options, as one argument `asked`.

    Args:
        reason: whether `--reason` is one of them; it is not where it says why something is done,
            and `--group REASON` does the same there.
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def wrapped(*args: Any, **given: Any) -> Any:
            named = {name: given.pop(option, ()) for option, name in _FIELDS.items()}
            return command(*args, asked=Asked(**named), **given)

        for add in reversed(_options(reason=reason)):
            wrapped = add(wrapped)
        return wrapped

    return decorate


_FIELDS = {
    "in_group": "groups",
    "of_reason": "reasons",
    "of_status": "statuses",
    "of_source": "sources",
    "in_lane": "lanes",
    "since": "since",
    "until": "until",
    "where": "wheres",
    "edited": "edited",
}


def _options(*, reason: bool) -> list[Callable[..., Any]]:
    option = functools.partial(click.option, multiple=True)
    found = [
        option("--group", "in_group", metavar="NAME", help="Of this group, or of all below it."),
        option(
            "--reason",
            "of_reason",
            type=click.Choice([r.value for r in Reason]),
            help="Dead for this reason.",
        ),
        option("--status", "of_status", metavar="CODE", help="The API answered this, such as 422."),
        option("--source", "of_source", metavar="TEXT", help="Enqueued with this source."),
        option("--lane", "in_lane", type=click.Choice(LANES), help="In this lane."),
        click.option("--since", metavar="TIME", help=f"Dead since then. {_INSTANT}"),
        click.option("--until", metavar="TIME", help="Dead until then."),
        option(
            "--where",
            callback=_wheres,
            metavar="PATH=VALUE",
            help="This field has this value; * stands for anything. May be repeated: all must fit.",
        ),
        click.option("--edited/--not-edited", default=None, help="Mended by hand, or not yet."),
    ]
    return found if reason else [each for n, each in enumerate(found) if n != 1]


def _wheres(
    _context: click.Context, _parameter: click.Parameter, given: Iterable[str]
) -> tuple[Where, ...]:
    """Read the conditions.

    Raises:
        BadParameter: one cannot be read.
    """
    found = []
    for text in given:
        where = parse_where(text)
        if isinstance(where, str):
            raise click.BadParameter(where)
        found.append(where)
    return tuple(found)


def selection_of(asked: Asked, store: Store, *, with_groups: bool = True) -> Selection:
    """What was asked for, with instants and the names of groups.

    Args:
        with_groups: whether to look the groups up, which only dead letters are in.

    Raises:
        OpsError: there is no such group, so nothing could be found.
        BadParameter: a time cannot be read.
    """
    now_at = store.counts().now_at
    return Selection(
        groups=_groups(asked.groups, store) if with_groups else frozenset(),
        reasons=frozenset(asked.reasons),
        statuses=frozenset(asked.statuses),
        sources=frozenset(asked.sources),
        lanes=frozenset(asked.lanes),
        since_at=_instant("--since", asked.since, now_at),
        until_at=_instant("--until", asked.until, now_at),
        wheres=asked.wheres,
        edited=asked.edited,
    )


def is_or_below(name: str, asked: str) -> bool:
    """Whether a group is the one that was asked for, or one below it."""
    return name == asked or name.startswith(f"{asked}:")


def _groups(asked: Iterable[str], store: Store) -> frozenset[str]:
    """The groups of a name, and those below it: `rejected`, `rejected:status_422`."""
    found: set[str] = set()
    names = [group.name for group in Letters(store).groups()] if asked else []
    for name in asked:
        fits = {known for known in names if is_or_below(known, name)}
        if not fits:
            raise OpsError(
                f"no dead letter is in a group {name[:80]!r}: leads dead shows the groups"
            )
        found |= fits
    return frozenset(found)


def _instant(option: str, text: str | None, now_at: float) -> float | None:
    if text is None:
        return None
    found = read_instant(text, now_at)
    if found is None:
        raise click.BadParameter(
            f"expected a span before now such as 6h, or a time such as 2025-03-01T14:00,"
            f" found {text[:40]!r}",
            param_hint=f"'{option}'",
        )
    return found
