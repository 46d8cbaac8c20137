"""The case that is looked at: its settings, however bad, and what one section leaves for the next.

It owns that a bad setting is a finding and not the end. A setting that is bad is left out; what
depends on it is skipped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from lead_worker import settings
from lead_worker.errors import SettingsError
from lead_worker.settings import Secret, Settings
from lead_worker.store import Store

from lead_ops import context
from lead_ops.context import TOKENS, Context, ContextError
from lead_ops.sandbox.errors import SandboxError
from lead_ops.sandbox.tokens import read_tokens

NAME = re.compile(r"\b(?:LEADS|SENTRY)_[A-Z0-9_]+")
TRIES = 8
REDIS, NAMESPACE, API, DSN = "LEADS_REDIS_URL", "LEADS_NAMESPACE", "LEADS_API_URL", "SENTRY_DSN"


@dataclass(slots=True)
class Case:
    """What is looked at.

    Attributes:
        queue: where the queue is, with the settings that could be read, the token among them.
        problems: the settings that could not: for each, one line.
        bad: the names of those.
        environ: what was read; secrets among it.
        store: the queue, once Redis has answered.
        redis_ahead_seconds, api_ahead_seconds: clocks less ours, once they are known.
    """

    queue: Context
    environ: Mapping[str, str] = field(repr=False)
    problems: tuple[str, ...] = ()
    bad: frozenset[str] = frozenset()
    store: Store | None = None
    redis_ahead_seconds: float | None = None
    api_ahead_seconds: float | None = None

    @property
    def settings(self) -> Settings:
        return self.queue.settings


def read_case(environ: Mapping[str, str]) -> Case:
    """Read the settings; those that are bad become problems."""
    problems: list[str] = []
    bad: set[str] = set()
    queue = _read_queue(environ, problems, bad)
    own = _with_token(environ, queue, problems, bad)
    return Case(
        replace(queue, settings=own),
        environ,
        tuple(problems),
        frozenset(bad),
    )


def _read_queue(environ: Mapping[str, str], problems: list[str], bad: set[str]) -> Context:
    rest = dict(environ)
    for _ in range(TRIES):
        try:
            return context.load(rest)
        except ContextError as error:
            problems.append(str(error))
            bad.update((REDIS, NAMESPACE))
            rest[REDIS] = settings.DEFAULT_REDIS_URL  # named, so that no file is looked for
        except SettingsError as error:
            problems += [line for line in str(error).splitlines() if line not in problems]
            names = _to_leave_out(str(error), rest)
            bad.update(names)
            rest = {name: value for name, value in rest.items() if name not in names}
            if REDIS in names:
                rest[REDIS] = settings.DEFAULT_REDIS_URL
    bad.update((REDIS, NAMESPACE, API))
    return Context(Settings())


def _to_leave_out(error: str, rest: Mapping[str, str]) -> set[str]:
    """The settings that the lines begin with; where those are not set, all that they name."""
    lines = error.splitlines()
    first = {name for line in lines for name in NAME.findall(line.partition(":")[0])}
    return first if first & rest.keys() else {name for line in lines for name in NAME.findall(line)}


def _with_token(
    environ: Mapping[str, str], queue: Context, problems: list[str], bad: set[str]
) -> Settings:
    """The settings with the token; where the sandbox is delivered to, with its own and no other."""
    running, own = queue.running, queue.settings
    try:
        if running and running.sandbox and running.environ.get(API) == own.api_url:
            return replace(own, api_token=Secret(read_tokens(environ, None)[0]))
        found = settings.load({name: environ[name] for name in TOKENS if name in environ})
    except (SettingsError, SandboxError) as error:
        problems += str(error).splitlines()
        bad.update(TOKENS)
        return own
    return replace(own, api_token=found.api_token, api_token_file=found.api_token_file)
