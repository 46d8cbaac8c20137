"""The `leads` command: its sub-commands, and what becomes of any error.

It owns the list of commands and the last line of defence: one line on standard error and an exit
code other than 0, never a traceback. It must not know what a command does.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NoReturn

import click

from . import failures

COMMANDS = (
    "up",
    "enqueue",
    "spool",
    "status",
    "health",
    "show",
    "dead",
    "replay",
    "unknown",
    "erase",
    "pause",
    "resume",
    "rate",
    "log",
    "audit",
    "doctor",
    "exporter",
    "sandbox",
)
"""In the order of the help. Each is a module of `commands` that holds a command of its name."""


class Commands(click.Group):
    """Imports a command's module when it is asked for, so that each starts fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return [name for name in COMMANDS if importlib.util.find_spec(_module(name))]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = getattr(importlib.import_module(_module(cmd_name)), cmd_name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise _PipeClosedError from error


class _PipeClosedError(Exception):
    """Whoever read our output has had enough; click would make exit code 1 of it."""


def _module(name: str) -> str:
    return f"{__package__}.commands.{name}"


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Put leads into the queue, see what becomes of them, and help those that are stuck.

    LEADS_REDIS_URL and LEADS_NAMESPACE say which queue. Without the first it is that of the
    `leads up` that runs in this checkout.
    """


def run(arguments: Sequence[str]) -> int:
    """Run one command and give its exit code: 0, 1 for no, 2 for a mistake in how it was called.

    A closed pipe ends it in silence with 141, Ctrl-C with 130, as a shell expects.
    """
    try:
        given: Any = cli.main(list(arguments), prog_name="leads", standalone_mode=False)
        sys.stdout.flush()
    except (_PipeClosedError, BrokenPipeError):
        _silence()
        return 141
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else 1
    except BaseException as error:  # noqa: BLE001 - nothing but one line may reach the terminal
        return failures.report(error)
    return given if isinstance(given, int) else 0


def _silence() -> None:
    """Keep Python from flushing into the closed pipe when it exits."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _open_closed_streams() -> None:
    """Give a stream that the caller closed (`>&-`) an end that swallows all: Python has None."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123


def main() -> NoReturn:
    """Run the command on this process's arguments and streams."""
    _open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:  # a terminal that cannot show a character gets its code instead
            reconfigure(errors="backslashreplace")
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
