"""`leads dead list` and `show`: filters, pages, and what was mended by hand."""

from __future__ import annotations

import base64
import json
import shlex

import pytest
from lead_producers.record import encode
from lead_worker.core.lifecycle import State

from tests.integration.fleet import ONE_REDIS

from .conftest import Leads, OnTerminal, Queue
from .letters import EMAIL, NO_EMAIL, age, die_of, edit

pytestmark = ONE_REDIS

REFUSED = "rejected:status_422:NO_AGENT"
RAW = {"name": "Ana Souza", "email": "ana@@example"}


def listed(leads: Leads, *words: object) -> list[str]:
    """The ids that a list gives."""
    ran = leads("dead", "list", "--json", *words)
    assert ran.code == 0
    return [each["id"] for each in json.loads(ran.out)]


def test_a_list_goes_on_where_its_page_ends_by_the_command_that_it_gives(
    leads: Leads, queue: Queue
) -> None:
    ids = [die_of(queue) for _ in range(5)]
    age(queue, 60.0, *ids[:3])  # at one instant, so that the id tells them apart
    die_of(queue, REFUSED)
    expected = [ids[4], ids[3], *sorted(ids[:3], reverse=True)]
    words = ["--group", "invalid", "--since", "1h", "--where", "name=ana *", "--limit", "2"]
    found: list[str] = []
    for _ in range(3):
        ran = leads("dead", "list", "--json", *words)
        found += [each["id"] for each in json.loads(ran.out)]
        said = ran.err.splitlines()
        words = shlex.split(said[-1])[3:] if said else []
    assert found == expected
    assert not words
    item = json.loads(leads("dead", "list", "--json", "--limit", "1", "--group", EMAIL).out)[0]
    assert (item["group"], item["edited"], item["reason"]) == (EMAIL, 0, "invalid")
    assert listed(leads, "--group", EMAIL, "--after", item["cursor"]) == expected[1:]


def test_each_filter_takes_what_it_says(leads: Leads, queue: Queue) -> None:
    email = die_of(queue, raw={"email": "ana", "utm": {"campaign": "spring"}})
    refused = die_of(queue, REFUSED, status="422")
    age(queue, 7200.0, email)
    edit(queue, refused, {"name": "Ana Souza", "email": "ana"}, email="ana@example.com")
    one_by_one = {
        ("--reason", "invalid"): [email],
        ("--group", "rejected"): [refused],
        ("--status", "422"): [refused],
        ("--since", "1h"): [refused],
        ("--until", "1h"): [email],
        ("--where", "utm.campaign=SPRING"): [email],
        ("--where", "email=ana@example.com"): [refused],
        ("--edited",): [refused],
        ("--not-edited",): [email],
        ("--source", "site", "--lane", "live"): [refused, email],
        ("--lane", "bulk"): [],
    }
    assert {words: listed(leads, *words) for words in one_by_one} == one_by_one
    assert f"{refused}\t" in leads("dead", "list", "--edited").out
    assert leads("dead", "list", "--edited").out.splitlines()[1].split("\t")[3] == "yes"
    assert leads("dead", "list", "--lane", "bulk").err == "no dead lead like that\n"
    ran = leads("dead", "list", "--group", "nothing")
    assert (ran.code, ran.out) == (1, "")
    assert "no dead letter is in a group 'nothing'" in ran.err


def test_parked_and_discarded_leads_have_lists_of_their_own(
    leads: Leads, leads_on_terminal: OnTerminal, queue: Queue
) -> None:
    parked, given_up = queue.settle(State.PARKED, cause="read_timeout"), die_of(queue)
    queue.store.discard(given_up, "act", {"event": "discarded"})
    assert listed(leads) == []
    assert listed(leads, "--parked") == [parked]
    assert listed(leads, "--discarded", "--group", "invalid") == [given_up]
    assert listed(leads, "--discarded", "--group", "rejected") == []
    (item,) = json.loads(leads("dead", "list", "--discarded", "--json").out)
    assert (item["state"], item["group"]) == ("discarded", EMAIL)
    assert item["forgotten_at"] == item["at"] + 7 * 86_400
    assert leads("dead", "list", "--parked").out.splitlines()[1].split("\t")[2] == "read_timeout"
    head, _, row = leads_on_terminal("dead", "list", "--discarded")
    assert head.split() == ["id", "age", "group", "left", "from"]
    assert f"{EMAIL} 7 d" in row


@pytest.mark.parametrize(
    "words",
    [
        ("--parked", "--discarded"),
        ("--parked", "--group", EMAIL),
        ("--parked", "--reason", "invalid"),
        ("--after", "yesterday"),
        ("--since", "yesterday"),
        ("--where", "email"),
        ("--limit", "0"),
    ],
)
def test_options_that_make_no_sense_are_a_mistake(leads: Leads, words: tuple[str, ...]) -> None:
    ran = leads("dead", "list", *words)
    assert (ran.code, ran.out) == (2, "")
    assert len(ran.err.splitlines()) == 1


def test_a_long_group_leaves_room_for_what_stands_beside_it(
    leads_on_terminal: OnTerminal, queue: Queue
) -> None:
    die_of(queue, "rejected:status_422:UNPROCESSABLE_CONTENT")
    die_of(queue, "exhausted:connect_timeout")
    lines = leads_on_terminal("dead", "list")
    assert all(len(line) <= 80 for line in lines)
    assert "exhausted:connect_timeout" in lines[2]
    assert "rejected:status_422:UNPRO" in lines[3]


def test_an_edit_is_shown_with_who_why_and_each_difference(leads: Leads, queue: Queue) -> None:
    lead_id = die_of(queue, EMAIL, {"errors": [NO_EMAIL]}, RAW)
    edit(queue, lead_id, RAW, name="Ana Souza", email="ana@example.com\x1b[2J")
    out = leads("dead", "show", lead_id).out
    assert "was mended since: leads dead replay ID" in out.splitlines()[1]
    assert f"group     {EMAIL}\n" in out
    assert "email: expected one e-mail address\n" in out
    assert " by bia: a typo\n" in out
    assert '  email: "ana@@example" -> "ana@example.com\\u001b[2J"\n' in out
    assert f"leads show {lead_id} --original" in out
    assert "1 field changed" in out
    shown = json.loads(leads("show", lead_id, "--json").out)
    assert shown["original"] == RAW
    assert (shown["group"], shown["edited"], shown["replays"]) == (EMAIL, 1, 0)
    assert shown["campaign"] is None
    (told,) = shown["edits"]
    assert (told["by"], told["reason"], told["number"]) == ("bia", "a typo", 1)
    assert told["changes"][0]["before"] == "ana@@example"
    for words in (("show",), ("show", "--json"), ("dead", "show")):
        hidden = leads(*words, lead_id, "--no-raw").out
        assert "bia" in hidden
        assert "example" not in hidden
        assert "Ana" not in hidden


def test_what_was_enqueued_comes_back_to_the_byte(leads: Leads, queue: Queue) -> None:
    lead_id, plain = die_of(queue, raw=RAW), die_of(queue, raw=RAW)
    strange = b'{"name": "Ana",\n "name":"\xff"}'
    key = queue.store.keys.original(lead_id)
    edit(queue, lead_id, RAW, name="Ana", email="ana@example.com")
    assert leads("dead", "show", lead_id, "--original").out.encode() == encode(RAW)
    assert leads("show", plain, "--original").out.encode() == encode(RAW)  # never edited
    queue.store.client.set(key, strange)
    told = json.loads(leads("dead", "show", lead_id, "--original", "--json").out)
    assert base64.b64decode(told["original_base64"]) == strange
    assert told["original"] == strange.decode("utf-8", "replace")
    assert json.loads(leads("show", plain, "--json").out)["original"] is None
    assert leads("show", plain, "--original", "--no-raw").code == 2
    queue.store.erase(plain, {"event": "erased"})
    ran = leads("show", plain, "--original")
    assert (ran.code, ran.out) == (1, "")
    assert "the lead is erased" in ran.err


def test_a_replayed_lead_tells_how_often_and_what_was_said_of_it_is_past(
    leads: Leads, queue: Queue
) -> None:
    lead_id = die_of(queue, EMAIL, {"errors": [NO_EMAIL]})
    assert leads("dead", "replay", lead_id).code == 0
    queue.lease()
    entry = {"event": "attempt", "n": 1, "outcome": "delivered"}
    queue.store.client.rpush(queue.store.keys.timeline(lead_id), json.dumps({"at": 1.0} | entry))
    queue.store.client.hset(queue.store.keys.lead(lead_id), "campaign", "c1")
    out = leads("show", lead_id).out
    assert "expected one e-mail address" not in out
    assert "\nreplayed  2" in out
    assert " by campaign c1\n" in out
    shown = json.loads(leads("show", lead_id, "--json").out)
    assert (shown["replays"], shown["campaign"]) == (1, "c1")
