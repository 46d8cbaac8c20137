"""Faults as values and in force: what they mean, whom they hit, and when they end."""

from __future__ import annotations

import json
from typing import Any

import click
import pytest
from click.testing import CliRunner
from lead_ops.commands.sandbox import sandbox
from lead_ops.sandbox import Faults, Kind, SandboxError, Scope
from lead_ops.sandbox.answers import Answer, encode
from lead_ops.sandbox.fault_book import FaultBook
from lead_ops.sandbox.faults import CREATES, faults_json, parse_faults
from lead_ops.sandbox.harm import harm


def hits(book: FaultBook, times: int, now: float = 0.0) -> list[bool]:
    return [book.plan("POST", {}, now).faults is not None for _ in range(times)]


def test_every_kind_says_whether_the_lead_is_created() -> None:
    assert set(CREATES) == set(Kind)


@pytest.mark.parametrize(
    ("faults", "creates"),
    [
        (Faults(status=503), False),
        (Faults(status=204), True),
        (Faults(status=500, creates=True), True),
        (Faults(latency_seconds=1), True),
        (Faults(Kind.DROP), True),
        (Faults(Kind.DROP_BEFORE), False),
        (Faults(Kind.TRUNCATE, creates=False), False),
    ],
)
def test_a_fault_creates_the_lead_by_its_kind_unless_told_otherwise(
    faults: Faults, creates: bool
) -> None:
    assert faults.is_creating is creates


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "something to go wrong"),
        ({"status": 99}, "status: expected 200 to 999, found 99"),
        ({"status": 503, "rate": 2}, "rate: expected 0 to 1, found 2"),
        ({"status": 503, "retry_after": "1\r\nX: y"}, "printable"),
        ({"kind": "drop", "status": 503}, "exclude each other"),
        ({"kind": "status"}, "needs a status"),
        ({"kind": "redirect", "status": 200}, "300 to 399"),
        ({"kind": "drop", "creates": False}, "fixed"),
        ({"kind": "hang", "retry_after": "3"}, "goes with a status"),
        ({"kind": "fire"}, "kind: expected one of"),
        ({"fire": 1}, "expected a name among"),
        ({"status": "503"}, "status: expected int, found str"),
        ({"status": True}, "status: expected int, found bool"),
        ([], "a JSON object"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused_in_one_line(given: Any, words: str) -> None:
    with pytest.raises(SandboxError, match=words) as caught:
        parse_faults(given)
    assert "\n" not in str(caught.value)


def test_a_fault_survives_the_way_through_json() -> None:
    faults = Faults(
        Kind.DRIP, drip_seconds=0.5, rate=0.25, seed=7, scope=Scope.POST, count=3, creates=False
    )
    assert parse_faults(json.loads(encode(faults_json(faults)))) == faults
    assert faults_json(Faults(status=503)) == {"kind": "status", "status": 503}


def test_the_same_seed_hits_the_same_requests() -> None:
    first, second, other = FaultBook(), FaultBook(), FaultBook()
    first.add(Faults(status=503, rate=0.3, seed=1), 0)
    second.add(Faults(status=503, rate=0.3, seed=1), 0)
    other.add(Faults(status=503, rate=0.3, seed=2), 0)
    pattern = hits(first, 200)
    assert pattern == hits(second, 200)
    assert pattern != hits(other, 200)
    assert 40 < sum(pattern) < 80


def test_a_count_ends_a_fault() -> None:
    book = FaultBook()
    book.add(Faults(Kind.DROP, count=2), 0)
    assert hits(book, 4) == [True, True, False, False]
    assert book.active == []


def test_time_ends_a_fault() -> None:
    book = FaultBook()
    book.add(Faults(Kind.DROP, for_seconds=5), 100.0)
    assert hits(book, 1, now=104.9) == [True]
    assert hits(book, 1, now=105.0) == [False]


def test_the_newer_of_two_faults_decides_and_alone_is_counted() -> None:
    book = FaultBook()
    older = book.add(Faults(status=503, latency_seconds=1), 0)
    oldest_hits = older.hits
    newer = book.add(Faults(Kind.DROP, count=1), 0)
    plan = book.plan("POST", {}, 0)
    assert (plan.fault, plan.latency_seconds) == (newer.number, 1)
    assert (older.hits - oldest_hits, newer.hits) == (1, 1)
    assert book.plan("POST", {}, 0).fault == older.number


def test_a_fault_that_another_overrules_is_not_spent() -> None:
    book = FaultBook()
    older = book.add(Faults(status=503, count=1), 0)
    book.add(Faults(Kind.DROP), 0)
    book.plan("POST", {}, 0)
    assert older.hits == 0


@pytest.mark.parametrize(
    ("faults", "method", "lead", "hit"),
    [
        (Faults(Kind.DROP, scope=Scope.GET), "POST", {}, False),
        (Faults(Kind.DROP, scope=Scope.GET), "GET", None, True),
        (Faults(Kind.DROP, only_agent="a1"), "POST", {"agentId": "a1"}, True),
        (Faults(Kind.DROP, only_agent="a1"), "POST", {"agentId": "a12"}, False),
        (Faults(Kind.DROP, only_agent="a1"), "GET", None, False),
        (Faults(Kind.DROP, match="Zé"), "POST", {"name": "Zé da Silva"}, True),
        (Faults(Kind.DROP, match="Zé"), "POST", ["Zé"], False),
    ],
)
def test_a_fault_hits_only_what_is_in_its_scope(
    faults: Faults, method: str, lead: Any, hit: bool
) -> None:
    book = FaultBook()
    book.add(faults, 0)
    assert (book.plan(method, lead, 0).faults is not None) is hit


def test_one_fault_or_all_are_cleared() -> None:
    book = FaultBook()
    numbers = [book.add(Faults(Kind.DROP), 0).number for _ in range(3)]
    assert book.clear(numbers[1]) == 1
    assert book.clear(numbers[1]) == 0
    assert book.clear() == 2


def test_an_oversized_answer_is_the_usual_one_with_room_in_it() -> None:
    usual = Answer(200, b'{"id":"x"}')
    answer = harm(Faults(Kind.OVERSIZE, oversize_bytes=5000), usual, "localhost")
    assert answer is not None
    assert len(answer.body) == 5000
    assert json.loads(answer.body) == {"id": "x"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--drop", "--reset"], "--drop and --reset"),
        (["--status", "500", "--redirect"], "--status and --redirect"),
        (["--latency", "-1"], "0 to 3600"),
        ([], "something to go wrong"),
    ],
)
def test_the_command_refuses_options_that_make_no_sense(arguments: list[str], words: str) -> None:
    result = CliRunner().invoke(sandbox, ["fault", *arguments])
    assert result.exit_code == 2
    assert words in result.stderr


def test_the_help_says_of_each_kind_whether_the_lead_is_created() -> None:
    options = {param.name: param for param in sandbox.commands["fault"].params}
    for kind, creates in CREATES.items():
        option = options[kind.value]
        assert isinstance(option, click.Option)
        assert ("[created" if creates else "[not created") in (option.help or "")
