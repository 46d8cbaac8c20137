"""What happens to a lead next, or what a person can do about it, in words.

It owns that wording, for each state and for each reason to be dead.
"""

from __future__ import annotations

from lead_worker.core.lifecycle import Reason, State
from lead_worker.settings import DAY_SECONDS
from lead_worker.store import Counts
from lead_worker.store.reading import Sight

from lead_ops.render import ago, when

from .holds import hold_words
from .looks import looks_next


def what_next(sight: Sight, counts: Counts, keep_discarded_days: float) -> str:
    """What happens to the lead next, or what a person can do, in one or two sentences."""
    at = sight.at if sight.at is not None else counts.now_at
    match sight.state:
        case State.WAITING:
            return _waiting(at, counts)
        case State.LEASED if at < counts.now_at:
            return "Its worker has gone silent; it is taken back within seconds."
        case State.LEASED:
            return f"A worker is sending it; its lease ends {ago(at, counts.now_at)}."
        case State.UNKNOWN:
            return looks_next(sight.fields, at, counts)
        case State.PARKED:
            return _PARKED
        case State.DEAD:
            return _dead(sight)
        case State.DELIVERED:
            return f"Delivered {ago(at, counts.now_at)}."
        case State.DISCARDED:
            until = when(at + keep_discarded_days * DAY_SECONDS)
            return (
                f"It was given up {ago(at, counts.now_at)}. Until {until}: leads dead restore ID."
            )
        case State.ERASED:
            there = "; the API has it as well" if "api_id" in sight.fields else ""
            return f"Its data were erased here {ago(at, counts.now_at)}{there}."


_PARKED = (
    "It may have arrived: look in the API, then leads unknown resolve ID with --delivered (it is"
    " there), --retry (send it again) or --discard --reason WHY."
)


def _dead(sight: Sight) -> str:
    reason = sight.fields.get("reason", "")
    if reason == Reason.INVALID and sight.fields.get("edited", "0") not in ("", "0"):
        return _MENDED
    return _DEAD.get(reason, _DEAD_OF_ANY)


_MENDED = (
    "It was not sent, and was mended since: leads dead replay ID; to give it up:"
    " leads dead discard ID --reason WHY."
)
_DEAD_OF_ANY = (
    "It is not tried again. Once the cause is mended: leads dead replay ID;"
    " to give it up: leads dead discard ID --reason WHY."
)
_DEAD: dict[str, str] = {
    Reason.MANGLED: (
        "The API has it under the id below, without the lost fields: correct it there, then"
        " leads dead discard ID --reason WHY. A replay would create a second one."
    ),
    Reason.INVALID: (
        "It was not sent. Mend it: leads dead edit ID, then leads dead replay ID; or change the"
        " settings that refused it (LEADS_UNKNOWN_FIELDS, ...) and replay it. To give it up:"
        " leads dead discard ID --reason WHY."
    ),
    Reason.REJECTED: (
        "The API refused it, see what it said. Once that is mended, by leads dead edit ID or on"
        " its side: leads dead replay ID. To give it up: leads dead discard ID --reason WHY."
    ),
    Reason.EXHAUSTED: (
        "Its attempts are spent. If one of them is unknown, look in the API first: it may be"
        " there. Once the API is well: leads dead replay ID."
    ),
    Reason.POISON: (
        "Its workers died while they had it. Look at the lead and in the API, where it may be:"
        " then leads dead edit ID if it is odd, and leads dead replay ID; or"
        " leads dead discard ID --reason WHY."
    ),
}


def _waiting(due_at: float, counts: Counts) -> str:
    if counts.hold:
        return f"It waits, because deliveries are held: {hold_words(counts)}."
    if due_at > counts.now_at:
        return f"It is tried again {ago(due_at, counts.now_at)}, at {when(due_at)}."
    return "It is sent as soon as a worker is free."
