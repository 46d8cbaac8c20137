"""Every metric there is: its name, type, meaning, labels and buckets, in one place. Pure.

It owns the definitions; the exporter, the dashboard, the alert rules and `ops/deploy/METRICS.md`
are held against them. A label's values are few and known: never an id, a source, a group or a word
that a stranger wrote.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import product

from lead_producers.keys import LANES

from .lifecycle import Reason, State
from .outcome import HoldKind

Labels = tuple[str, ...]

OPERATIONS = ("create", "find")
MOVES = (State.DELIVERED, State.WAITING, State.UNKNOWN, State.PARKED, State.DEAD)
"""Where a lead may be settled to."""

LATE = ("stale", "duplicate", "taken", "erased", "gone")
"""Verdicts on an outcome that moved no lead."""

OTHER = "other"
"""Any value that is not among `VALUES`: odd, of a neighbouring release, or a stranger's."""

_STATUSES = (
    *(301, 302, 303, 307, 308, 400, 401, 402, 403, 404, 405, 407, 408, 409, 410, 413, 415),
    *(421, 422, 425, 426, 429, 500, 501, 502, 503, 504, 520, 521, 522, 523, 524),
)
"""Statuses that tell something; of others the class is told."""

VALUES = {
    "outcome": (
        *("delivered", "mangled", "rejected", "invalid", "given_back", "retry", "unknown"),
    ),
    "cause": (
        *("delivered", "schema", "fields_lost", "status_2xx_unreadable"),
        *(f"status_{number}" for number in _STATUSES),
        *(f"status_{number}xx" for number in range(1, 10)),
        *("dns", "refused", "tls", "connect_timeout", "proxy", "connect", "deadline", "dropped"),
        *("truncated", "oversized", "garbled", "lease_short", "lease_expired", "late", "stopping"),
        *("token_changed", "internal_error"),
    ),
    "state": MOVES,
    "lane": LANES,
    "reason": tuple(Reason),
    "verdict": LATE,
    "found": (
        *("found", "similar", "nothing", "more", "unanswered", "unaskable", "not_asked"),
        *("not_looked",),
    ),
    "operation": OPERATIONS,
    "answer": (*(f"{number}xx" for number in range(1, 6)), "none", "not_sent"),
}
"""Each value that a label of what the workers count may have, besides `OTHER`."""

COUNTED = "Counted by the workers, flushed each second; a SIGKILL loses what came since."


class Kind(StrEnum):
    """Prometheus's types, as far as they are used."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    Attributes:
        name: as Prometheus has it, with its unit; of a counter with `_total`.
        meaning: its help.
        labels: names of its labels.
        known: label values that are there from the beginning, at 0, so that a first event counts.
        buckets: of a histogram, upper bounds in seconds, ascending, the infinite one left out.
    """

    name: str
    kind: Kind
    meaning: str
    labels: Labels = ()
    known: tuple[Labels, ...] = ()
    buckets: tuple[float, ...] = ()


def _counter(name: str, meaning: str, labels: Labels = (), *known: Labels) -> Metric:
    return Metric(name, Kind.COUNTER, meaning, labels, known if labels else ((),))


def _gauge(name: str, meaning: str, *labels: str) -> Metric:
    return Metric(name, Kind.GAUGE, meaning, labels)


# What the workers count.

ATTEMPTS = _counter(
    "leads_attempts_total",
    f"Attempts at a lead, by what they amounted to and why. {COUNTED}",
    ("outcome", "cause"),
    ("delivered", "delivered"),
    ("invalid", "schema"),
    ("mangled", "fields_lost"),
)
SETTLED = _counter(
    "leads_settled_total",
    f"Leads that were moved on after an attempt or a look, by where to. {COUNTED}",
    ("state", "lane"),
    *product(MOVES, LANES),
)
DIED = _counter(
    "leads_died_total",
    f"Leads that became dead letters, by why. {COUNTED}",
    ("reason",),
    *((reason,) for reason in Reason),
)
OVERTAKEN = _counter(
    "leads_overtaken_total",
    "Outcomes that came too late to move their lead: it had gone on (stale), the API has it twice"
    f" (duplicate), what was found is another's (taken), it was erased, or it is gone. {COUNTED}",
    ("verdict",),
    *((verdict,) for verdict in LATE),
)
LOOKS = _counter(
    "leads_looks_total",
    f"Looks into the API for leads that may have arrived, by what was found. {COUNTED}",
    ("found",),
    *((found,) for found in ("found", "similar", "nothing", "unanswered")),
)
LEASES_EXPIRED = _counter(
    "leads_leases_expired_total", f"Leases that ran out because their worker died. {COUNTED}"
)
WORKER_ERRORS = _counter(
    "leads_worker_errors_total", f"Errors of the workers' own: faults to be reported. {COUNTED}"
)
BELLS_ANSWERED = _counter(
    "leads_bells_answered_total", f"Bells that Celery handed to a worker. {COUNTED}"
)
API_SECONDS = Metric(
    "leads_api_request_duration_seconds",
    Kind.HISTOGRAM,
    "How long calls of the API took, by the class of the answer; none: sent, and no readable answer"
    f" came. {COUNTED}",
    ("operation", "answer"),
    (("create", "2xx"),),
    (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0),
)
DELIVERY_SECONDS = Metric(
    "leads_delivery_duration_seconds",
    Kind.HISTOGRAM,
    f"From enqueueing, or the last replay, to delivery. {COUNTED}",
    ("lane",),
    tuple((lane,) for lane in LANES),
    # Up to the three days for which a lead is tried by default.
    (
        *(0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 14400.0),
        *(86400.0, 259200.0),
    ),
)
WORKERS_COUNT = (
    *(ATTEMPTS, SETTLED, DIED, OVERTAKEN, LOOKS, LEASES_EXPIRED, WORKER_ERRORS, BELLS_ANSWERED),
    *(API_SECONDS, DELIVERY_SECONDS),
)

# What the exporter reads at each scrape.

UP = _gauge("leads_up", "1 where Redis could be read; at 0 what is read from it is absent.")
IN_STATE = _gauge("leads_in_state", "Leads by the state that they are in.", "state")
WAITING = _gauge("leads_waiting", "Waiting leads by lane, those not yet due among them.", "lane")
CLAIMABLE = _gauge(
    "leads_claimable", "Leads that might be claimed now: waiting and due, or due for a look."
)
OVERDUE = _gauge(
    "leads_leases_overdue", "Leads whose lease has run out, and that no worker has taken up yet."
)
OLDEST_DUE = _gauge(
    "leads_oldest_due_age_seconds",
    "For how long the first waiting lead has been due; 0 where none is.",
    "lane",
)
IN_FLIGHT = _gauge("leads_in_flight", "Requests in flight across the fleet.")
WINDOW = _gauge(
    "leads_window_requests",
    "Requests that may be in flight across the fleet, holds left aside; absent where nobody says.",
)
RATE_LIMIT = _gauge(
    "leads_rate_limit_per_second",
    "Requests a second that the rate in force allows; +Inf for no limit, absent where nobody says.",
)
HOLD = _gauge("leads_hold", "1 for the kind of the hold in force, else 0.", "kind")
HOLD_SUSPECTED = _gauge(
    "leads_hold_suspected", "1 while it is still open if one lead is to blame for the hold."
)
HOLD_AGE = _gauge("leads_hold_age_seconds", "How long ago the hold in force began; 0 without one.")
BELLS = _gauge("leads_bells", "Bells in their Celery queue; 1 that stays means a stuck consumer.")
WORKERS = _gauge(
    "leads_workers",
    "Worker processes: working, benched (their token is refused), or silent for 5 s to a minute.",
    "state",
)
WORKER_VERSIONS = _gauge(
    "leads_workers_of_version", "Worker processes that beat, by their version.", "version"
)
THREADS = _gauge("leads_sending_threads", "Requests that the workers that beat could make at once.")
CAMPAIGNS = _gauge("leads_campaigns_active", "Replay campaigns that are under way.")
REFUSED = _gauge(
    "leads_enqueueing_refused", "1 while Redis is short of memory and takes no new leads."
)
DUPLICATES = _gauge("leads_duplicates", "Second ids that the API gave for one lead.")
ACCEPTED = _counter("leads_accepted_total", "Leads that were accepted into the queue.")
FORGOTTEN = _counter("leads_forgotten_total", "Leads that retention has removed.")
UNACCOUNTED = _gauge(
    "leads_unaccounted",
    "Accepted leads that are in no state and were not forgotten; other than 0: leads audit.",
)
MEMORY_USED = _gauge("leads_redis_memory_used_bytes", "Memory that Redis uses.")
MEMORY_LIMIT = _gauge("leads_redis_memory_limit_bytes", "Redis's maxmemory; +Inf where not set.")
FLUSH_AGE = _gauge(
    "leads_metrics_flush_age_seconds",
    "How long ago a worker flushed what it counted; absent where none ever did.",
)
CALENDAR_AGE = _gauge(
    "leads_calendar_age_seconds",
    "How long ago calendar work was last done, which beat asks for each minute; absent where it"
    " never was.",
)
INFO = _gauge("leads_exporter_info", "Always 1: whose metrics these are.", "namespace", "version")
READ_ERRORS = _counter("leads_exporter_read_errors_total", "Scrapes at which Redis was not read.")
UNREAD = _gauge(
    "leads_exporter_unread_parts",
    "Parts of the reading that Redis refused; what they tell is absent.",
)
READ_SECONDS = _gauge("leads_exporter_read_duration_seconds", "How long the reading of Redis took.")

READ = (
    *(UP, IN_STATE, WAITING, CLAIMABLE, OVERDUE, OLDEST_DUE, IN_FLIGHT, WINDOW, RATE_LIMIT),
    *(HOLD, HOLD_SUSPECTED, HOLD_AGE, BELLS, WORKERS, WORKER_VERSIONS, THREADS, CAMPAIGNS, REFUSED),
    *(DUPLICATES, ACCEPTED, FORGOTTEN, UNACCOUNTED, MEMORY_USED, MEMORY_LIMIT, FLUSH_AGE),
    *(CALENDAR_AGE, INFO, READ_ERRORS, UNREAD, READ_SECONDS),
)
METRICS = (*WORKERS_COUNT, *READ)

HOLDS = tuple(HoldKind)
WORKER_STATES = ("working", "benched", "silent")
