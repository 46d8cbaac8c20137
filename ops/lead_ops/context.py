"""Which queue a command talks to, and the file by which a running `leads up` tells.

It owns `.leads/env.json`, where it is looked for, and the choice between it and the environment,
which wins. It must not start anything, nor wait.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping, Sequence
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
from lead_worker.store.runner import connect

from .errors import OpsError
from .render import on_terminal, say

FOLDER = ".leads"
FILE = "env.json"
LOCK = "up.lock"
"""What each `leads up` leaves in its folder, so that it is known to have been used."""

NAMES = ("LEADS_REDIS_URL", "LEADS_NAMESPACE", "LEADS_API_URL")
"""The settings that the file may hold. A token is not among them: no command needs one."""


TOKENS = ("LEADS_API_TOKEN", "LEADS_API_TOKEN_FILE")


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

    def open_store(self, *, timeout_seconds: float = 5.0) -> Store:
        """Connect to the queue.

        Args:
            timeout_seconds: for one answer of Redis.

        Raises:
            StoreError: Redis does not answer.
            FormatMismatch: the namespace holds records of another format.
        """
        store = Store(self.connect(timeout_seconds), self.settings.namespace)
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

    def connect(self, timeout_seconds: float = 5.0) -> Any:
        """Make a client; nothing is sent yet.

        Raises:
            ContextError: the address cannot be read.
        """
        soon = min(3.0, timeout_seconds)
        try:
            return connect(
                self.settings.redis_url,
                timeout_seconds=timeout_seconds,
                connect_timeout_seconds=soon,
            )
        except (ValueError, TypeError):
            raise unreadable_address() from None


def unreadable_address() -> ContextError:
    """The error for an address that redis-py cannot read; its own text may hold a password."""
    return ContextError(
        "LEADS_REDIS_URL: expected an address such as redis://HOST:6379/0 or unix:///PATH, found"
        " one that cannot be read (not shown: it may hold a password)"
    )


def checkout() -> Path | None:
    """The checkout that this program runs from; None where it was installed without one."""
    root = Path(__file__).resolve().parents[2]
    return root if (root / "ops" / "up").is_file() else None


def load(environ: Mapping[str, str] = os.environ, places: Sequence[Path] | None = None) -> Context:
    """Read the settings; from a running `leads up` where the environment names no Redis.

    Where it names the same Redis, only the namespace is taken from the running `leads up`, unless
    the environment has that too.

    Args:
        environ: names and values.
        places: the folders whose `.leads` are looked into, in this order; by default those of
            `usual_places()`.

    Raises:
        SettingsError: as `settings.load`.
        ContextError: a file was found and cannot be used; or `leads up` was used here, does not
            run, and the environment names no Redis.
    """
    looked = usual_places() if places is None else places
    # No command needs a token, so that a bad one keeps nobody from looking and pausing.
    environ = {name: value for name, value in environ.items() if name not in TOKENS}
    given = {name: value for name, value in environ.items() if value.strip()}
    if "LEADS_REDIS_URL" in given:
        return _same_redis(given, looked) or Context(settings.load(environ))
    running = find_running(looked)
    if running is None:
        _refuse_stopped(looked)
        return Context(settings.load(environ))
    return Context(settings.load({**running.environ, **given}), running)


def _same_redis(given: Mapping[str, str], places: Sequence[Path]) -> Context | None:
    """The context of a running `leads up` that was given the same Redis as we were."""
    if "LEADS_NAMESPACE" in given:
        return None
    with suppress(ContextError):  # The environment is enough to go on.
        running = find_running(places)
        if running and running.environ.get("LEADS_REDIS_URL") == given["LEADS_REDIS_URL"].strip():
            namespace = running.environ.get("LEADS_NAMESPACE", "")  # a blank one counts as not set
            return Context(settings.load({**given, "LEADS_NAMESPACE": namespace}), running)
    return None


def _refuse_stopped(places: Sequence[Path]) -> None:
    """The usual Redis of this machine is hardly meant where `leads up` was used."""
    for place in places:
        folder = place / FOLDER
        if (folder / LOCK).exists():
            raise ContextError(
                f"ops/up does not run here ({folder}): start it, or set LEADS_REDIS_URL"
            )


def for_command() -> Context:
    """Read the settings for a command; says on a terminal where they come from, if not obvious.

    Raises:
        SettingsError, ContextError: as `load`.
    """
    found = load()
    if found.running and on_terminal(stderr=True):
        place = found.running.path.parent.parent
        say((f"queue: {found.settings.namespace} of ops/up in {place}", "dim"), stderr=True)
    return found


def usual_places() -> list[Path]:
    """Where a `leads up` is looked for: the current folder, its parents, then the checkout."""
    here, root = Path.cwd(), checkout()
    return [here, *here.parents, *([root] if root else [])]


def find_running(places: Sequence[Path] | None = None) -> Running | None:
    """Find the file in the first of some folders that has one; by default of `usual_places()`.

    Raises:
        ContextError: that one cannot be used.
    """
    for place in usual_places() if places is None else places:
        running = read_running(place / FOLDER)
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
