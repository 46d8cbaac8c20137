"""Any error as one line for the person at the terminal, and as an exit code.

It owns the wording of errors that are not ours: of click and the system (`redis_trouble` has that
of Redis). Their own texts may hold a part of a lead, so they are not repeated.
"""

from __future__ import annotations

import traceback
from pathlib import Path

import click
from lead_producers import ProducerError
from lead_worker.errors import LeadWorkerError, SettingsError
from redis.exceptions import RedisError

from .errors import OpsError
from .missing import NEEDS_MORE, is_of_others
from .redis_trouble import redis_words
from .render import say

INTERRUPTED = 130
USAGE = 2


def report(error: BaseException) -> int:
    """Say what went wrong on standard error; gives the exit code."""
    match error:
        case click.UsageError() if type(error).__name__ == "NoArgsIsHelpError":
            click.echo(error.format_message())  # click has that class from 8.2 on
            return 0
        case click.exceptions.Exit():
            return error.exit_code
        case click.Abort() | KeyboardInterrupt():
            return _say("interrupted", INTERRUPTED)
        case click.UsageError():
            return _say(_usage(error), USAGE)
        case click.ClickException():
            return _say(error.format_message(), error.exit_code)
        case SettingsError():
            return _say(str(error), USAGE)
        case OpsError() | ProducerError() | LeadWorkerError():
            return _say(str(error), getattr(error, "exit_code", 1))
        case RedisError():
            return _say(redis_words(error), 1)
        case ModuleNotFoundError() if is_of_others(error):
            return _say(NEEDS_MORE, 1)
        case OSError():
            return _say(_system(error), 1)
        case _:
            return _say(_fault(error), 1)


def _say(text: str, exit_code: int) -> int:
    for line in text.splitlines():
        say(("leads: ", "red"), line, stderr=True)
    return exit_code


def _usage(error: click.UsageError) -> str:
    message = error.format_message()
    if not message.endswith((".", "?")):
        message += "."
    command = error.ctx.command_path if error.ctx else "leads"
    return f"{message} Try: {command} -h"


def _system(error: OSError) -> str:
    reason = error.strerror or type(error).__name__
    return f"{error.filename}: {reason}" if error.filename else reason


def _fault(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
    return f"a fault in this program ({type(error).__name__} at {where}); please report it"
