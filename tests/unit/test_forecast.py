"""What a campaign would do: which leads are counted, which may be duplicates, how long it takes."""

from __future__ import annotations

import pytest
from lead_ops.campaigns.forecast import Forecast, Pace, foresee, may_have_arrived, those_to_send
from lead_worker.core.classify import classify
from lead_worker.core.outcome import Retry, Unknown
from lead_worker.core.reply import Answered, NoAnswer, NotSent, Reply
from lead_worker.core.schema import SchemaRules
from lead_worker.store.letters import Letter
from lead_worker.store.reading import Listed

RULES = SchemaRules()
SENT = {"name": "Ana"}


def letter(lead_id: str, raw: bytes | None = b'{"name":"Ana"}', **fields: str) -> Letter:
    return Letter(Listed(lead_id, 1.0, fields), raw)


LETTERS = [
    letter("a", reason="rejected"),
    letter("b", b'{"email":"none"}', reason="invalid"),
    letter("c", reason="rejected", api_id="x"),
    letter("d", reason="rejected"),
    letter("e", None, reason="invalid"),
    letter("f", b'{"email":"none"}', reason="poison"),
    letter("g", reason="rejected"),
]


def test_what_is_invalid_still_is_left_out_unless_it_is_wanted() -> None:
    found = foresee(LETTERS, RULES)
    assert (found.number, found.invalid, found.doubtful, found.selected) == (4, 3, 1, 7)
    assert [sample.lead_id for sample in found.samples] == ["a", "c", "d"]
    assert [*those_to_send(LETTERS, RULES, sends_invalid=False)] == ["a", "c", "d", "g"]
    seen: list[int] = []
    found = foresee(LETTERS, RULES, sends_invalid=True, seen=seen.append)
    assert (found.number, found.invalid, found.doubtful, found.selected) == (7, 3, 2, 7)
    assert [*those_to_send(LETTERS, RULES, sends_invalid=True)] == list("abcdefg")
    assert seen == [1, 2, 3, 4, 5, 6, 7]
    assert foresee([], RULES) == Forecast()


def test_the_rules_are_those_that_are_given() -> None:
    unknown = [letter("a", b'{"nome":"Ana","name":"Ana"}')]
    assert foresee(unknown, RULES).invalid == 1
    assert foresee(unknown, SchemaRules(unknown_fields="drop")).invalid == 0


@pytest.mark.parametrize(
    ("fields", "may"),
    [
        ({"reason": "rejected", "cause": "status_422"}, False),
        ({"reason": "rejected", "unknown_since": "1.5"}, True),
        ({"reason": "rejected", "api_id": "x"}, True),
        ({"reason": "invalid", "cause": "schema"}, False),
        ({"reason": "poison", "cause": "lease_expired"}, True),
        ({"reason": "mangled", "cause": "fields_lost"}, True),
        ({"reason": "exhausted"}, True),
        ({}, False),
    ],
)
def test_a_record_tells_whether_the_api_may_have_the_lead(
    fields: dict[str, str], may: bool
) -> None:
    assert may_have_arrived(fields) is may


REPLIES: list[Reply] = [Answered(status, b"") for status in range(200, 600)]
REPLIES += [NotSent(cause) for cause in ("dns", "refused", "connect", "connect_timeout")]
REPLIES += [NotSent(cause) for cause in ("proxy", "tls")]
REPLIES += [NoAnswer(cause) for cause in ("read_timeout", "dropped", "garbled", "oversized")]


def test_what_is_exhausted_may_have_arrived_exactly_where_its_last_outcome_was_unknown() -> None:
    judged = 0
    for reply in REPLIES:
        outcome = classify(reply, SENT, now_at=0.0, retry_after_cap_seconds=60.0)
        if isinstance(outcome, Retry | Unknown):
            fields = {"reason": "exhausted", "cause": outcome.cause}
            assert may_have_arrived(fields) is isinstance(outcome, Unknown), reply
            judged += 1
    assert judged > 200


def test_the_slower_of_both_rates_tells_how_long_it_takes() -> None:
    assert Pace().seconds(100) is None
    assert Pace(own=60.0).seconds(100) == (100.0, 100.0)
    assert Pace(own=60.0, fleet=600).seconds(100) == (100.0, 100.0)
    busy = Pace(own=600.0, fleet=60, ahead=20).seconds(100)
    assert busy is not None
    assert busy == pytest.approx((120.0, 540.0))
