"""What is told of a settled lead: one line in the log, and a report where a person should know.

It owns which settlements are news: at INFO a lead has one line, when it has come to rest; what led
there is at DEBUG, and on its timeline. No personal data pass through it.
"""

from __future__ import annotations

import logging

from .conclusion import Conclusion
from .core.lifecycle import State
from .core.outcome import Invalid, Outcome, Rejected
from .core.timeline import cause, outcome_name
from .reporting import Reporter
from .tracing import Traced

logger = logging.getLogger(__name__)

AT_REST = frozenset({State.DELIVERED, State.DEAD, State.PARKED})
"""Nothing more happens to those by itself."""

NOT_LOOKED = "not_looked"


def tell(reporter: Reporter, concluded: Conclusion, verdict: str) -> None:
    """Tell of one settlement.

    Args:
        verdict: what the store answered to it.
    """
    lead, to = concluded.result.lead, concluded.transition.to
    if verdict == "gone":
        reporter.gone(lead.lead_id, concluded.settlement.api_id)
    if not lead.look and reporter.tracer.takes(lead.trace):
        reporter.tracer.send(_traced(concluded))
    level = logging.INFO if to in AT_REST and verdict in ("ok", "late", "done") else logging.DEBUG
    if logger.isEnabledFor(level):
        facts = _facts(concluded, verdict)
        logger.log(level, _words(concluded, facts), extra={"facts": facts})


def _traced(concluded: Conclusion) -> Traced:
    result, lead = concluded.result, concluded.result.lead
    return Traced(
        trace=lead.trace,
        lead_id=lead.lead_id,
        lane=lead.lane,
        attempt=lead.attempts + 1,
        outcome=outcome_name(result.outcome),
        cause=cause(result.outcome),
        enqueued_at=lead.enqueued_at,
        claimed_at=lead.claimed_at,
        took_seconds=result.took_seconds,
        api_seconds=result.api_seconds,
    )


def _facts(concluded: Conclusion, verdict: str) -> dict[str, object]:
    result, lead = concluded.result, concluded.result.lead
    facts: dict[str, object] = {
        "event": "look" if lead.look else "attempt",
        "lead_id": lead.lead_id,
        "attempt": lead.progress.looks + 1 if lead.look else lead.attempts + 1,
        **(_found(concluded) if lead.look else _came_back(result.outcome)),
        "then": concluded.transition.to.value,
        "verdict": verdict,
        "took_seconds": round(result.took_seconds, 4),
        "lane": lead.lane,
    }
    if concluded.settlement.group:
        facts["group"] = concluded.settlement.group
    return facts


def _came_back(outcome: Outcome) -> dict[str, object]:
    """What an attempt amounted to."""
    facts: dict[str, object] = {"outcome": outcome_name(outcome), "cause": cause(outcome)}
    return facts | ({"status": outcome.status} if isinstance(outcome, Rejected) else {})


def _found(concluded: Conclusion) -> dict[str, object]:
    """What a look found, and the cause where there is one; as on the timeline."""
    entry = concluded.settlement.entry
    facts = {"found": entry.get("found", NOT_LOOKED), "cause": entry.get("cause", "")}
    return {name: value for name, value in facts.items() if value}


def _words(concluded: Conclusion, facts: dict[str, object]) -> str:
    """As short as it can be, so that it fits on a line of 80 columns beside the time."""
    odd = "" if facts["verdict"] == "ok" else f" [{facts['verdict']}]"
    if isinstance(concluded.outcome, Invalid):  # nothing was sent: what is wrong says it all
        return f"{facts['lead_id']} {facts['then']}: {facts['group']}{odd}"
    why = f": {_why(concluded, facts)}"
    if facts.get("outcome") == "delivered":
        why = ""
    took = concluded.result.took_seconds
    what = f"{facts['event']} {facts['attempt']}{why}"
    return f"{facts['lead_id']} {facts['then']}, {what}, {took:.2f} s{odd}"


def _why(concluded: Conclusion, facts: dict[str, object]) -> object:
    if "group" in facts and concluded.result.lead.look:
        return facts["group"]
    return facts.get("cause") or facts["found"]
