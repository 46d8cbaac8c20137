"""How Celery, its worker and its beat, is made to log through `logs`.

It owns what of Celery's command line is heeded, and that no banner stands among lines of JSON.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

import click
from celery import Celery, signals

from . import logs
from .settings import load


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


def _is_json() -> bool:
    return logs.is_json(load(), sys.__stderr__)


def _is_given(option: str) -> bool:
    """Whether an option stands on Celery's command line, or is merely its default."""
    context = click.get_current_context(silent=True)
    source = context.get_parameter_source(option) if context else None
    return source is not click.core.ParameterSource.DEFAULT
