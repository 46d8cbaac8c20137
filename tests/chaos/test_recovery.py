"""What counts as recovery, for each kind of fault."""

from __future__ import annotations

from chaos.books import Doubt
from chaos.kinds import BY_NAME
from chaos.nemesis import Happened
from chaos.plan import Planned
from chaos.recovery import BARS, KILL_BAR_SECONDS, Row, Traces, rows
from chaos.supervisor import Life

from tests.chaos.evidence_made import account, slip


def happened(kind: str, began: float, ended: float, *, alone: bool = True) -> Happened:
    planned = Planned(0, BY_NAME[kind], began, ended - began, 0, 0.5, alone)
    return Happened(planned, began, ended, detail="worker0" if kind == "worker-kill" else "app1")


def only_row(each: Happened, traces: Traces) -> Row:
    (row,) = rows([each], traces, BARS)
    return row


def test_it_is_counted_from_the_end_to_the_next_arrival() -> None:
    traces = Traces([9.0, 10.5, 14.25, 20.0], [], {}, [])
    row = only_row(happened("redis-kill", 10.0, 13.0), traces)
    assert (row.median, row.longest, row.reached) == (1.25, 1.25, True)


def test_nothing_that_arrives_afterwards_misses_the_bar() -> None:
    row = only_row(happened("redis-kill", 10.0, 13.0), Traces([9.0], [], {}, []))
    assert (row.measured, row.never, row.median, row.reached) == (1, 1, None, False)


def test_a_fault_among_others_is_counted_and_not_measured() -> None:
    row = only_row(happened("redis-kill", 10.0, 13.0, alone=False), Traces([14.0], [], {}, []))
    assert (row.times, row.measured, row.reached) == (1, 0, None)


def test_a_killed_worker_is_recovered_from_when_its_last_lease_has_run_out() -> None:
    accounts = [
        account("a", "delivered", Doubt(103.0, expired=True, pid=7)),
        account("b", "delivered", Doubt(106.5, expired=True, pid=7)),
        account("c", "delivered", Doubt(109.0, expired=True, pid=8)),
    ]
    traces = Traces(
        arrivals=[100.1],
        slips=[],
        accounts={each.lead_id: each for each in accounts},
        lives=[Life("worker0", 7, 0.0, 100.0, True), Life("worker1", 8, 0.0)],
    )
    row = only_row(happened("worker-kill", 100.0, 100.0), traces)
    assert (row.longest, row.bar, row.reached) == (6.5, KILL_BAR_SECONDS, True)


def test_a_killed_app_is_recovered_from_with_its_next_receipt() -> None:
    slips = [slip("app1-3"), slip("app0-4")]
    traces = Traces(arrivals=[999.0], slips=slips, accounts={}, lives=[])
    row = only_row(happened("producer-kill", 998.5, 998.5), traces)
    assert row.longest == 1.5


def test_a_pause_is_counted_from_when_it_was_resumed() -> None:
    traces = Traces(arrivals=[11.0, 15.0], slips=[], accounts={}, lives=[], resumed=[5.0, 12.0])
    row = only_row(happened("operator-pause", 8.0, 10.0), traces)
    assert row.longest == 3.0


LIVES = [Life("worker0", 7, 0.0, 100.0, True), Life("worker1", 8, 0.0)]


def test_a_killed_worker_that_held_no_lease_is_not_measured() -> None:
    others = account("c", "delivered", Doubt(104.0, expired=True, pid=8), Doubt(104.5))
    before = account("d", "delivered", Doubt(99.0, expired=True, pid=7))
    accounts = {each.lead_id: each for each in (others, before)}
    row = only_row(happened("worker-kill", 100.0, 100.0), Traces([100.1], [], accounts, LIVES))
    assert (row.times, row.measured, row.never, row.reached) == (1, 0, 0, None)


def test_a_killed_worker_whose_leads_never_arrive_misses_the_bar() -> None:
    held = account("a", "unknown", Doubt(106.0, expired=True, pid=7))
    row = only_row(
        happened("worker-kill", 100.0, 100.0), Traces([99.0], [], {held.lead_id: held}, LIVES)
    )
    assert (row.measured, row.never, row.reached) == (1, 1, False)


def test_without_a_store_a_killed_worker_is_measured_by_the_next_delivery() -> None:
    row = only_row(happened("worker-kill", 100.0, 100.0), Traces([101.5], [], None, LIVES))
    assert (row.measured, row.longest) == (1, 1.5)
