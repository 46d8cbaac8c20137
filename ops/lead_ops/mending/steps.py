"""The options that say how leads are corrected: `--set`, `--unset`, `--move`, in any order.

It owns that the steps are made in the order in which they stand on the command line; click gives
options of one name together. What a step does is `core/change.py`'s.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

import click
from lead_worker.core.change import Change, parse_move, parse_set, parse_unset

_ORDER = f"{__name__}.order"


class StepsInOrder(click.Command):
    """A command that knows in which order its steps were given."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not ctx.resilient_parsing:
            _, _, order = self.make_parser(ctx).parse_args(list(args))
            ctx.meta[_ORDER] = [each.name for each in order if each.name in _PARSERS]
        return super().parse_args(ctx, args)


def takes_steps(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command of the class `StepsInOrder` the options, as one argument `steps`."""

    @functools.wraps(command)
    def wrapped(*args: Any, **given: Any) -> Any:
        found = {name: iter(given.pop(name)) for name in _PARSERS}
        order: list[str] = click.get_current_context().meta[_ORDER]
        return command(*args, steps=tuple(next(found[name]) for name in order), **given)

    for option, name, metavar, help_ in reversed(_OPTIONS):
        add = click.option(
            option, name, callback=_steps, multiple=True, metavar=metavar, help=help_
        )
        wrapped = add(wrapped)
    return wrapped


_PARSERS: dict[str, Callable[[str], Change | str]] = {
    "sets": parse_set,
    "unsets": parse_unset,
    "moves": parse_move,
}
_OPTIONS = (
    ("--set", "sets", "PATH=TEXT", "Give a field this text; PATH:=JSON for any other value."),
    ("--unset", "unsets", "PATH", "Take a field away."),
    ("--move", "moves", "FROM=TO", "Take a field's value to another one that has none."),
)


def _steps(
    _context: click.Context, parameter: click.Parameter, given: Iterable[str]
) -> tuple[Change, ...]:
    """Read the steps of one option.

    Raises:
        BadParameter: one cannot be read; the text quotes no value.
    """
    found = []
    for text in given:
        step = _PARSERS[str(parameter.name)](text)
        if isinstance(step, str):
            raise click.BadParameter(step)
        found.append(step)
    return tuple(found)
