"""What the API may answer, and what the governor may have made of it, for property tests."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st
from lead_worker.core.governor import STALE_TOKEN_SECONDS, Accused, Governor, Hold, Window
from lead_worker.core.outcome import (
    Delivered,
    FieldError,
    GivenBack,
    HoldKind,
    Invalid,
    Mangled,
    Outcome,
    Rejected,
    Retry,
    Unknown,
)
from lead_worker.core.reconcile import Answer, AskAgain, Finding, Unanswered, Unaskable

from tests.unit.governor_examples import NOW, REFUSED
from tests.unit.governor_model import Reply, Request

FAULTS = [HoldKind.CREDENTIALS, HoldKind.CONFIGURATION, HoldKind.QUOTA]
NOTHING = Reply(Answer())

sends: st.SearchStrategy[Outcome | None] = st.one_of(
    st.just(Delivered("id")),
    st.just(Mangled("id", ("name",))),
    st.just(Rejected(400, "BAD_REQUEST", "no")),
    st.builds(GivenBack, st.sampled_from([None, *FAULTS]), st.just("status_4xx")),
    st.builds(
        Retry,
        st.sampled_from(["refused", "status_425", "status_429", "status_503"]),
        st.sampled_from([None, 1.0, 90.0, 3600.0]),
    ),
    st.builds(Unknown, st.sampled_from(["read_timeout", "status_500"])),
    st.just(Invalid((FieldError("email", "expected one"),))),
    st.none(),
)
looks: st.SearchStrategy[Finding | None] = st.one_of(
    st.sampled_from([Answer(), Answer(equal=("id",)), Answer(similar=("id",)), AskAgain(1.0)]),
    st.just(Unaskable("status_404")),
    st.sampled_from([Unanswered("status_401"), Unanswered("status_503", None, 60.0)]),
    st.none(),
)
times = st.sampled_from([0.1, 0.2, 0.3, 1.0, 10.0])


def well(request: Request) -> Reply:
    return NOTHING if request.look else Reply(Delivered("id"))


@dataclass(slots=True)
class Script:
    """An API that answers as written, and well ever after."""

    sends: list[Reply]
    looks: list[Reply]
    sent: int = 0
    looked: int = 0

    def __call__(self, request: Request) -> Reply:
        if self.is_over():
            return well(request)
        if request.look:
            self.looked += 1
            return self.looks[self.looked % len(self.looks)]
        self.sent += 1
        return self.sends[self.sent - 1]

    def is_over(self) -> bool:
        return self.sent >= len(self.sends)


def scripts_of(outcomes: st.SearchStrategy[Outcome | None]) -> st.SearchStrategy[Script]:
    """Scripts in which each answer is given several times in a row."""
    runs = st.lists(
        st.tuples(st.builds(Reply, outcomes, times), st.integers(1, 6)), min_size=3, max_size=15
    )
    return st.builds(
        Script,
        runs.map(lambda runs: [reply for reply, number in runs for _ in range(number)]),
        st.lists(st.builds(Reply, looks, times), max_size=4).map(lambda some: [*some, NOTHING]),
    )


# Among all outcomes few are about one hold; so, in half of the scripts most are.
scripts = scripts_of(sends) | scripts_of(
    st.sampled_from(
        [
            Delivered("id"),
            REFUSED,
            REFUSED,
            Retry("status_429", 60.0),
            Unknown("status_500"),
        ]
    )
)
tokens = st.sampled_from([("a",), ("a", "b")])


accusations = st.builds(
    Accused, st.sampled_from(["lead-0000", "gone"]), st.just("an earlier claim")
)
sane_holds = st.builds(
    Hold,
    st.sampled_from([*FAULTS, HoldKind.CONTRACT, HoldKind.OUTAGE]),
    st.just("why"),
    number=st.integers(1, 5),
    suspected=st.booleans(),
    accused=st.lists(accusations, max_size=2).map(tuple),
    alike=st.integers(0, 2),
    canary_at=st.floats(NOW - 100, NOW + 3600),
    trial_at=st.none() | st.floats(NOW - 100, NOW + 3600),
    pause_seconds=st.floats(0, 3600),
    canary=st.sampled_from(["", "lead-0000"]),
    token_mark=st.sampled_from(["", "a", "b"]),
    not_before_at=st.just(0.0) | st.floats(NOW, NOW + 3600),
    flight=st.floats(0, 300),
) | st.builds(
    Hold, st.just(HoldKind.NOT_BEFORE), st.just("why"), until_at=st.floats(NOW, NOW + 3600)
)
governors = st.builds(
    Governor,
    st.none() | sane_holds,
    st.none() | st.builds(Window, st.floats(1, 300), st.floats(1, 300), st.floats(NOW - 9, NOW)),
    st.integers(0, 9),
    st.lists(st.sampled_from(["lead-0000", "gone"]), max_size=3).map(tuple),
    st.integers(5, 9),
    st.lists(
        st.tuples(st.sampled_from(["a", "b"]), st.floats(0, NOW + STALE_TOKEN_SECONDS)), max_size=2
    ).map(tuple),
)
