"""`leads dead edit` with filters: one correction over many dead letters."""

from __future__ import annotations

import json
import sys

import pytest
from lead_ops.audit import run_audit
from lead_worker.store import Store
from lead_worker.store.dead_letter import Edit
from lead_worker.store.letters import Letters
from lead_worker.store.reading import Reading
from redis.exceptions import ConnectionError as RedisConnectionError

from .conftest import Leads, OnTerminal, Queue

RAWS = [
    b'{"name":"Ana","telefone":"11987654321"}',
    b'{"name":"Eva","telefone":"11987654322"}',
    b'{"name":"Lia","telefone":"11987654323","fax":"1"}',
    b'{"name":"Rui","telefone":"11987654324","phone":"11987654325"}',
    b'{"name":"Zoe","phone":"11987654326"}',
    b'{"name":"Jos\xe9"}',
    b'{"name":"Noa","telefone":"11987654327"}',
]
MOVE = ("--move", "telefone=phone")


def dead(queue: Queue, *raws: bytes) -> list[str]:
    """Dead letters of these bytes, each newer than the one before."""
    ids = [queue.die() for _ in raws]
    for lead_id, raw in zip(ids, raws, strict=True):
        queue.store.client.set(queue.store.keys.raw(lead_id), raw)
    return ids


def raws(queue: Queue, ids: list[str]) -> list[bytes]:
    found = queue.store.client.mget([queue.store.keys.raw(lead_id) for lead_id in ids])
    return [raw or b"" for raw in found]


def group_of(queue: Queue, lead_id: str) -> str:
    sight = Reading(queue.store).sight(lead_id)
    assert sight
    return sight.fields["group"]


def test_what_would_be_changed_is_shown_on_samples_and_counted_before_anybody_is_asked(
    leads: Leads, queue: Queue
) -> None:
    ids = dead(queue, *RAWS)
    asked = leads("dead", "edit", "--source", "site", *MOVE)
    assert (asked.code, raws(queue, ids)) == (2, RAWS)
    assert asked.err.startswith("leads: nothing was changed: expected --yes")
    lines = asked.out.splitlines()
    assert lines[:3] == [
        ids[6],
        '  telefone: "11987654327" -> nothing',
        '  phone: nothing -> "11987654327"',
    ]
    assert lines[10:] == [
        "7 dead letters:",
        "        3 would be changed, and be valid",
        "        1 would not change, and are valid",
        "        1 would still be invalid, and stay as they are",
        "        2 it cannot be done with, and stay as they are",
        "what is in the way:",
        *lines[16:],
    ]
    assert [line.split()[:2] for line in lines[16:]] == [
        ["1", "fax:"],
        ["1", "expected"],
        ["1", "expected"],
    ]


def test_a_group_is_changed_where_it_becomes_valid_and_stays_a_group(
    leads: Leads, queue: Queue
) -> None:
    ids = dead(queue, *RAWS)
    group = group_of(queue, ids[0])
    arguments = ("dead", "edit", "--group", group, *MOVE, "--reason", "the new form")
    done = leads(*arguments, "--yes")
    assert (done.code, done.err) == (1, "")  # as some were left
    assert done.out.splitlines()[-2:] == [
        "3 dead letters were changed",
        f"next, for all that are mended there: leads replay start --group {group} --edited",
    ]
    after = raws(queue, ids)
    assert [json.loads(after[n])["phone"][-1] for n in (0, 1, 6)] == ["1", "2", "7"]
    assert after[2:6] == RAWS[2:6]
    assert group_of(queue, ids[0]) == group
    assert Letters(queue.store).edits(ids[0]).original == RAWS[0]
    again = json.loads(leads(*arguments, "--yes", "--json").out)
    assert [again[n] for n in ("selected", "valid", "unchanged", "changed")] == [7, 0, 4, 0]
    assert run_audit(queue.store).ok


def test_any_filter_chooses_and_a_dry_run_only_tells(leads: Leads, queue: Queue) -> None:
    ids = dead(queue, *RAWS[:2])
    arguments = ("dead", "edit", "--where", "name=ana", *MOVE, "--json")
    told = json.loads(leads(*arguments, "--dry-run").out)
    assert told == {
        "selected": 1,
        "valid": 1,
        "unchanged": 0,
        "invalid": 0,
        "impossible": 0,
        "problems": [],
        "reasons": [],
        "samples": [
            {
                "id": ids[0],
                "changes": [
                    {"path": "telefone", "before": "11987654321"},
                    {"path": "phone", "after": "11987654321"},
                ],
            }
        ],
        "changed": 0,
        "missed": 0,
        "complete": True,
    }
    assert raws(queue, ids) == RAWS[:2]
    assert json.loads(leads(*arguments, "--yes").out)["changed"] == 1
    ran = leads("dead", "edit", "--source", "site", "--not-edited", *MOVE, "--yes")
    assert ran.out.endswith(" there: leads replay start --source site --edited\n")
    ran = leads("dead", "edit", "--source", "nobody", *MOVE)
    assert (ran.code, ran.out) == (0, "no such dead letter\nnothing was changed\n")
    assert leads("dead", "edit", "--group", "invalid:nothing", *MOVE).code == 1


@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt, 130), (RedisConnectionError, 1)])
def test_what_is_stopped_says_how_far_it_came_and_goes_on_when_it_is_run_again(
    leads: Leads,
    queue: Queue,
    monkeypatch: pytest.MonkeyPatch,
    error: type[BaseException],
    code: int,
) -> None:
    ids = dead(queue, *RAWS[:2], RAWS[6])
    edit, before = Store.edit, [1]

    def edit_one(store: Store, lead_id: str, wanted: Edit) -> str:
        if not before.pop():
            raise error
        before.append(0)
        return edit(store, lead_id, wanted)

    monkeypatch.setattr(Store, "edit", edit_one)
    arguments = ("dead", "edit", "--source", "site", *MOVE, "--yes")
    ran = leads(*arguments)
    assert ran.code == code
    assert "1 dead letter was changed\n" in ran.out
    assert "stopped before the end: the same command again does the rest" in ran.err
    monkeypatch.setattr(Store, "edit", edit)
    ran = leads(*arguments)
    assert (ran.code, "2 dead letters were changed\n" in ran.out) == (0, True)
    assert all(b"phone" in raw for raw in raws(queue, ids))


def test_what_somebody_else_took_meanwhile_is_left_and_told(
    leads: Leads, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead(queue, *RAWS[:2])
    verdicts = ["changed", "waiting"]
    monkeypatch.setattr(Store, "edit", lambda *_: verdicts.pop())
    ran = leads("dead", "edit", "--source", "site", *MOVE, "--yes")
    assert ran.code == 1
    assert ran.out.endswith("0 dead letters were changed\n")
    assert ran.err == "2 were edited, replayed or discarded by somebody else meanwhile\n"


def test_more_than_a_page_is_changed_and_what_dies_meanwhile_is_not(
    leads: Leads, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["lead_worker.store.letters"], "PAGE", 2)
    ids = dead(queue, *RAWS[:2], *RAWS[:2], *RAWS[:2])
    edit, late = Store.edit, list[str]()

    def edit_while_one_dies(store: Store, lead_id: str, wanted: Edit) -> str:
        if not late:
            late.extend(dead(queue, RAWS[6]))
        return edit(store, lead_id, wanted)

    monkeypatch.setattr(Store, "edit", edit_while_one_dies)
    ran = leads("dead", "edit", "--source", "site", *MOVE, "--yes")
    assert (ran.code, "6 dead letters were changed\n" in ran.out) == (0, True)
    assert all(b"phone" in raw for raw in raws(queue, ids))
    assert raws(queue, late) == [RAWS[6]]


def test_samples_and_numbers_fit_80_columns(queue: Queue, leads_on_terminal: OnTerminal) -> None:
    dead(queue, *RAWS, b'{"name":"%b"}' % (b"a" * 500))
    lines = leads_on_terminal("dead", "edit", "--source", "site", *MOVE, "--dry-run")
    assert max(map(len, lines)) <= 80
