"""`leads sandbox`: run the stand-in for the API, and make it misbehave.

It owns options, wording and the process's signals; what a fault means is `lead_ops.sandbox`'s. No
option takes a token.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import click

from lead_ops.context import find_running
from lead_ops.render import count_words, say_json, table
from lead_ops.sandbox import SandboxError, SandboxServer
from lead_ops.sandbox.fault_options import FaultCommand, fault_options, faults_from
from lead_ops.sandbox.remote import RemoteSandbox
from lead_ops.sandbox.tokens import VARIABLE, read_tokens
from lead_ops.sandbox.view import (
    JOURNAL_COLUMNS,
    LEAD_COLUMNS,
    active_lines,
    journal_row,
    lead_row,
    overview_lines,
)
from lead_ops.up.stop_signals import StopSignals

DEFAULT_PORT = 8089
WAIT_SECONDS = 60.0
"""How long to sleep at once while nothing asks to stop; any number would do."""

_Command = TypeVar("_Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Given:
    """The options of the group, for the command that follows."""

    port: int | None
    token_file: Path | None


@dataclass(frozen=True, slots=True)
class Target:
    """Which sandbox a command is for."""

    port: int
    token_file: Path | None

    def connect(self) -> RemoteSandbox:
        """The sandbox's client."""
        return RemoteSandbox(self.port, read_tokens(os.environ, self.token_file)[0])


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    metavar="N",
    help=f"Port on 127.0.0.1; 0 takes a free one.  [default: {DEFAULT_PORT}; commands: that of the"
    " `ops/up` that runs here]",
)
@click.option(
    "--token-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=f"File with the token (or several). Without: {VARIABLE}, else 'sandbox-token'.",
)
@click.option(
    "--data",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Keep the created leads in this file (JSON lines, mode 0600) over a restart.",
)
@click.pass_context
def sandbox(
    context: click.Context, port: int | None, token_file: Path | None, data: Path | None
) -> None:
    """A stand-in for the leads API, on this machine only, for trying things out.

    Without a command it runs until Ctrl-C. It answers POST and GET /rest/leads as the real API
    does, as far as that is known, and can be made to misbehave from another terminal while it runs.
    What it creates has ids that begin with "sandbox_".

    \b
      leads sandbox                       run it
      leads sandbox fault --status 503    be out of order, from another terminal
      leads sandbox show                  what it has seen
      leads sandbox clear                 behave again
    """
    context.obj = Given(port, token_file)
    if context.invoked_subcommand is None:
        _run(
            SandboxServer(
                DEFAULT_PORT if port is None else port,
                read_tokens(os.environ, token_file),
                data=data,
            )
        )
    elif data is not None:
        raise click.UsageError("--data is for running the sandbox, without a command")


def _run(server: SandboxServer) -> None:
    with StopSignals() as signals, server:
        click.echo(f"sandbox API ready on {server.url} (not the real API)")
        while not signals.asked:
            signals.wait(WAIT_SECONDS)


def _asks(command: _Command) -> _Command:
    """The options of each command that asks a running sandbox."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print JSON."),
        click.option(
            "--port", type=click.IntRange(1, 65_535), metavar="N", help="Where the sandbox listens."
        ),
    ):
        command = option(command)
    return command


def _target(context: click.Context, port: int | None) -> Target:
    given: Given = context.obj
    ports = (each for each in (port, given.port) if each is not None)
    named = next(ports, None)
    return Target(_running_port() if named is None else named, given.token_file)


def _running_port() -> int:
    """The port of the sandbox that a `leads up` runs here; the usual one where none does."""
    running = find_running()
    if running is None or not running.sandbox:
        return DEFAULT_PORT
    try:
        return urlsplit(running.environ.get("LEADS_API_URL", "")).port or DEFAULT_PORT
    except ValueError:
        return DEFAULT_PORT


@sandbox.command(cls=FaultCommand)
@fault_options
@_asks
@click.pass_context
def fault(context: click.Context, /, port: int | None, as_json: bool, **given: Any) -> None:
    """Let something go wrong from now on.

    In brackets: whether a valid lead is created all the same; --create and --no-create say
    otherwise, but not for --drop, --drop-before and --lose-fields. Faults add up until they end or
    are cleared; of two that hit one request the newer decides. Only /rest is hit, whether the token
    is right or not.

    \b
      leads sandbox fault --status 503 --rate 0.3 --retry-after 3 --for 60
      leads sandbox fault --status 500 --create   fails after creating the lead
      leads sandbox fault --drop --only-agent a1  one agent's leads are poison
    """
    try:
        faults = faults_from(given)
    except SandboxError as error:
        raise click.UsageError(str(error)) from None
    active = _target(context, port).connect().add_fault(faults)
    if as_json:
        say_json(active)
    else:
        click.echo("\n".join(["in force:", *active_lines(active)]))


@sandbox.command()
@click.argument("number", type=click.IntRange(1), required=False)
@_asks
@click.pass_context
def clear(context: click.Context, number: int | None, port: int | None, as_json: bool) -> None:
    """End all faults, or the one with this NUMBER."""
    cleared = _target(context, port).connect().clear(number)
    if number is not None and not cleared:
        raise SandboxError(f"no fault {number} is in force: 'leads sandbox show' lists them")
    if as_json:
        say_json({"cleared": cleared})
    else:
        click.echo(f"{count_words(cleared, 'fault', 'faults')} cleared")


@sandbox.command()
@_asks
@click.pass_context
def show(context: click.Context, port: int | None, as_json: bool) -> None:
    """Requests by status, leads, faults in force."""
    target = _target(context, port)
    overview = target.connect().overview()
    if as_json:
        say_json(overview)
    else:
        click.echo("\n".join(overview_lines(target.port, overview)))


def _last(command: _Command) -> _Command:
    return click.option(
        "--last", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many."
    )(command)


@sandbox.command()
@_last
@_asks
@click.pass_context
def leads(context: click.Context, last: int, port: int | None, as_json: bool) -> None:
    """The leads that were created, the newest last."""
    total, found = _target(context, port).connect().leads(last)
    if as_json:
        say_json({"total": total, "leads": found})
    else:
        table(LEAD_COLUMNS, map(lead_row, found), keep=2)
        click.echo(f"{len(found)} of {total} leads", err=True)


@sandbox.command()
@_last
@_asks
@click.pass_context
def journal(context: click.Context, last: int, port: int | None, as_json: bool) -> None:
    """What arrived, in order, and what became of it.

    The JSON has each body as it was received: personal data.
    """
    total, found = _target(context, port).connect().journal(last)
    if as_json:
        say_json({"total": total, "arrivals": found})
    else:
        table(JOURNAL_COLUMNS, map(journal_row, found), keep=7)
        click.echo(f"{len(found)} of {total} requests", err=True)


@sandbox.command()
@click.argument("file", type=click.File("r", encoding="utf-8"), default="-")
@_asks
@click.pass_context
def token(context: click.Context, file: Any, port: int | None, as_json: bool) -> None:
    """Accept another token from now on.

    It is read from FILE, or from standard input; several are separated by white space. So the token
    that clients have turns bad, until this is called with theirs again. The commands here go on
    with the token that the sandbox was started with.
    """
    _target(context, port).connect().set_tokens(tuple(file.read().split()))
    if as_json:
        say_json({"changed": True})
    else:
        click.echo("the sandbox accepts other tokens now")
