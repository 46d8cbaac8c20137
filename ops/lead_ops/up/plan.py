"""What `leads up` will run, decided from the environment before anything is started. Pure.

It owns the choice between the sandbox and the real API, and what the processes are told. It must
not read the environment or start anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lead_worker.errors import SettingsError
from lead_worker.settings import Settings, load

SANDBOX = "sandbox"
"""The sandbox's namespace; others of its begin with this and a hyphen."""

_REAL_ONLY = (
    "LEADS_API_TOKEN_FILE",
    "LEADS_API_PROXY",
    "LEADS_API_CA_BUNDLE",
    "LEADS_ALLOW_API_CHANGE",
)
"""What would lead astray the calls of a sandbox on this machine."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What will run.

    Attributes:
        settings: the settings that were given; in them the sandbox's address and token are not.
        namespace: the queue.
        sandbox: the sandbox API is started and delivered to, because there is no token.
        embedded: a Redis of our own is started.
        cores: the numbers of the cores that may be used; each has a worker of its own.
    """

    settings: Settings
    namespace: str
    sandbox: bool
    embedded: bool
    cores: tuple[int, ...]

    @property
    def workers(self) -> int:
        """How many worker processes there are."""
        return len(self.cores)


def make_plan(environ: Mapping[str, str], cores: Iterable[int]) -> Plan:
    """Decide what to run.

    Args:
        environ: names and values; a blank value counts as not set.
        cores: the numbers of the cores that this process may use; at least one.

    Raises:
        SettingsError: with one line for each thing that is wrong.
    """
    settings = load(environ)
    given = {name for name, value in environ.items() if value.strip()}
    sandbox = not settings.api_token
    named = settings.namespace if "LEADS_NAMESPACE" in given else ""
    problems = _sandbox_problems(given, named) if sandbox else _real_problems(settings.namespace)
    if problems:
        raise SettingsError("\n".join(problems))
    return Plan(
        settings=settings,
        namespace=(named or SANDBOX) if sandbox else settings.namespace,
        sandbox=sandbox,
        embedded="LEADS_REDIS_URL" not in given,
        cores=tuple(cores),
    )


def _sandbox_problems(given: set[str], named: str) -> list[str]:
    """What looks as if real deliveries were meant. The commands take LEADS_NAMESPACE as it is, so
    it cannot be mended here: they would put leads where the sandbox's workers never look."""
    problems = []
    if "LEADS_API_URL" in given:
        problems.append(
            "LEADS_API_URL: set, and LEADS_API_TOKEN is not: set the token too, or unset the"
            " address to deliver to the sandbox on this machine"
        )
    if named and not is_sandbox_name(named):
        problems.append(
            f"LEADS_NAMESPACE: without LEADS_API_TOKEN leads go to the sandbox, so expected"
            f" {SANDBOX!r} or a name that begins with '{SANDBOX}-', found {named!r}"
        )
    return problems


def _real_problems(namespace: str) -> list[str]:
    if not is_sandbox_name(namespace):
        return []
    return [
        f"LEADS_NAMESPACE: {namespace!r} is a name for the sandbox's leads, and with"
        " LEADS_API_TOKEN leads go to the real API: expected another name"
    ]


def is_sandbox_name(namespace: str) -> bool:
    """Whether a namespace is the sandbox's."""
    return re.fullmatch(rf"{SANDBOX}(-.*)?", namespace) is not None


def child_environ(
    environ: Mapping[str, str], plan: Plan, redis_url: str, sandbox_url: str, sandbox_token: str
) -> dict[str, str]:
    """The environment of the processes.

    Args:
        environ: ours.
        redis_url: where Redis is.
        sandbox_url, sandbox_token: of the sandbox; without meaning where the real API is used.
    """
    # Whoever runs it looks at the logs, as at the last words of a process that has died.
    told = {"LEADS_LOG_FORMAT": "text", **environ, "PYTHONUNBUFFERED": "1"}
    told |= {"LEADS_REDIS_URL": redis_url, "LEADS_NAMESPACE": plan.namespace}
    if plan.sandbox:
        for name in _REAL_ONLY:
            told.pop(name, None)
        told |= {"LEADS_API_URL": sandbox_url, "LEADS_API_TOKEN": sandbox_token}
    else:
        told["LEADS_API_URL"] = plan.settings.api_url
    return told
