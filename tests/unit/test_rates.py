"""Which rate is in force, whoever set it, and how it is told."""

from __future__ import annotations

from typing import Any

import pytest
from lead_ops.rates import Rate, rate_in_force, rate_json, rate_words
from lead_worker.store import Counts
from lead_worker.store.reading import Worker

AT = 1_760_000_000.0


def counts(**rate: str) -> Counts:
    names = Counts.__dataclass_fields__
    zero: dict[str, Any] = {name: 0 for name in names if names[name].type == "int"}
    return Counts(now_at=AT, oldest_due_at=None, rate=rate, **zero)


def worker(per_minute: str | None, beat_at: float = AT) -> Worker:
    about = {} if per_minute is None else {"rate_per_minute": per_minute}
    return Worker("w", beat_at, about)


def test_an_operators_number_outweighs_the_workers() -> None:
    rate = rate_in_force(counts(per_minute="120", by="ana", since=f"{AT - 180}"), [worker("60")])
    assert rate == Rate((120,), "ana", AT - 180)
    assert rate_words(rate, AT) == "120 a minute, set by ana 3 min ago"
    assert rate_json(rate) == {
        "per_minute": 120,
        "source": "operator",
        "by": "ana",
        "since": AT - 180,
    }


def test_no_limit_of_an_operators_is_none_and_not_the_workers() -> None:
    rate = rate_in_force(counts(per_minute="0", by="ana"), [worker("60")])
    assert (rate.per_minute, rate.by) == (None, "ana")
    assert rate_words(rate, AT) == "no limit, set by ana"


@pytest.mark.parametrize(
    ("workers", "per_minute", "words"),
    [
        ([], None, "unknown: no worker is there to say"),
        ([worker("60"), worker("60")], 60, "60 a minute, as the workers are set"),
        ([worker("0")], None, "no limit, as the workers are set"),
        ([worker("90"), worker("60")], 90, "60 a minute or 90 a minute, as the workers are set"),
        ([worker("0"), worker("60")], None, "no limit or 60 a minute, as the workers are set"),
        ([worker("60"), worker("5", AT - 30)], 60, "60 a minute, as the workers are set"),
        ([worker(None), worker("x")], None, "unknown: no worker is there to say"),
    ],
)
def test_the_workers_that_live_say_it_where_no_operator_did(
    workers: list[Worker], per_minute: int | None, words: str
) -> None:
    # Who went back to the settings is still in the record.
    rate = rate_in_force(counts(by="ana", since="1.0"), workers)
    assert (rate.per_minute, rate_words(rate, AT)) == (per_minute, words)
    assert rate_json(rate)["source"] == "workers"


def test_a_damaged_record_is_no_error() -> None:
    assert rate_in_force(counts(per_minute="x", by="ana", since="y"), []) == Rate(())
    assert rate_in_force(counts(per_minute="5", since="y"), []) == Rate((5,), "?")


def test_a_number_too_long_to_count_with_is_none() -> None:
    nines = "9" * 400
    assert rate_in_force(counts(per_minute=nines, since="nan"), [worker(nines)]) == Rate(())
    assert rate_in_force(counts(per_minute="5", since="inf"), []) == Rate((5,), "?")
