"""All drills by their names, in the order in which they run."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from . import campaigns, credentials, drops, flood, lanes, outages, pacing, poison, restarts, spool
from .report import Report
from .stage import Stage

Scenario = Callable[[Stage], Report]

SCENARIOS: Mapping[str, Scenario] = {
    "outage-503": outages.status_503,
    "outage-500": outages.status_500,
    "outage-refused": outages.refused,
    "outage-timeouts": outages.timeouts,
    "credentials": credentials.new_token,
    "retry-after": pacing.retry_after,
    "rate": pacing.rate,
    "drops-reconcile": drops.reconcile,
    "drops-retry": drops.retry,
    "lanes": lanes.beside_an_import,
    "poison-agent": poison.agent,
    "campaign-kills": campaigns.under_kills,
    "redis-restarts": restarts.restarts,
    "spool-stopped": spool.stopped,
    "spool-frozen": spool.frozen,
    "spool-killed": spool.killed,
    "sentry-flood": flood.at_sentry,
}


def chosen(names: list[str]) -> dict[str, Scenario]:
    """The scenarios that are called so or begin so; all where no name is given.

    Raises:
        ValueError: a name fits none.
    """
    found: dict[str, Scenario] = {}
    for name in names or [""]:
        fits = {name: SCENARIOS[name]} if name in SCENARIOS else _beginning(name)
        if not fits:
            raise ValueError(f"expected one of {', '.join(SCENARIOS)}, found {name!r}")
        found |= fits
    return found


def _beginning(name: str) -> dict[str, Scenario]:
    return {full: scenario for full, scenario in SCENARIOS.items() if full.startswith(name)}
