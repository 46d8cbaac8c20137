"""`leads show`, `dead list`, `dead show` and `erase`: one lead, and the dead ones."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable

import pytest
from lead_ops.audit import run_audit
from lead_worker.core.lifecycle import State
from lead_worker.store.reading import PAGE, Reading

from .conftest import Leads, Queue

Start = Callable[..., "subprocess.Popen[bytes]"]
UNKNOWN_ID = "0" * 32


def test_a_lead_is_shown_with_its_state_timeline_and_raw_dict(leads: Leads, queue: Queue) -> None:
    lead_id = queue.die(status="422", code="UNPROCESSABLE_CONTENT")
    shown = json.loads(leads("show", lead_id, "--json").out)
    assert shown["id"] == lead_id
    assert (shown["state"], shown["reason"], shown["cause"]) == ("dead", "rejected", "status_422")
    assert (shown["status"], shown["attempts"], shown["source"]) == (422, 1, "site")
    assert shown["raw"] == {"name": "Ana Souza", "email": "ana.souza@example.com"}
    (entry,) = shown["timeline"]
    assert (entry["event"], entry["outcome"], entry["worker"]) == ("attempt", "rejected", "w")
    assert entry["message"] == "no such agent: Ana"
    assert isinstance(entry["at"], float)
    assert not {"token", "settled", "act", "key"} & set(shown)


def test_the_text_says_what_happens_next(leads: Leads, queue: Queue) -> None:
    lead_id = queue.die()
    out = leads("show", lead_id).out
    assert out.startswith(f"{lead_id}  dead\n")
    assert "leads dead replay" in out
    assert "1 rejected\t200 ms" in out
    assert "ana.souza@example.com" in out


@pytest.mark.parametrize(
    ("reason", "advice"),
    [
        ("mangled", "correct it there, then leads dead discard"),
        ("invalid", "Mend it: leads dead edit ID, then leads dead replay ID"),
        ("rejected", "by leads dead edit ID or on its side: leads dead replay ID"),
        ("exhausted", "look in the API first"),
        ("poison", "Look at the lead and in the API"),
    ],
)
def test_the_advice_fits_the_reason(leads: Leads, queue: Queue, reason: str, advice: str) -> None:
    assert advice in leads("dead", "show", queue.die(reason)).out.splitlines()[1]


def test_a_mangled_lead_names_what_was_lost(leads: Leads, queue: Queue) -> None:
    entry: dict[str, object] = {"outcome": "mangled", "api_id": "a", "fields": ["email", "phone"]}
    lead_id = queue.settle(State.DEAD, entry, reason="mangled", cause="fields_lost")
    assert "lost      email, phone\n" in leads("show", lead_id).out


def test_a_code_that_repeats_the_status_is_left_out(leads: Leads, queue: Queue) -> None:
    plain = queue.settle(
        State.DEAD,
        {"status": 418, "code": "STATUS_418"},
        reason="rejected",
        cause="status_418",
        status="418",
        code="STATUS_418",
    )
    assert "STATUS_418" not in leads("show", plain).out + leads("dead", "list").out
    telling = queue.die(status="422", code="NO_AGENT")
    assert "422 NO_AGENT" in leads("show", telling).out


def test_what_matters_in_a_list_is_whole_at_80_columns(leads_process: Start, queue: Queue) -> None:
    queue.die()
    queue.settle(State.DEAD, reason="exhausted", cause="connect_timeout")
    reader, writer = os.openpty()
    environ = {"COLUMNS": "80", "TERM": "xterm"}
    process = leads_process("dead", "list", stdout=writer, **environ)
    assert process.communicate()[1] == b""
    os.close(writer)
    lines = os.read(reader, 65_536).decode()
    os.close(reader)
    assert "connect_timeout" in lines
    assert "status_422" in lines
    assert "exhausted" in lines


def test_saying_no_to_erase_erases_nothing(leads_process: Start, queue: Queue) -> None:
    lead_id = queue.die()
    reader, writer = os.openpty()
    os.write(reader, b"n\n")
    process = leads_process("erase", lead_id, stdin=writer)
    out, err = process.communicate()
    os.close(writer)
    os.close(reader)
    assert (process.returncode, out) == (1, b"")
    assert err.endswith(b"leads: nothing was erased\n")
    assert queue.store.counts().dead == 1


def test_what_is_personal_can_be_left_out(leads: Leads, queue: Queue) -> None:
    lead_id = queue.die()
    for arguments in (("--no-raw",), ("--no-raw", "--json")):
        for command in (("show",), ("dead", "show")):
            out = leads(*command, lead_id, *arguments).out
            assert lead_id in out
            assert "Ana" not in out


@pytest.mark.parametrize("state", list(State))
def test_each_state_has_its_sentence(leads: Leads, queue: Queue, state: State) -> None:
    if state is State.WAITING:
        lead_id = queue.put()
    elif state is State.LEASED:
        queue.put()
        lead_id, _ = queue.lease()
    elif state in (State.DISCARDED, State.ERASED):
        lead_id = queue.die()
        assert queue.store.discard(lead_id, "a", {"event": "discarded"}) == "ok"
        if state is State.ERASED:
            assert queue.store.erase(lead_id, {"event": "erased"}) == "ok"
    else:
        lead_id = queue.settle(state)
    ran = leads("show", lead_id)
    assert ran.code == 0
    head, sentence = ran.out.splitlines()[:2]
    assert head == f"{lead_id}  {state.value}"
    assert sentence.endswith(".")


def test_a_lead_that_waits_under_a_hold_says_so(leads: Leads, queue: Queue) -> None:
    lead_id = queue.put()
    leads("pause", "--reason", "x")
    assert "deliveries are held: paused since" in leads("show", lead_id).out


def test_what_strangers_wrote_does_not_steer_the_terminal(leads: Leads, queue: Queue) -> None:
    evil = "\x1b]0;x\x07\x9b2J\u202e[red]\r\n"
    lead_id = queue.put(name=evil, custom={evil: evil})
    _, token = queue.lease()
    assert token
    for out in (leads("show", lead_id).out, leads("show", lead_id, "--json").out):
        assert all(line.isprintable() for line in out.replace("\t", "").split("\n"))
        assert "[red]" in out
    dead_id = queue.settle(
        State.DEAD,
        {"outcome": "rejected", "message": evil, "errors": [{"path": evil, "message": evil}]},
        reason="rejected",
        code=evil,
    )
    for command in (("dead", "show", dead_id), ("dead", "list")):
        out = leads(*command).out.replace("\t", "")
        assert all(line.isprintable() for line in out.split("\n"))


@pytest.mark.parametrize("command", ["show", "dead show", "dead replay"])
def test_an_id_that_nobody_has_is_one_line_and_code_1(leads: Leads, command: str) -> None:
    ran = leads(*command.split(), UNKNOWN_ID)
    assert (ran.code, ran.out) == (1, "")
    assert len(ran.err.splitlines()) == 1
    assert UNKNOWN_ID in ran.err


@pytest.mark.parametrize("word", ["ana@example.com", "123", "", "g" * 32, "0" * 33])
def test_what_is_no_id_is_a_mistake_and_is_not_repeated(leads: Leads, word: str) -> None:
    ran = leads("show", word)
    assert ran.code == 2
    assert len(ran.err.splitlines()) == 1
    assert not word or word not in ran.err


def test_the_dead_are_listed_the_newest_first_with_what_can_be_told(
    leads: Leads, queue: Queue
) -> None:
    old, new = queue.die(status="422"), queue.die("mangled")
    parked = queue.settle(State.PARKED, cause="read_timeout")
    listed = json.loads(leads("dead", "list", "--json").out)
    assert [each["id"] for each in listed] == [new, old]
    assert [each["reason"] for each in listed] == ["mangled", "rejected"]
    assert (listed[1]["status"], listed[1]["attempts"]) == (422, 1)
    assert {each["lane"] for each in listed} == {"live"}
    assert "Ana" not in json.dumps(listed)
    rejected = json.loads(leads("dead", "list", "--json", "--reason", "rejected").out)
    assert [each["id"] for each in rejected] == [old]
    (waits,) = json.loads(leads("dead", "list", "--json", "--parked").out)
    assert (waits["id"], waits["state"], waits["cause"]) == (parked, "parked", "read_timeout")
    ran = leads("dead", "list", "--limit", 1)
    assert [line.split("\t")[0] for line in ran.out.splitlines()] == ["id", new]
    assert f"leads dead list --limit 1 --after {listed[0]['cursor']}" in ran.err


def test_nothing_dead_is_an_empty_list(leads: Leads) -> None:
    ran = leads("dead", "list")
    assert (ran.code, ran.out, ran.err) == (0, "", "no dead lead\n")
    assert json.loads(leads("dead", "list", "--json").out) == []


def test_a_long_list_is_read_whole_though_many_died_at_one_instant(queue: Queue) -> None:
    scores = {f"{number:032x}": 1000.0 + number // 150 for number in range(4 * PAGE + 7)}
    queue.store.client.zadd(queue.store.keys.index("dead"), scores)
    found = [listed.lead_id for listed in Reading(queue.store).newest(State.DEAD)]
    assert len(found) == len(set(found)) == len(scores)
    assert [scores[lead_id] for lead_id in found] == sorted(scores.values(), reverse=True)


def test_a_dead_letter_tells_what_was_said_of_it(leads: Leads, queue: Queue) -> None:
    errors = [{"path": "email", "message": "expected one e-mail address"}]
    lead_id = queue.settle(
        State.DEAD, {"outcome": "invalid", "errors": errors}, reason="invalid", cause="schema"
    )
    out = leads("dead", "show", lead_id).out
    assert "email: expected one e-mail address" in out
    assert "1 field wrong" in out
    assert "the API said  no such agent: Ana" in leads("dead", "show", queue.die()).out


def test_a_lead_that_is_not_dead_is_not_shown_as_dead(leads: Leads, queue: Queue) -> None:
    lead_id = queue.settle(State.DELIVERED)
    ran = leads("dead", "show", lead_id)
    assert (ran.code, ran.out) == (1, "")
    assert f"is delivered, not dead: leads show {lead_id}" in ran.err


def test_erase_wants_to_be_sure_and_names_what_the_api_still_has(
    leads: Leads, queue: Queue
) -> None:
    delivered, dead = queue.settle(State.DELIVERED), queue.die()
    ran = leads("erase", dead)
    assert (ran.code, ran.out) == (2, "")
    assert "--yes" in ran.err
    ran = leads("erase", delivered, dead, UNKNOWN_ID, "--yes", "--json")
    assert ran.code == 1
    assert json.loads(ran.out) == [
        {"id": delivered, "erased": True, "api_ids": ["api-1"]},
        {"id": dead, "erased": True, "api_ids": []},
        {"id": UNKNOWN_ID, "erased": False, "api_ids": []},
    ]
    assert "erase it at the API as well, where it is api-1" in ran.err
    shown = json.loads(leads("show", delivered, "--json").out)
    assert (shown["state"], shown["raw"], shown["timeline"]) == ("erased", None, [])
    assert leads("erase", delivered, "--yes").code == 0
    assert run_audit(queue.store).ok
