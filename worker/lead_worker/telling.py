"""What is told of a settled lead: one line in the log, and a report where a person should know.

It owns which settlements are news. No personal data pass through it.
"""

from __future__ import annotations

import logging

from .conclusion import Conclusion
from .core.lifecycle import State
from .core.timeline import cause, outcome_name
from .reporting import Reporter

logger = logging.getLogger(__name__)


def tell(reporter: Reporter, concluded: Conclusion, verdict: str) -> None:
    """Tell of one settlement.

    Args:
        verdict: what the store answered to it.
    """
    result, lead, to = concluded.result, concluded.result.lead, concluded.transition.to
    if to is State.DEAD and verdict in ("ok", "done"):  # done: the first answer was lost
        reason, code = str(concluded.transition.reason), concluded.settlement.fields["cause"]
        reporter.dead_letter(lead.lead_id, lead.lane, reason, code)
    if verdict == "gone":
        reporter.gone(lead.lead_id, concluded.settlement.api_id)
    logger.info(
        "lead %s %s %d: %s (%s) -> %s [%s] in %.3f s",
        lead.lead_id,
        "look" if lead.look else "attempt",
        lead.progress.looks + 1 if lead.look else lead.attempts + 1,
        outcome_name(result.outcome),
        cause(result.outcome),
        to,
        verdict,
        result.took_seconds,
    )
