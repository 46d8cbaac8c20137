"""Any error as one line for the person at the terminal, and as an exit code.

It owns the wording of errors that are not ours: of click, Redis and the system. Their own texts may
hold an address with its password or a part of a lead, so they are not repeated.
"""

from __future__ import annotations

import traceback
from pathlib import Path

import click
from lead_producers import ProducerError
from lead_worker.errors import LeadWorkerError, SettingsError
from lead_worker.store.runner import ScriptError
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    OutOfMemoryError,
    RedisError,
    ResponseError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from . import context
from .errors import OpsError
from .missing import NEEDS_MORE, is_of_others
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


def redis_words(error: RedisError) -> str:
    """What Redis did, where it is, and what to do, in one line."""
    try:
        queue = context.load()
    except context.ContextError as unknown:  # It was known before: `leads up` stopped meanwhile.
        return f"Redis failed ({type(error).__name__}): {unknown}"
    where = f"Redis at {queue.where()}"
    hint = "is it running? LEADS_REDIS_URL says where it is"
    if queue.running:
        hint = f"{queue.running.path} says that it is there: is `leads up` still running?"
    match error:
        case AuthenticationError():
            return f"{where} refused the user or password of LEADS_REDIS_URL"
        case BusyLoadingError():
            return f"{where} is still reading its data: try again in a moment"
        case OutOfMemoryError():
            return f"{where} is out of memory: free or add some"
        case RedisTimeoutError():
            return f"{where} did not answer: {hint}"
        case RedisConnectionError():
            return f"{where} cannot be reached: {hint}"
        case ResponseError() | ScriptError():
            words = str(error).splitlines()[0].split(", with args", 1)[0].split(" script: ", 1)[0]
            return f"{where} refused the call: {words}"
        case _:
            return f"{where} failed ({type(error).__name__}): {hint}"


def _system(error: OSError) -> str:
    reason = error.strerror or type(error).__name__
    return f"{error.filename}: {reason}" if error.filename else reason


def _fault(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
    return f"a fault in this program ({type(error).__name__} at {where}); please report it"
