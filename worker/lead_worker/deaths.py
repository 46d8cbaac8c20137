"""The line of a death that no settlement tells of: a lead that was poison, or was convicted.

It owns those lines alone; those of settled leads are `telling`'s, and look alike.
"""

from __future__ import annotations

import logging

from . import logs
from .core.lifecycle import State

logger = logging.getLogger(__name__)


def tell_death(lead_id: str, event: str, group: str) -> None:
    """Tell of one lead that is dead.

    Args:
        event: what it died by, as on its timeline.
        group: what it died of; see `core/groups.py`.
    """
    then = State.DEAD.value
    facts = logs.facts(event, lead_id=lead_id, then=then, group=group)
    logger.info("%s %s: %s", lead_id, then, group, extra=facts)
