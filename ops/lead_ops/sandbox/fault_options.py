"""The options that describe a fault on the command line, and the `Faults` that they mean.

It owns the options' names and the words that say, in brackets, whether the lead is created. What
is a sensible fault is for `Faults` to say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from .errors import SandboxError
from .faults import Faults, Kind, Scope

Command = TypeVar("Command", bound=Callable[..., Any])

_FLAGS: Mapping[Kind, str] = {
    Kind.HTML: "A page of HTML, with 200 or --status N. [not created]",
    Kind.DROP: "Close without an answer. [created]",
    Kind.DROP_BEFORE: "Close without an answer. [not created]",
    Kind.RESET: "Reset the connection (RST). [not created]",
    Kind.HANG: "Never answer, until the client leaves. [not created]",
    Kind.TRUNCATE: "Half of the answer, then close. [created]",
    Kind.GARBAGE: "Bytes that are no HTTP, then close. [not created]",
    Kind.OVERSIZE: "An answer of 2 MiB. [created]",
    Kind.LOSE_FIELDS: "200, but each field comes back empty. [created, empty]",
}

_OPTIONS = (
    click.option(
        "--status",
        type=int,
        metavar="N",
        help="Answer with this status. [not created; 200 to 299: created]",
    ),
    click.option(
        "--redirect",
        type=int,
        is_flag=False,
        flag_value=302,
        metavar="[N]",
        help="Redirect, with 302 or N, to where anything is answered with 200. [not created]",
    ),
    *(
        click.option("--" + kind.value.replace("_", "-"), kind.value, is_flag=True, help=text)
        for kind, text in _FLAGS.items()
    ),
    click.option(
        "--drip",
        type=float,
        is_flag=False,
        flag_value=0.25,
        metavar="[SECONDS]",
        help="One byte of the body each 0.25 s, or each SECONDS. [created]",
    ),
    click.option(
        "--latency",
        type=float,
        metavar="SECONDS",
        help="Answer so much later. [created, on arrival]",
    ),
    click.option(
        "--list-lag",
        type=float,
        metavar="SECONDS",
        help="List leads that are created meanwhile only so much later. [created]",
    ),
    click.option("--retry-after", metavar="TEXT", help="Send this Retry-After with the status."),
    click.option("--create/--no-create", default=None, help="Create the lead after all, or not."),
    click.option(
        "--rate", type=float, default=1.0, metavar="0..1", help="Only this share of them."
    ),
    click.option(
        "--seed",
        type=int,
        default=0,
        metavar="N",
        help="Seed of the dice for --rate.  [default: 0]",
    ),
    click.option(
        "--only", type=click.Choice(["post", "get"]), help="Only requests of this method."
    ),
    click.option("--only-agent", metavar="ID", help="Only leads with this agentId."),
    click.option("--match", metavar="TEXT", help="Only leads that hold this text somewhere."),
    click.option("--count", type=int, metavar="N", help="After N hits."),
    click.option("--for", "for_seconds", type=float, metavar="SECONDS", help="After so long."),
)


_SECTIONS: Mapping[str, tuple[str, ...]] = {
    "Which requests it hits": ("rate", "seed", "only", "only_agent", "match"),
    "When it ends": ("count", "for_seconds"),
    "Besides": ("port", "as_json"),
}


class FaultCommand(click.Command):
    """A command whose help has its many options in sections."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the sections; what is in none of `_SECTIONS` says what goes wrong."""
        rows: dict[str, list[tuple[str, str]]] = {"What goes wrong": []}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None:
                rows.setdefault(_section(param), []).append(record)
        for title, records in rows.items():
            with formatter.section(title):
                formatter.write_dl(records)


def _section(param: click.Parameter) -> str:
    if "--help" in param.opts:
        return "Besides"
    named = (title for title, names in _SECTIONS.items() if param.name in names)
    return next(named, "What goes wrong")


def fault_options(command: Command) -> Command:
    """Give a command the options of a fault; it hands them to `faults_from`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def faults_from(given: Mapping[str, Any]) -> Faults:
    """The fault that the options describe.

    Raises:
        SandboxError: two of them exclude each other, or a value is out of its range.
    """
    kind = _kind(given)
    drip = {} if given["drip"] is None else {"drip_seconds": given["drip"]}
    return Faults(
        kind=kind,
        status=given["status"] if kind is not Kind.REDIRECT else given["redirect"],
        retry_after=given["retry_after"],
        latency_seconds=given["latency"],
        list_lag_seconds=given["list_lag"],
        creates=given["create"],
        rate=given["rate"],
        seed=given["seed"],
        scope=Scope(given["only"] or "all"),
        only_agent=given["only_agent"],
        match=given["match"],
        count=given["count"],
        for_seconds=given["for_seconds"],
        **drip,
    )


def _kind(given: Mapping[str, Any]) -> Kind | None:
    kinds = [kind for kind in _FLAGS if given[kind.value]]
    kinds += [kind for kind in (Kind.REDIRECT, Kind.DRIP) if given[kind.value] is not None]
    names = ["--" + kind.value.replace("_", "-") for kind in kinds]
    if given["status"] is not None and kinds != [Kind.HTML]:
        names.insert(0, "--status")
    if len(names) > 1:
        raise SandboxError(f"expected one of {' and '.join(names)}, found {len(names)}")
    return kinds[0] if kinds else None
