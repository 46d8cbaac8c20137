"""The checker finds each thing that must not be, and takes nothing for it that may be."""

from __future__ import annotations

from dataclasses import replace

import pytest
from chaos.books import Doubt
from chaos.checker import judge
from chaos.explain import FROZEN, UNKNOWN_OUTCOME
from chaos.supervisor import Freeze
from lead_producers.record import key_digest

from tests.chaos.evidence_made import account, creation, evidence, slip

POLICIES = ["retry", "reconcile", "park"]


def test_a_lead_that_arrived_once_is_no_problem() -> None:
    verdict = judge(evidence([slip("a")], [account("a")], [creation("a")]), "reconcile")
    assert verdict.held
    assert (verdict.receipts, verdict.leads, verdict.in_the_api) == (1, 1, 1)
    assert verdict.places == {"delivered": 1}


def test_a_receipt_without_a_lead_is_a_loss() -> None:
    verdict = judge(evidence([slip("a"), slip("b")], [account("a")], [creation("a")]), "retry")
    assert [problem.serial for problem in verdict.lost] == ["b"]
    assert verdict.places["gone"] == 1
    assert not verdict.held


def test_a_lead_called_delivered_that_the_api_never_got_is_a_loss() -> None:
    verdict = judge(evidence([slip("a")], [account("a")], []), "retry")
    assert [problem.serial for problem in verdict.lost] == ["a"]


def test_a_receipt_that_names_another_lead_is_a_loss() -> None:
    found = evidence([slip("b", lead_id="id-a")], [account("a")], [creation("a")])
    assert [problem.serial for problem in judge(found, "retry").lost] == ["b"]


def test_a_spooled_receipt_is_followed_by_its_key() -> None:
    given = [slip("a", lead_id="never-came", key="k", spooled=True)]
    found = evidence(given, [account("a")], [creation("a")], holders={key_digest("k"): "id-a"})
    assert judge(found, "retry").held


def test_a_receipt_of_redis_is_not_followed_by_its_key() -> None:
    given = [slip("a", lead_id="never-came", key="k")]
    found = evidence(given, [account("a")], [creation("a")], holders={key_digest("k"): "id-a"})
    assert [problem.serial for problem in judge(found, "retry").lost] == ["a"]


def test_what_lies_in_a_spool_is_not_lost_and_not_at_its_end() -> None:
    given = [slip("a", spooled=True)]
    verdict = judge(evidence(given, [], [], in_spools=frozenset(["id-a"])), "retry")
    assert verdict.lost == []
    assert [problem.serial for problem in verdict.unfinished] == ["a"]
    assert not verdict.held


@pytest.mark.parametrize("state", ["waiting", "leased", "unknown", ""])
def test_a_lead_that_is_in_no_final_place_is_told(state: str) -> None:
    verdict = judge(evidence([slip("a")], [account("a", state)], []), "retry")
    assert [problem.serial for problem in verdict.unfinished] == ["a"]
    assert not verdict.held


@pytest.mark.parametrize("state", ["dead", "parked", "discarded", "erased"])
def test_a_lead_that_is_not_delivered_need_not_be_in_the_api(state: str) -> None:
    assert judge(evidence([slip("a")], [account("a", state)], []), "retry").held


def test_a_lead_in_the_api_that_nobody_enqueued_is_told() -> None:
    verdict = judge(evidence([], [], [creation("a")]), "retry")
    assert [problem.serial for problem in verdict.mistaken] == ["a"]
    assert not verdict.held


def test_a_lead_under_the_id_of_another_is_told() -> None:
    wrong = replace(account("a"), api_id="api-b-1000")
    verdict = judge(evidence([slip("a")], [wrong], [creation("a")]), "retry")
    assert [problem.serial for problem in verdict.mistaken] == ["a"]


def test_a_form_that_became_two_leads_is_told() -> None:
    twin = replace(account("a"), lead_id="id-twin", state="dead")
    verdict = judge(evidence([slip("a")], [account("a"), twin], [creation("a")]), "retry")
    assert [problem.why for problem in verdict.mistaken] == ["one form became 2 leads"]


def test_what_the_audit_says_is_held_against_it() -> None:
    found = evidence([slip("a")], [account("a")], [creation("a")])
    assert not judge(replace(found, audit=["all leads: accepted 2"]), "retry").held


def test_a_lead_whose_app_died_before_the_receipt_is_counted() -> None:
    verdict = judge(evidence([], [account("a")], [creation("a")]), "retry")
    assert (verdict.unreceipted, verdict.held) == (1, True)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_duplicate_without_a_doubt_is_unexplained(policy: str) -> None:
    found = evidence([slip("a")], [account("a")], [creation("a"), creation("a", 1001)])
    verdict = judge(found, policy)
    assert [(each.serial, each.number) for each in verdict.unexplained] == [("a", 1)]
    assert not verdict.held


def test_under_retry_a_doubt_explains_one_duplicate_and_no_second() -> None:
    lead = account("a", "delivered", Doubt(1000.5))
    twice = [creation("a"), creation("a", 1001)]
    verdict = judge(evidence([slip("a")], [lead], twice), "retry")
    assert (verdict.explained, verdict.held) == ({UNKNOWN_OUTCOME: 1}, True)
    thrice = judge(evidence([slip("a")], [lead], [*twice, creation("a", 1002)]), "retry")
    assert [each.number for each in thrice.unexplained] == [1]


@pytest.mark.parametrize("policy", ["reconcile", "park"])
def test_a_doubt_alone_explains_nothing_where_the_api_is_asked_or_nothing_sent(policy: str) -> None:
    lead = account("a", "delivered", Doubt(1000.5), Doubt(1000.6, expired=True, pid=7))
    found = evidence([slip("a")], [lead], [creation("a"), creation("a", 1001)])
    assert not judge(found, policy).held


def test_under_reconcile_a_frozen_worker_explains_a_duplicate() -> None:
    lead = account("a", "delivered", Doubt(1006.5, expired=True, pid=7))
    twice = [creation("a", 1011), creation("a", 1013.01)]
    lead = replace(lead, api_id="api-a-1011")
    found = evidence([slip("a")], [lead], twice, freezes=[Freeze(7, 1000.5, 1013.0)])
    verdict = judge(found, "reconcile")
    assert (verdict.explained, verdict.held) == ({FROZEN: 1}, True)


@pytest.mark.parametrize(
    "freeze",
    [
        pytest.param(Freeze(8, 1000.5, 1013.0), id="another process"),
        pytest.param(Freeze(7, 980.0, 985.0), id="long before the claim"),
        pytest.param(Freeze(7, 1007.0, 1013.0), id="after the lease ran out"),
        pytest.param(Freeze(7, 1000.5, 1009.0), id="awake long before the second one arrived"),
        pytest.param(Freeze(7, 1000.5, 1014.0), id="asleep when each of them arrived"),
    ],
)
def test_under_reconcile_another_freeze_explains_nothing(freeze: Freeze) -> None:
    lead = account("a", "delivered", Doubt(1006.5, expired=True, pid=7))
    lead = replace(lead, api_id="api-a-1012")
    twice = [creation("a", 1012), creation("a", 1013.01)]
    found = evidence([slip("a")], [lead], twice, freezes=[freeze])
    assert [each.serial for each in judge(found, "reconcile").unexplained] == ["a"]
