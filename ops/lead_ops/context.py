"""Which queue a command talks to, and the file by which a running `leads up` tells.

It owns `.leads/env.json` and the choice between it and the environment. The environment wins: the
file is looked for only where LEADS_REDIS_URL is not set. It must not start anything, nor wait.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis
from lead_producers import FormatMismatch
from lead_producers.keys import FORMAT
from lead_worker import settings
from lead_worker.store import Store
from lead_worker.store.reading import Reading
from lead_worker.store.scripts import connect

from .errors import OpsError
from .render import on_terminal, say

FOLDER = ".leads"
FILE = "env.json"
NAMES = ("LEADS_REDIS_URL", "LEADS_NAMESPACE", "LEADS_API_URL")
"""The settings that the file may hold. A token is not among them: no command needs one."""


class ContextError(OpsError):
    """The file cannot be used, or the address that it or the environment gives cannot."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Running:
    """What a running `leads up` says of itself.

    Attributes:
        path: the file that says it.
        environ: settings by their names in the environment.
        sandbox: whether it delivers to the sandbox and not to the real API.
    """

    path: Path
    environ: Mapping[str, str]
    sandbox: bool


@dataclass(frozen=True, slots=True)
class Context:
    """The settings of a command, and the running `leads up` that they come from, if any."""

    settings: settings.Settings
    running: Running | None = None

    def open_store(self) -> Store:
        """Connect to the queue.

        Raises:
            StoreError: Redis does not answer.
            FormatMismatch: the namespace holds records of another format.
        """
        store = Store(self._connect(), self.settings.namespace)
        found = Reading(store).format()
        if found not in (None, FORMAT):
            raise FormatMismatch(
                f"namespace {self.settings.namespace!r} holds records of format {found!r}, this"
                f" release knows {FORMAT!r}: run the release that fits"
            )
        return store

    def where(self) -> str:
        """Name the Redis without its password."""
        try:
            parse_url: Any = redis.connection.parse_url
            options = parse_url(self.settings.redis_url)
        except ValueError:
            return "LEADS_REDIS_URL"
        if "path" in options:
            return str(options["path"])
        return f"{options.get('host', 'localhost')}:{options.get('port', 6379)}"

    def _connect(self) -> Any:
        try:
            return connect(self.settings.redis_url)
        except (ValueError, TypeError):
            raise unreadable_address() from None


def unreadable_address() -> ContextError:
    """The error for an address that redis-py cannot read; its own text may hold a password."""
    return ContextError(
        "LEADS_REDIS_URL: expected an address such as redis://HOST:6379/0 or unix:///PATH, found"
        " one that cannot be read (not shown: it may hold a password)"
    )


def load(environ: Mapping[str, str] = os.environ, start: Path | None = None) -> Context:
    """Read the settings; from a running `leads up` where the environment names no Redis.

    Args:
        environ: names and values.
        start: the folder in which, and in whose parents, the file is looked for; by default the
            current one.

    Raises:
        SettingsError: as `settings.load`.
        ContextError: a file was found and cannot be used.
    """
    if environ.get("LEADS_REDIS_URL", "").strip():
        return Context(settings.load(environ))
    running = find_running(start or Path.cwd())
    if running is None:
        return Context(settings.load(environ))
    given = {name: value for name, value in environ.items() if value.strip()}
    return Context(settings.load({**running.environ, **given}), running)


def for_command() -> Context:
    """Read the settings for a command; says on a terminal where they come from, if not obvious.

    Raises:
        SettingsError, ContextError: as `load`.
    """
    found = load()
    if found.running and on_terminal(stderr=True):
        kind = ", the sandbox" if found.running.sandbox else ""
        namespace = found.settings.namespace
        say((f"using the queue of {found.running.path} ({namespace}{kind})", "dim"), stderr=True)
    return found


def find_running(start: Path) -> Running | None:
    """Find the file in a folder or the nearest of its parents.

    Raises:
        ContextError: the nearest one cannot be used.
    """
    for folder in (start, *start.parents):
        running = read_running(folder / FOLDER)
        if running is not None:
            return running
    return None


def write_running(folder: Path, environ: Mapping[str, str], *, sandbox: bool) -> Path:
    """Say where the queue is, for this user only; gives the path of the file.

    Args:
        folder: the checkout's `.leads`, which exists.
        environ: values for `NAMES`; others are left out.
        sandbox: whether the sandbox is delivered to.
    """
    path = folder / FILE
    draft = folder / f"{FILE}.{os.getpid()}"
    told = {name: environ[name] for name in NAMES if name in environ} | {"sandbox": sandbox}
    with suppress(FileNotFoundError):
        draft.unlink()
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(told, file, indent=2)
        file.write("\n")
    draft.replace(path)
    return path


def remove_running(folder: Path) -> None:
    """Take the file away; nothing happens where there is none."""
    with suppress(FileNotFoundError):
        (folder / FILE).unlink()


def read_running(folder: Path) -> Running | None:
    """Read the file of one `.leads` folder; None where there is none.

    Raises:
        ContextError: it is not this user's alone, or is not what `write_running` wrote.
    """
    path = folder / FILE
    try:
        with path.open("rb") as file:
            _refuse_foreign(path, os.fstat(file.fileno()))
            told = json.loads(file.read(65_536))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ContextError(f"cannot read {path}: {error.strerror}; set LEADS_REDIS_URL") from None
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise ContextError(f"expected {path} to hold a JSON object; remove it")
    environ = {name: told[name] for name in NAMES if isinstance(told.get(name), str)}
    return Running(path, environ, told.get("sandbox") is True)


def _refuse_foreign(path: Path, facts: os.stat_result) -> None:
    """Whoever can write this file decides where leads go, so it must be this user's alone."""
    if facts.st_uid != os.geteuid() or stat.S_IMODE(facts.st_mode) & 0o022:
        raise ContextError(
            f"expected {path} to be this user's and writable by nobody else; remove it, or set"
            " LEADS_REDIS_URL"
        )
