"""How Celery, its worker and its beat, is made to log through `logs`.

It owns what of Celery's command line is heeded, that no banner stands among lines of JSON, and what
is told of each thread at SIGUSR1.
"""

from __future__ import annotations

import logging
import signal
import sys
import threading
from typing import Any

import click
from celery import Celery, signals

from . import logs
from .core.whereabouts import stack_of
from .settings import load

logger = logging.getLogger(__name__)


class LoggingApp(Celery):  # type: ignore[misc]
    """Celery's app, whose beat shows no banner among lines of JSON."""

    @property
    def Beat(self) -> Any:  # noqa: N802 - Celery's name
        beat = self.subclass_with_self("celery.apps.beat:Beat")

        def make(*arguments: Any, quiet: bool = False, **options: Any) -> Any:
            return beat(*arguments, quiet=quiet or _is_json(), **options)

        return make


@signals.setup_logging.connect  # type: ignore[untyped-decorator]
def _set_up(loglevel: int, logfile: str | None, **_: Any) -> None:
    """Celery asks who sets logging up, and leaves it to us."""
    logs.begin(load(), logs.Asked(loglevel if _is_given("loglevel") else None, logfile))


@signals.celeryd_init.connect  # type: ignore[untyped-decorator]
def _begin_soon(instance: Any, **_: Any) -> None:
    """Before Celery sets logging up it shows a banner, and warns of root."""
    if _is_json():
        instance.quiet = True
        logs.begin(load(), logs.Asked())
        logging.captureWarnings(True)


def tell_stacks_at_sigusr1() -> None:
    """Take the place of Celery's handler, which shows the variables of each frame: leads, a token.

    To be called in the main thread, once Celery has set its handlers.
    """
    signal.signal(signal.SIGUSR1, _in_a_thread)


def _in_a_thread(*_: object) -> None:
    """The main thread may have been interrupted in the middle of a line."""
    threading.Thread(target=_tell_stacks, name="stacks", daemon=True).start()


def _tell_stacks() -> None:
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    names.pop(threading.get_ident())
    for ident, frame in sys._current_frames().items():
        if name := names.get(ident):
            stack = stack_of(frame)
            facts = logs.facts("stack", thread=name, stack=stack)
            logger.warning("thread %s: %s", name, " > ".join(stack), extra=facts)


def _is_json() -> bool:
    return logs.is_json(load(), sys.__stderr__)


def _is_given(option: str) -> bool:
    """Whether an option stands on Celery's command line, or is merely its default."""
    context = click.get_current_context(silent=True)
    source = context.get_parameter_source(option) if context else None
    return source is not click.core.ParameterSource.DEFAULT
