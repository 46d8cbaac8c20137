"""The examination: its sections in their order, each of them bounded in time.

It owns the order, and that whatever happens in one section the next is looked at all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lead_worker.settings import TABLE

from lead_ops.bounded import TooSlowError, bounded

from . import api, clocks, namespace, redis_reach, sentry_reach, spool, workers
from .case import Case
from .finding import Finding, bad, good, warning

SECTION_SECONDS = 30.0
"""More than the time limits within any section come to, so this is for what nobody thought of."""


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the examination, with what it found."""

    title: str
    findings: tuple[Finding, ...]


def examine(case: Case, *, send_test_event: bool = False) -> Iterator[Section]:
    """Look at everything, section by section."""
    parts: tuple[tuple[str, Callable[[], Iterable[Finding]]], ...] = (
        ("Settings", lambda: settings(case)),
        ("Redis", lambda: redis_reach.examine(case)),
        ("Queue", lambda: namespace.examine(case)),
        ("Workers", lambda: workers.examine(case)),
        ("API", lambda: api.examine(case)),
        ("Sentry", lambda: sentry_reach.examine(case, send=send_test_event)),
        ("Clocks", lambda: clocks.examine(case)),
        ("Spool", lambda: spool.examine(case)),
    )
    for title, look in parts:
        yield Section(title, tuple(_bounded(look)))


def _bounded(look: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """All that it finds; what it found before it hung or failed is kept."""
    found: list[Finding] = []
    try:
        bounded(lambda: found.extend(look()), SECTION_SECONDS)
    except TooSlowError:
        return [*found, bad("time", f"gave up after {SECTION_SECONDS:g} s", "what hangs there?")]
    except Exception as error:  # noqa: BLE001 - the text of one may hold anything
        words = f"this check failed itself ({type(error).__name__})"
        return [*found, bad("fault", words, "please report it")]
    return found


def settings(case: Case) -> Iterator[Finding]:
    """Say which settings cannot be used."""
    for problem in case.problems:
        yield bad("setting", problem, "set it as it says, or leave it out")
    known = [row.name for row in TABLE if case.environ.get(row.name, "").strip()]
    if not case.problems:
        number = len(known)
        words = "none is set: the defaults" if not number else f"{number} set, all can be used"
        yield good("settings", words)
    if case.queue.running:
        yield good("queue of", f"ops/up in {case.queue.running.path.parent.parent}")
    file = case.settings.api_token_file
    if file and Path(file).stat().st_mode & 0o007:
        advice = "let nobody but its user read it: chmod 600"
        yield warning("token file", "everybody on this machine can read it", advice)
