"""`leads dead`: the groups of dead letters, and to replay, discard and restore them."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable

import pytest
from lead_ops.audit import run_audit
from lead_ops.operator import operator
from lead_worker.core.lifecycle import State
from lead_worker.store import Store, letters
from lead_worker.store.reading import Reading

from tests.integration.fleet import ONE_REDIS

from .conftest import Leads, OnTerminal, Queue
from .letters import EMAIL, NO_EMAIL, age, die_of, edit

pytestmark = ONE_REDIS

Start = Callable[..., "subprocess.Popen[bytes]"]
REFUSED = "rejected:status_422:NO_AGENT"
DAY = 86_400.0


def states(queue: Queue, *lead_ids: str) -> list[str]:
    found = queue.store.check(lead_ids)
    return [found[lead_id] for lead_id in lead_ids]


def test_the_groups_are_told_the_largest_first_with_what_would_mend_them(
    leads: Leads, leads_on_terminal: OnTerminal, queue: Queue
) -> None:
    first, last = (die_of(queue, EMAIL, {"errors": [NO_EMAIL]}) for _ in range(2))
    refused = die_of(queue, REFUSED, {"message": "no such agent: Ana", "status": 422})
    age(queue, 3 * 3600, first)
    queue.settle(State.PARKED)
    told = json.loads(leads("dead", "--json").out)
    assert (told["dead"], told["parked"]) == (3, 1)
    assert told["expiring"] == {"number": 0, "within_seconds": 7 * DAY, "first_at": None}
    emails, rejects = told["groups"]
    assert (emails["name"], emails["number"], emails["newest_id"]) == (EMAIL, 2, last)
    assert emails["reason"] == "invalid"
    assert emails["until"] - emails["since"] == pytest.approx(3 * 3600, abs=60)
    assert emails["sentence"].startswith("The e-mail address cannot be one. Mend all: leads dead")
    assert (rejects["name"], rejects["newest_id"]) == (REFUSED, refused)
    assert 'said of the newest: "no such agent: Ana"' in rejects["sentence"]
    assert "Ana" not in leads("dead", "--json", "--no-raw").out
    piped = leads("dead")
    assert [line.split("\t")[3] for line in piped.out.splitlines()] == ["group", EMAIL, REFUSED]
    assert "1 parked lead may have arrived: leads unknown list --state parked" in piped.err
    lines = leads_on_terminal("dead")
    assert lines[0] == "3 dead letters in 2 groups"
    assert lines[2].startswith(f"2 {EMAIL}  since ")
    assert lines[3:6] == [
        "    The e-mail address cannot be one.",
        "    mend all: leads dead edit --group invalid:email --unset email",
        f"    or one by one: leads dead edit {last}",
    ]
    assert any("leads dead list --group NAME" in line for line in lines[-3:])


def test_only_the_largest_groups_are_shown_unless_all_are_asked_for(
    leads: Leads, queue: Queue
) -> None:
    for number in range(22):
        die_of(queue, f"exhausted:status_{500 + number}")
    shown = leads("dead")
    assert len(shown.out.splitlines()) == 1 + 20
    assert "and 2 more groups with 2 leads: leads dead --all" in shown.err
    assert len(leads("dead", "--all").out.splitlines()) == 1 + 22
    assert len(json.loads(leads("dead", "--json").out)["groups"]) == 22


def test_what_is_forgotten_within_a_week_is_told(leads: Leads, queue: Queue) -> None:
    old, _ = die_of(queue), die_of(queue)
    age(queue, 88 * DAY, old)
    assert "1 is forgotten within 7 d, the first in 48 h" in leads("dead").err
    expiring = json.loads(leads("dead", "--json").out)["expiring"]
    assert expiring["number"] == 1
    left = expiring["first_at"] - queue.store.counts().now_at
    assert left == pytest.approx(2 * DAY, abs=60)


def test_without_dead_letters_it_says_so(leads: Leads) -> None:
    ran = leads("dead")
    assert (ran.code, ran.out, ran.err) == (0, "", "no dead letter\n")
    assert json.loads(leads("dead", "--json").out)["groups"] == []


def test_what_strangers_wrote_steers_neither_the_terminal_nor_a_shell(
    leads: Leads, queue: Queue
) -> None:
    evil = "x;\x1b]0;$(reboot)\x07\u202e"
    errors = [{"path": path, "message": evil} for path in (evil, "telefone", "id")]
    die_of(queue, "invalid:unknown-3fa2b1", {"errors": errors})
    die_of(queue, REFUSED, {"message": evil})
    ran = leads("dead")
    assert all(line.isprintable() for line in ran.out.replace("\t", "").splitlines())
    steps = "--move FIELD=custom.FIELD --move telefone=phone --move id=custom.id;"
    assert steps in ran.out
    sentences = [group["sentence"] for group in json.loads(leads("dead", "--json").out)["groups"]]
    assert not any("reboot" in text.partition("ead edit")[2] for text in sentences)


def test_options_of_the_groups_are_not_taken_for_those_of_a_list(leads: Leads) -> None:
    ran = leads("dead", "--json", "list")
    assert (ran.code, ran.out) == (2, "")
    assert "expected options behind list" in ran.err


def test_replay_keeps_id_and_history_and_says_why_another_is_not_replayed(
    leads: Leads, queue: Queue
) -> None:
    dead, parked = die_of(queue), queue.settle(State.PARKED)
    done, given_up = queue.settle(State.DELIVERED), die_of(queue)
    queue.store.discard(given_up, "act", {"event": "discarded"})
    ids = (dead, parked, done, given_up)
    ran = leads("dead", "replay", *ids, dead.upper(), "--reason", "mended", "--json")
    assert ran.code == 1
    assert [(each["done"], each["state"]) for each in json.loads(ran.out)] == [
        (True, "waiting"),
        (True, "waiting"),
        (False, "delivered"),
        (False, "discarded"),
    ]
    assert ran.err.splitlines() == [
        f"{dead}: the schema refuses it still, so that it dies again; then mend it: leads dead edit"
        f" {dead}",
        f"leads: {done}: it is delivered, as api-1 in the API; --force sends it again, and the API"
        " then has it twice",
        f"leads: {given_up}: it is discarded: leads dead restore {given_up} first",
    ]
    sight = Reading(queue.store).sight(dead)
    assert sight
    events = [entry["event"] for entry in sight.timeline]
    assert events == ["attempt", "replayed"]
    last = sight.timeline[-1]
    assert (last["by"], last["reason"]) == (operator(), "mended")
    again = leads("dead", "replay", dead)
    assert f"it waits already, and is sent by itself: leads show {dead}" in again.err
    assert run_audit(queue.store).ok


def test_what_is_delivered_is_replayed_only_by_force_and_with_a_yes(
    leads: Leads, queue: Queue
) -> None:
    done, dead = queue.settle(State.DELIVERED), die_of(queue)
    ran = leads("dead", "replay", done, dead, "--force")
    assert (ran.code, ran.out) == (2, "")
    assert "nothing was replayed: expected --yes" in ran.err
    assert states(queue, done, dead) == ["delivered", "dead"]
    ran = leads("dead", "replay", done, dead, "--force", "--yes")
    assert (ran.code, ran.out) == (0, "2 leads are waiting now\n")
    assert leads("dead", "replay", die_of(queue), "--force").code == 0  # nothing there to ask about


def test_a_mangled_lead_is_replayed_with_a_warning(leads: Leads, queue: Queue) -> None:
    entry = {"api_id": "api-7", "fields": ["email"]}
    lead_id = die_of(queue, "mangled:email", entry, api_id="api-7")
    ran = leads("dead", "replay", lead_id)
    assert (ran.code, ran.out) == (0, "1 lead is waiting now\n")
    assert "the API has it already, without what it lost, as api-7" in ran.err


def test_what_is_mended_already_is_told_and_not_to_be_mended_again(
    leads: Leads, leads_on_terminal: OnTerminal, queue: Queue
) -> None:
    raw = {"name": "Ana Souza", "email": "ana"}
    first, second = (die_of(queue, EMAIL, {"errors": [NO_EMAIL]}, raw) for _ in range(2))
    replay = "leads replay start --group invalid:email --edited"
    edit(queue, first, raw, name="Ana", email="ana@example.com")
    lines = leads_on_terminal("dead")
    assert lines[4:6] == ["    1 of them are mended already:", f"      {replay}"]
    assert any("mend all" in line for line in lines)
    edit(queue, second, raw, name="Ana", email="ana@example.com")
    lines = leads_on_terminal("dead")
    assert any("all of them are mended already" in line for line in lines)
    assert not any("mend all" in line for line in lines)
    assert [group["mended"] for group in json.loads(leads("dead", "--json").out)["groups"]] == [2]


def test_leads_are_discarded_and_taken_back_by_their_ids(leads: Leads, queue: Queue) -> None:
    dead, parked = die_of(queue), queue.settle(State.PARKED)
    assert leads("dead", "discard", dead).code == 2  # without a reason
    ran = leads("dead", "discard", dead, parked, "--reason", "a test")
    assert ran.code == 0
    assert ran.out.startswith("2 leads are discarded now\nuntil 2")
    assert ran.out.endswith(" leads dead restore takes them back\n")
    shown = leads("dead", "show", dead).out
    assert "given up" in shown.splitlines()[1]
    assert "leads dead restore ID" in shown.splitlines()[1]
    assert "a test" in shown
    ran = leads("dead", "restore", dead, parked, "f" * 32, "--json")
    assert [each["state"] for each in json.loads(ran.out)] == ["dead", "parked", None]
    assert ran.code == 1
    assert "it is dead, not discarded" in leads("dead", "restore", dead).err
    assert states(queue, dead, parked) == ["dead", "parked"]
    assert run_audit(queue.store).ok


def test_filters_discard_and_restore_what_was_there_when_it_was_asked(
    leads: Leads, queue: Queue
) -> None:
    emails = [die_of(queue) for _ in range(3)]
    other = die_of(queue, REFUSED)
    discard = ("dead", "discard", "--group", "invalid", "--reason", "a test")
    ran = leads(*discard)
    assert (ran.code, ran.out) == (2, "")
    assert "3 dead letters:" in ran.err
    assert "Ana Souza" in ran.err  # samples
    assert queue.store.counts().dead == 4
    ran = leads(*discard, "--yes")
    assert ran.code == 0
    assert ran.out.startswith("3 leads are discarded now\n")
    assert states(queue, *emails, other) == ["discarded"] * 3 + ["dead"]
    assert "invalid" in leads(*discard, "--yes").err  # no such group any more
    ran = leads("dead", "restore", "--group", REFUSED, "--yes", "--json")
    assert (ran.code, ran.out) == (0, "[]\n")
    ran = leads("dead", "restore", "--group", "invalid", "--since", "1h", "--yes", "--json")
    assert [each["state"] for each in json.loads(ran.out)] == ["dead"] * 3
    assert states(queue, *emails) == ["dead"] * 3
    logged = [(e["event"], e["leads"], e.get("lead")) for e in Reading(queue.store).log(50)]
    assert logged == [("discarded", 3, None), ("restored", 3, None)]  # one act, one entry
    assert run_audit(queue.store).ok


@pytest.mark.parametrize("words", [(), ("0" * 32, "--group", "x")])
def test_discard_wants_ids_or_filters_and_not_both(leads: Leads, words: tuple[str, ...]) -> None:
    ran = leads("dead", "discard", *words, "--reason", "a test", "--yes")
    assert (ran.code, ran.out) == (2, "")
    assert "expected ids" in ran.err


def test_saying_no_discards_nothing(leads_process: Start, queue: Queue) -> None:
    for _ in range(2):
        die_of(queue)
    reader, writer = os.openpty()
    os.write(reader, b"n\n")
    words = ("dead", "discard", "--group", EMAIL, "--reason", "a test")
    process = leads_process(*words, stdin=writer)
    out, err = process.communicate()
    os.close(writer)
    os.close(reader)
    assert (process.returncode, out) == (1, b"")
    assert b"Discard 2 dead letters? Until " in err
    assert err.endswith(b"leads: nothing was discarded\n")
    assert queue.store.counts().dead == 2


def test_an_interrupted_discard_says_how_far_it_came_and_goes_on_when_repeated(
    leads: Leads, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [die_of(queue) for _ in range(5)]
    discard, acts = Store.discard, iter(range(2))

    def until_interrupted(store: Store, *arguments: object) -> str:
        if next(acts, None) is None:
            raise KeyboardInterrupt
        return discard(store, *arguments)  # type: ignore[arg-type]

    words = ("dead", "discard", "--group", EMAIL, "--reason", "a test", "--yes")
    with monkeypatch.context() as patched:
        patched.setattr(Store, "discard", until_interrupted)
        ran = leads(*words, "--json")
    assert ran.code == 130
    assert len(json.loads(ran.out)) == 2
    assert "2 of 5 are discarded, the others are as they were" in ran.err
    assert leads(*words).out.startswith("3 leads are discarded now\n")
    assert states(queue, *ids) == ["discarded"] * 5


def test_none_is_left_out_though_many_died_at_one_instant(
    leads: Leads, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(letters, "PAGE", 2)
    ids = [die_of(queue) for _ in range(9)]
    age(queue, 60.0, *ids)
    ran = leads("dead", "discard", "--group", EMAIL, "--reason", "a test", "--yes")
    assert ran.out.startswith("9 leads are discarded now\n")
    assert states(queue, *ids) == ["discarded"] * 9
