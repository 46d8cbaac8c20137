"""What each script does, to be done once and twice: how it is prepared, and the step itself."""

from __future__ import annotations

from collections.abc import Callable

from lead_worker.core.governor import Accused, Event, Governor
from lead_worker.core.lifecycle import State
from lead_worker.core.outcome import HoldKind
from lead_worker.store import Claim, Decision, Store
from lead_worker.store.campaigns import Campaigns, Launch, Steer
from lead_worker.store.metrics import Metrics

from tests.integration.dead_letters import (
    BEGUN,
    RAW,
    advance,
    die,
    edit,
    launch,
    letter,
    settle_all,
)
from tests.integration.holding import PAUSE, hold, unhold
from tests.integration.queues import ENTRY, GOES_ON, LEASE_SECONDS, LIMITS, Queue, settlement

Prepare = Callable[[Queue], object]
Step = Callable[[Queue, Store], object]

API_URL = "https://api.example/rest"
PROGRESS = {"looks": "1", "look_page": "2", "unanswered": "0", "similar": "1"}


def nothing(queue: Queue) -> None:
    pass


def accepted(queue: Queue) -> None:
    queue.accept("a", "b", "c")


def leased(queue: Queue) -> None:
    accepted(queue)
    queue.claim()


def run_out(queue: Queue) -> None:
    leased(queue)
    queue.pass_time(LEASE_SECONDS + 1)
    queue.store().reclaim(0.0)


def settled(to: State) -> Prepare:
    def prepare(queue: Queue) -> None:
        accepted(queue)
        queue.settle(*(settlement(lead, to) for lead in queue.claim()))

    return prepare


def held(queue: Queue) -> None:
    accepted(queue)
    assert hold(queue.store(), PAUSE)


def refused(queue: Queue) -> None:
    accepted(queue)
    queue.give_back(*queue.claim())


def being_looked_for(queue: Queue) -> None:
    queue.accept_unknown("a", "b")
    queue.claim()


def found_or_taken(queue: Queue) -> None:
    """One look has found what an answer will claim, the other finds what is taken by then."""
    being_looked_for(queue)
    first, _ = queue.claim_again()
    assert queue.settle(settlement(first, State.DELIVERED, api_id="api-1", look=True)) == ("ok",)
    queue.accept("c")
    queue.claim("w2")


def settle_and_claim(to: State, *, spends_attempt: bool = True) -> Step:
    def step(queue: Queue, store: Store) -> None:
        leads = queue.claim_again()
        done = [settlement(lead, to, spends_attempt=spends_attempt) for lead in leads]
        store.turn(done, Claim(2, 2), LIMITS)

    return step


def claim(queue: Queue, store: Store) -> object:
    return store.turn([], Claim(1, 2), LIMITS)


def settle_looks(to: State) -> Step:
    def step(queue: Queue, store: Store) -> None:
        done = [settlement(look, to, look=True, fields=PROGRESS) for look in queue.claim_again()]
        store.turn(done, Claim(2, 2), LIMITS)

    return step


def answer_what_was_found(queue: Queue, store: Store) -> None:
    (look,), (sent,) = queue.claim_again(), queue.claim_again("w2")
    answer = settlement(sent, State.DELIVERED, api_id="api-1")
    find = settlement(look, State.DELIVERED, api_id="api-1", look=True)
    store.turn([answer, find], None, LIMITS)


def judge(queue: Queue, store: Store) -> None:
    accused = [Accused(lead_id, "w1:1", 403, "FORBIDDEN") for lead_id in ("a", "b")]
    event = Event("hold_ended", HoldKind.CREDENTIALS, "", "w1")
    version = store.counts().version
    decision = Decision(Governor(), version, "act", (accused[0],), (accused[1],), (event,))
    assert store.govern(decision).convicted == ("a",)


def rate(per_minute: int | None) -> Step:
    return lambda _, store: store.set_rate(per_minute, "ana", {"event": "rate"})


def end_the_hold(queue: Queue, store: Store) -> None:
    assert unhold(store)


def died(queue: Queue) -> None:
    die(queue, "a", "b", "c", key="", raw=RAW)


def discarded(queue: Queue) -> None:
    died(queue)
    assert queue.store().discard("a", "act-0", ENTRY) == "ok"


def edited(queue: Queue) -> None:
    died(queue)
    assert queue.store().edit("a", edit(RAW, b"{}", act="act-0")) == "ok"


def keyed(queue: Queue) -> None:
    queue.accept("a", key="digest")
    queue.deliver(queue.claim()[0])


def preparing(queue: Queue) -> None:
    died(queue)
    assert Campaigns(queue.store()).launch("c", Launch("ana", "all"))
    assert Campaigns(queue.store()).enlist("c", 0, ["a", "b"]) == "ok"


def running(queue: Queue) -> None:
    died(queue)
    launch(queue, ["a", "b", "gone"], per_minute=6000)


def out(queue: Queue) -> None:
    running(queue)
    advance(queue)
    settle_all(queue, State.DELIVERED)
    queue.pass_time(1.0)


def failing(queue: Queue) -> None:
    names = [f"lead-{n:02}" for n in range(25)]
    die(queue, *names)
    launch(queue, names)
    advance(queue)
    settle_all(queue, State.DEAD)
    queue.pass_time(1.0)


def stopped(queue: Queue) -> None:
    failing(queue)
    advance(queue)


def abandoned(queue: Queue) -> None:
    preparing(queue)
    queue.pass_time(61.0)


def steer(what: Steer) -> Step:
    return lambda _, store: Campaigns(store).steer("c", what, BEGUN)


def go_on(queue: Queue, store: Store) -> object:
    return Campaigns(store).advance("c", 0)


def replay_by_force(queue: Queue, store: Store) -> None:
    assert store.replay("a", "act", ENTRY, force=True) in ("ok", "done")


def enlist(queue: Queue, store: Store) -> None:
    assert Campaigns(store).enlist("c", 2, ["c"]) in ("ok", "done")


CASES: dict[str, tuple[Prepare, Step]] = {
    "open": (nothing, lambda _, store: store.open(API_URL)),
    "claim": (accepted, claim),
    "claim where nothing is": (nothing, claim),
    "claim under a hold": (held, claim),
    "claim a look": (lambda queue: queue.accept_unknown("a", "b", "c"), claim),
    **{f"look, then {to}": (being_looked_for, settle_looks(to)) for to in GOES_ON},
    "answer what was found": (found_or_taken, answer_what_was_found),
    **{f"settle to {to}, and claim": (leased, settle_and_claim(to)) for to in GOES_ON},
    "give back, and claim": (leased, settle_and_claim(State.WAITING, spends_attempt=False)),
    "settle what has run out": (run_out, settle_and_claim(State.WAITING)),
    "reclaim": (run_out, lambda _, store: store.reclaim(0.0)),
    "beat": (accepted, lambda _, store: store.beat({"pid": 1})),
    "beat without a word": (accepted, lambda _, store: store.beat({})),
    "calendar": (nothing, lambda _, store: store.calendar_done()),
    "leave": (leased, lambda _, store: store.leave()),
    "hold": (accepted, lambda _, store: hold(store, PAUSE)),
    "end a hold": (held, end_the_hold),
    "judge the accused": (refused, judge),
    "rate": (accepted, rate(120)),
    "no limit": (accepted, rate(0)),
    "rate as it was": (accepted, rate(None)),
    "confirm": (settled(State.PARKED), lambda _, s: s.confirm("a", "act", ENTRY, "api-9")),
    "confirm without an id": (settled(State.PARKED), lambda _, s: s.confirm("a", "x", ENTRY, "")),
    "replay": (settled(State.DEAD), lambda _, store: store.replay("a", "act", ENTRY)),
    "replay the parked": (settled(State.PARKED), lambda _, store: store.replay("a", "act", ENTRY)),
    "discard": (settled(State.DEAD), lambda _, store: store.discard("a", "act", ENTRY)),
    "erase the waiting": (accepted, lambda _, store: store.erase("a", ENTRY)),
    "erase the leased": (leased, lambda _, store: store.erase("a", ENTRY)),
    "erase the delivered": (settled(State.DELIVERED), lambda _, store: store.erase("a", ENTRY)),
    "forget": (settled(State.DELIVERED), lambda _, store: store.forget(State.DELIVERED, 0.0)),
    "forget a keyed one": (keyed, lambda _, s: s.forget(State.DELIVERED, 0.0, 1000.0)),
    "forget the dead": (died, lambda _, store: store.forget(State.DEAD, 0.0)),
    "forget the edited": (edited, lambda _, store: store.forget(State.DEAD, 0.0)),
    "erase the dead": (died, lambda _, store: store.erase("a", ENTRY)),
    "erase the edited": (edited, lambda _, store: store.erase("a", ENTRY)),
    "erase the discarded": (discarded, lambda _, store: store.erase("a", ENTRY)),
    "replay by force": (settled(State.DELIVERED), replay_by_force),
    "restore": (discarded, lambda _, store: store.restore("a", "act", ENTRY)),
    "edit": (died, lambda _, store: store.edit("a", edit(RAW, b"{}"))),
    "edit again": (edited, lambda _, store: store.edit("a", edit(b"{}", RAW))),
    "import": (nothing, lambda _, s: s.import_dead(letter("a", key="digest"), "act", ENTRY)),
    "launch": (nothing, lambda _, store: Campaigns(store).launch("c", Launch("ana", "all"))),
    "enlist": (preparing, enlist),
    **{f"begin, or {what}": (preparing, steer(what)) for what in (Steer.BEGIN, Steer.CANCEL)},
    "pause a campaign": (running, steer(Steer.PAUSE)),
    "resume a campaign": (stopped, steer(Steer.RESUME)),
    "cancel a campaign": (running, steer(Steer.CANCEL)),
    "advance": (running, go_on),
    "advance to the end": (out, go_on),
    "advance until it stops": (failing, go_on),
    "advance what is abandoned": (abandoned, go_on),
    "advance what is not there": (nothing, go_on),
    "claim the rule": (nothing, lambda _, store: Campaigns(store).claim_redrive(60.0)),
    "carry the rule out": (nothing, lambda _, store: Campaigns(store).redriven(60.0)),
    "flush what was counted": (nothing, lambda _, store: Metrics(store).flush(1, {"a|b": 2})),
    "log": (nothing, lambda _, store: store.log({"event": "exported"})),
}
IDLE: list[tuple[Prepare, Step]] = [(nothing, claim), (held, claim), (nothing, go_on)]
"""What changes nothing even once."""
