"""What a worker may say of a lead that it had: each way that an attempt, or a look, can end."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hypothesis import strategies as st
from lead_worker.core.lifecycle import Reason, State
from lead_worker.store import Claimed, Settlement

from tests.integration.queues import settlement

SECONDS = st.sampled_from([0.0, 0.0, 0.0, 100.0, 1000.0])
"""When a lead is due again, in steps that no slow machine can make up for."""
GROUPS = {
    Reason.INVALID: "invalid:email",
    Reason.REJECTED: "rejected:status_422:UNPROCESSABLE_CONTENT",
    Reason.EXHAUSTED: "exhausted:connect_refused",
    Reason.POISON: "poison:lease_expired",
    Reason.MANGLED: "mangled:echo",
}
API_IDS = st.sampled_from(["", "", "api-1", "api-2", "api-2"])
"""An id of its own, or one that other leads may be answered, or find, too."""


@dataclass(frozen=True)
class Said:
    """What a worker says; an `api_id` that is "" stands for one of the lead's own."""

    to: State
    due_seconds: float = 0.0
    spends_attempt: bool = True
    group: str = ""
    api_id: str = ""
    fields: dict[str, str] = field(default_factory=dict)

    def of(self, lead: Claimed) -> Settlement:
        """Say it of one lead."""
        own = f"{lead.lead_id}@{lead.token}" if self.to is State.DELIVERED else ""
        told = settlement(
            lead,
            self.to,
            due_seconds=self.due_seconds,
            spends_attempt=self.spends_attempt,
            look=lead.look,
            fields=self.fields,
        )
        return replace(told, api_id=self.api_id or own, group=self.group)


def _dead(reason: Reason) -> st.SearchStrategy[Said]:
    spends = reason is not Reason.INVALID
    fields = {"reason": reason.value}
    answered = API_IDS if reason is Reason.MANGLED else st.just("")
    return st.builds(
        lambda api_id: Said(State.DEAD, 0.0, spends, GROUPS[reason], api_id, fields), answered
    )


def _look_again(seconds: float, looks: int, page: int, similar: bool) -> Said:
    fields = {"looks": looks, "look_page": page, "unanswered": 0, "similar": int(similar)}
    texts = {name: str(value) for name, value in fields.items()}
    return Said(State.UNKNOWN, seconds, spends_attempt=False, fields=texts)


ANSWERED = st.builds(lambda api_id: Said(State.DELIVERED, api_id=api_id), API_IDS)
FOUND = st.builds(lambda api_id: Said(State.DELIVERED, 0.0, False, "", api_id), API_IDS)
PARKED = st.just(Said(State.PARKED, spends_attempt=False))
NOT_THERE = Said(State.WAITING, spends_attempt=False)
OF_SENDS = st.one_of(
    *[ANSWERED] * 3,
    st.builds(lambda seconds: Said(State.WAITING, seconds), SECONDS),
    st.builds(lambda seconds: Said(State.WAITING, seconds, spends_attempt=False), SECONDS),
    st.builds(lambda seconds, spends: Said(State.UNKNOWN, seconds, spends), SECONDS, st.booleans()),
    PARKED,
    *[st.sampled_from(Reason).flatmap(_dead)] * 2,
)
"""Delivered; to be tried again, or given back; nobody knows; parked; dead of each reason."""
OF_LOOKS = st.one_of(
    *[FOUND] * 3,
    st.builds(_look_again, SECONDS, st.integers(0, 1), st.integers(1, 3), st.booleans()),
    st.builds(lambda seconds: Said(State.UNKNOWN, seconds, spends_attempt=False), SECONDS),
    st.just(NOT_THERE),
    PARKED,
    st.just(Said(State.DEAD, 0.0, False, GROUPS[Reason.EXHAUSTED], "", {"reason": "exhausted"})),
)
"""Found; to be looked for again, or nobody looked; it is not there; parked; dead."""


def sayings(lead: Claimed) -> st.SearchStrategy[Said]:
    """What may be said of a lead."""
    return OF_LOOKS if lead.look else OF_SENDS
