"""What each script does in Redis, as Redis itself saw it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from lead_worker.core.governor import Accused, Event, Governor
from lead_worker.core.lifecycle import State
from lead_worker.core.outcome import HoldKind
from lead_worker.errors import NamespaceMismatchError
from lead_worker.store import Claim, Decision, StoreError, vitals
from lead_worker.store.campaigns import Launch, Steer
from lead_worker.store.metrics import Metrics
from lead_worker.store.runner import SCRIPTS, Call, Script, ScriptError

from tests.integration.dead_letters import (
    RAW,
    advance,
    campaigns,
    claim_all,
    dead,
    die,
    edit,
    launch,
    letter,
    settle_all,
)
from tests.integration.holding import PAUSE, hold, standing_hold, suspicion, unhold
from tests.integration.queues import (
    ENTRY,
    GOES_ON,
    LEASE_SECONDS,
    LIMITS,
    Queue,
    settlement,
    watched,
)

API_URL = "https://api.example/rest"
READS = {
    "exists", "get", "hexists", "hget", "hgetall", "hlen", "hmget", "llen", "lrange", "mget",
    "scard", "sismember", "smembers", "time", "type", "zcard", "zcount", "zrange", "zrangebyscore",
    "zrevrange", "zrevrangebyscore", "zscore",
}  # fmt: skip


def do_everything(queue: Queue) -> None:
    """Run most scripts where they have something to do, on several leads."""
    store = queue.store()
    store.open(API_URL)
    queue.accept(*"abcdefghij", key="")
    queue.accept("k", key="digest", lane="bulk")
    queue.client.delete(queue.keys.bell)
    queue.claim(most=6)
    leads = queue.claim_again(most=6)
    queue.settle(*(settlement(lead, to) for lead, to in zip(leads, GOES_ON, strict=False)))
    lost = leads[5]
    queue.run_out()
    queue.claim("w2")
    queue.deliver(lost, "api-1")
    queue.settle(settlement(lost, State.DELIVERED, api_id="api-2"))
    store = queue.store()
    queue.client.delete(queue.keys.bell)
    store.replay(leads[3].lead_id, "act", ENTRY)
    store.discard(leads[4].lead_id, "act", ENTRY)
    store.beat({"pid": 1})
    store.calendar_done()
    vitals.read(store)
    hold(store, PAUSE)
    unhold(store)
    store.set_rate(6000, "me", {"event": "rate"})
    queue.deliver(queue.claim("w3", 1)[0], "api-3")
    store.erase(lost.lead_id, ENTRY)
    store.forget(State.DELIVERED, 0.0)
    store.check(["a", "b"])
    for _ in range(2):
        Metrics(store).flush(1, {"a": 1, "b": 2})
    store.leave()


def govern(queue: Queue) -> None:
    """Leads are refused; a trial and a canary are claimed, each twice; the accused are judged."""
    queue.accept(*"abcdef")
    store = queue.store()
    sent = queue.claim()
    queue.give_back(*sent)
    hold(store, suspicion(store, 60.0, *(lead.lead_id for lead in sent[3:])))
    queue.claim()
    queue.claim_again()
    hold(store, standing_hold(store, 0.0))
    queue.pass_time(LEASE_SECONDS + 1)
    queue.claim()
    queue.claim_again()
    store = queue.store()
    store.beat({"concurrency": 4})
    waiting = [lead for lead in sent if queue.state(lead.lead_id) == "waiting"]
    accused = tuple(Accused(lead.lead_id, lead.token, 403, "FORBIDDEN") for lead in waiting)
    events = (Event("hold_ended", HoldKind.OUTAGE, "", "w1"),)
    version = store.standing().version
    decision = Decision(Governor(), version, "act", accused[:2], accused[2:], events)
    for _ in range(2):
        assert store.govern(decision).convicted == tuple(each.lead_id for each in accused[:2])
    assert not store.govern(replace(decision, act="other")).replaced


def look(queue: Queue) -> None:
    """Of the API's ids one is found, one taken, one mistaken, one told by a person."""
    queue.accept_unknown("parked", "found", "taken")
    looks = {lead.lead_id: lead for lead in queue.claim()}
    queue.claim_again()
    store = queue.store()
    queue.settle(settlement(looks["parked"], State.PARKED, look=True))
    for name in ("found", "taken"):
        queue.settle(settlement(looks[name], State.DELIVERED, api_id="api-8", look=True))
    for _ in range(2):
        store.confirm("parked", "act", ENTRY, "api-7")
    queue.accept("answered")
    (answered,) = [lead for lead in queue.claim() if not lead.look]
    assert queue.deliver(answered, "api-8") == "ok"
    assert queue.state("found") == "unknown"
    for per_minute in (60, 0, None):
        store.set_rate(per_minute, "me", {"event": "rate"})


def mend(queue: Queue) -> None:
    """Dead letters are edited, imported, discarded, restored, replayed, erased and forgotten."""
    die(queue, *"abcdefgh", raw=RAW)
    queue.client.delete(queue.keys.bell)
    store = queue.store()
    for lead_id in "ab":
        assert store.edit(lead_id, edit(RAW, b"{}", act="act-1")) == "ok"
        assert store.edit(lead_id, edit(b"{}", RAW, act="act-2")) == "ok"
    for lead_id in "acde":
        assert store.discard(lead_id, "act-3", ENTRY) == "ok"
    for lead_id in "ac":
        assert store.restore(lead_id, "act-4", ENTRY) == "ok"
    assert store.import_dead(letter("i", key="digest"), "act-5", ENTRY) == "ok"
    for lead_id in "bi":
        assert store.replay(lead_id, "act-6", ENTRY) == "ok"
    settle_all(queue, State.DELIVERED)
    assert store.replay("b", "act-7", ENTRY, force=True) == "ok"
    for lead_id in "ad":
        assert store.erase(lead_id, ENTRY) == "ok"
    store.log({"event": "exported"})
    queue.accept("j", key="other")
    settle_all(queue, State.DELIVERED)
    for state in (State.DEAD, State.DISCARDED, State.DELIVERED, State.ERASED):
        assert store.forget(state, 0.0, 1000.0)


def bring_home(queue: Queue) -> None:
    """A campaign stops, is resumed and done; others are left and cancelled; the rule has a turn."""
    names = [f"lead-{n:02}" for n in range(45)]
    die(queue, *names)
    queue.client.delete(queue.keys.bell)
    launch(queue, [*names, "gone"], per_minute=6000)
    advance(queue)
    leads = claim_all(queue)
    queue.settle(*map(dead, leads[:11]))
    queue.settle(*(settlement(lead, State.DELIVERED, api_id=lead.lead_id) for lead in leads[11:]))
    queue.store().erase(names[44], ENTRY)
    advance(queue)
    for what in (Steer.RESUME, Steer.PAUSE, Steer.RESUME):
        assert campaigns(queue).steer("c", what, ENTRY) == "ok"
    for _ in range(4):
        queue.client.delete(queue.keys.bell)
        advance(queue)
        settle_all(queue, State.DELIVERED)
    for name in ("left", "other"):
        assert campaigns(queue).launch(name, Launch("ana", "all", share=0.5))
        queue.pass_time(61.0)
        advance(queue, "left")
    assert campaigns(queue).steer("other", Steer.CANCEL, ENTRY) == "ok"
    queue.client.delete(queue.keys.campaign("left"))
    assert campaigns(queue).launch("third", Launch("ana", "all", rule=True))
    assert campaigns(queue).claim_redrive(60.0)
    campaigns(queue).redriven(60.0)


@pytest.mark.parametrize("does", [do_everything, govern, look, mend, bring_home])
def test_each_script_reads_all_that_it_needs_before_its_first_write(
    queue: Queue, does: Callable[[Queue], None]
) -> None:
    with watched(queue) as seen:
        does(queue)
    assert len(seen) > (len(SCRIPTS) if does is do_everything else 5)
    for commands in seen:
        reads = [command.split()[0] in READS for command in commands]
        first_write = reads.index(False) if False in reads else len(reads)
        late = [command for command in commands[first_write:] if command.split()[0] in READS]
        # But for the bell, whose list is looked at when it may be rung.
        assert [command for command in late if ":bell" not in command] == [], commands


def test_a_script_that_fails_is_named_and_nothing_of_a_lead_is_told(queue: Queue) -> None:
    text = b"return redis.error_reply('ERR no')"
    broken = Script("broken", text, queue.client.script_load(text))
    with pytest.raises(ScriptError, match=r"^broken\.lua: no$"):
        queue.store().runner.run([Call(broken)])


def test_an_error_in_one_call_leaves_the_connection_in_step(queue: Queue) -> None:
    queue.accept("a")
    queue.client.set(queue.keys.lead("b"), "no hash")
    lead = queue.claim()[0]
    bad = settlement(lead, State.WAITING)
    store = queue.store()
    with pytest.raises(StoreError, match=r"^settle\.lua: "):
        store.runner.run(
            [
                Call(SCRIPTS["settle"], ("b", "t", "waiting", 0, "1", "{}", "")),
                Call(SCRIPTS["settle"], ("b", "t", "waiting", 0, "1", "{}", "")),
            ]
        )
    assert queue.settle(bad) == ("ok",)
    queue.client.delete(queue.keys.lead("b"))


def test_a_namespace_remembers_the_api_that_it_delivers_to(queue: Queue) -> None:
    store = queue.store()
    store.open(API_URL)
    store.open(API_URL)
    with pytest.raises(NamespaceMismatchError, match=r"delivers to https://api\.example/rest, and"):
        store.open("https://other.example")
    store.open("https://other.example", allow_change=True)
    store.open("https://other.example")


def test_a_namespace_of_another_format_is_refused(queue: Queue) -> None:
    queue.client.hset(queue.keys.meta, "format", "9")
    with pytest.raises(NamespaceMismatchError, match="holds records of format 9"):
        queue.store().open(API_URL, allow_change=True)
    queue.client.delete(queue.keys.meta)


def test_check_tells_what_is_wrong_with_a_lead(queue: Queue) -> None:
    queue.accept("a", "b", "c", "d")
    client, keys = queue.client, queue.keys
    client.zadd(keys.index("dead"), {"a": 1})
    client.zrem(keys.due("live"), "b")
    client.delete(keys.raw("c"))
    client.delete(keys.lead("d"))
    client.set(keys.raw("e"), "{}")
    assert queue.store().check(["a", "b", "c", "d", "e", "f"]) == {
        "a": "!waiting, but listed in due:live, dead",
        "b": "!waiting, but listed in no index",
        "c": "!waiting without a raw lead",
        "d": "!listed in due:live without a record",
        "e": "!raw lead without a record",
        "f": "",
    }
    client.flushdb()


def test_check_takes_any_number_of_leads_and_each_call_a_batch_of_them(queue: Queue) -> None:
    names = [f"lead-{n}" for n in range(250)]
    queue.accept(*names)
    with watched(queue) as seen:
        assert set(queue.store().check(names).values()) == {"waiting"}
    assert len(seen) == 3
    assert queue.store().check([]) == {}


def test_a_claim_asks_for_no_more_than_its_free_threads_whatever_the_backlog(queue: Queue) -> None:
    queue.accept(*(f"lead-{n}" for n in range(300)))
    with watched(queue) as seen:
        queue.store().turn([], Claim(1, 4), LIMITS)
    assert sum("hgetall" in command for command in seen[-1]) == 4
    assert len(seen[-1]) < 50
