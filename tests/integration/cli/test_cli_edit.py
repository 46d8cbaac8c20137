"""`leads dead edit ID`: one dead letter, mended by steps or in an editor."""

from __future__ import annotations

import json
from typing import Any

import pytest
from lead_ops.audit import run_audit
from lead_ops.operator import operator
from lead_worker.core.lifecycle import State
from lead_worker.store.letters import Letters
from lead_worker.store.reading import Reading, Sight

from .conftest import Leads, Queue

NOBODY = "0" * 32


def dead(queue: Queue, raw: bytes) -> str:
    """A dead letter of these bytes."""
    lead_id = queue.die()
    queue.store.client.set(queue.store.keys.raw(lead_id), raw)
    return lead_id


def sight(queue: Queue, lead_id: str) -> Sight:
    found = Reading(queue.store).sight(lead_id)
    assert found
    return found


def raw(queue: Queue, lead_id: str) -> Any:
    return json.loads(sight(queue, lead_id).raw or b"")


def test_steps_are_made_in_the_order_of_the_command_line(leads: Leads, queue: Queue) -> None:
    before = b'{"fone":"11987654321","age":"x"}'
    lead_id = dead(queue, before)
    steps = ("--unset", "age", "--move", "fone=phone", "--set", "fone=x", "--unset", "fone")
    more = ("--set", "custom.age:=42", "--set", "custom.age:=43")
    ran = leads("dead", "edit", lead_id, *steps, *more, "--reason", "a call")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        'fone: "11987654321" -> nothing',
        'age: "x" -> nothing',
        'phone: nothing -> "11987654321"',
        'custom: nothing -> {"age": 43}',
        f"the dead letter is mended; next: leads dead replay {lead_id}",
    ]
    assert raw(queue, lead_id) == {"phone": "11987654321", "custom": {"age": 43}}
    edits = Letters(queue.store).edits(lead_id)
    assert edits.original == before
    (change,) = edits.changes
    assert (change["by"], change["reason"], len(change["changes"])) == (operator(), "a call", 4)
    said = {"event": "edited", "by": operator(), "reason": "a call", "changes": 4}
    assert sight(queue, lead_id).timeline[-1].items() >= said.items()
    assert Reading(queue.store).log(1)[0].items() >= said.items()
    assert "custom" not in json.dumps(Reading(queue.store).log(1))
    assert run_audit(queue.store).ok


def test_what_is_still_wrong_is_refused_with_each_field(leads: Leads, queue: Queue) -> None:
    before = b'{"email":"ana","fax":"1"}'
    lead_id = dead(queue, before)
    ran = leads("dead", "edit", lead_id, "--set", "site:={}")
    assert (ran.code, ran.out) == (1, "site: nothing -> {}\n")
    lines = ran.err.splitlines()
    assert [line.split(":")[1] for line in lines[:3]] == [" email", " fax", " site"]
    assert lines[3:] == ["leads: nothing was changed: 3 fields are still wrong"]
    told = json.loads(leads("dead", "edit", lead_id, "--set", "site:={}", "--json").out)
    assert (told["done"], told["stored"]) == (False, False)
    assert [each["path"] for each in told["problems"]] == ["email", "fax", "site"]
    unfit = leads("dead", "edit", lead_id, "--set", "email.x=1", "--json")
    assert unfit.code == 1
    assert json.loads(unfit.out)["problems"][0]["path"] == ""
    assert len(unfit.err.splitlines()) == 1
    assert sight(queue, lead_id).raw == before
    assert Letters(queue.store).edits(lead_id).changes == ()


def test_a_dry_run_stores_nothing_and_what_is_so_already_changes_nothing(
    leads: Leads, queue: Queue
) -> None:
    lead_id = queue.die()
    for arguments, stored in ((("--dry-run",), False), ((), True)):
        ran = leads("dead", "edit", lead_id, "--set", "name=Eva", "--json", *arguments)
        changes = [{"path": "name", "before": "Ana Souza", "after": "Eva"}]
        assert json.loads(ran.out) == {
            "id": lead_id,
            "done": True,
            "stored": stored,
            "changes": changes,
            "problems": [],
        }
        assert raw(queue, lead_id)["name"] == ("Eva" if stored else "Ana Souza")
    ran = leads("dead", "edit", lead_id, "--set", "name=Eva")
    assert (ran.code, ran.out, ran.err) == (0, "nothing was changed\n", "")
    assert len(Letters(queue.store).edits(lead_id).changes) == 1


def test_what_is_not_dead_is_refused_with_what_it_is(leads: Leads, queue: Queue) -> None:
    ids = {
        queue.settle(State.PARKED): "it is parked, not dead: leads unknown resolve",
        queue.settle(State.DELIVERED): "it is delivered, not dead: correct it in the API",
        queue.settle(State.UNKNOWN): "it is unknown, not dead: it is sent as it is; leads show",
        NOBODY: "there is no such lead",
    }
    discarded = queue.die()
    assert queue.store.discard(discarded, "act", {"event": "discarded"}) == "ok"
    ids[discarded] = "it is discarded, not dead: leads dead restore"
    for lead_id, words in ids.items():
        ran = leads("dead", "edit", lead_id, "--set", "name=Eva")
        assert (ran.code, ran.out) == (1, "")
        assert ran.err.startswith(f"leads: {lead_id}: {words}")


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--set", "name=Eva"),
        (NOBODY, "--group", "rejected", "--set", "name=Eva"),
        ("--group", "rejected"),
        (NOBODY, "--set", "name"),
        (NOBODY, "--set", "name:=secret"),
        (NOBODY, "--move", "name"),
        (NOBODY, "--unset", ""),
        (NOBODY, "--set", "name=Eva", "--reason", "ana@example.com"),
        ("secret", "--set", "name=Eva"),
    ],
)
def test_options_that_do_not_fit_are_one_line(leads: Leads, arguments: tuple[str, ...]) -> None:
    ran = leads("dead", "edit", *arguments)
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)
    assert "secret" not in ran.err
