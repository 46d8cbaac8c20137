"""All attempts of a process together: each lead's result comes once, whatever the API does."""

from __future__ import annotations

import json
import queue
import random
import select
import threading
import time
from collections import Counter
from collections.abc import Callable

import pytest
from lead_worker.core.outcome import Delivered, GivenBack, Invalid, Outcome, Retry, Unknown
from lead_worker.sender import Job, Sender, UnderWay
from lead_worker.sending import AT_ONCE
from lead_worker.store import Claimed

from tests.integration.attempts import (
    MOST,
    WAIT_SECONDS,
    Attempts,
    attempts_at,
    echo,
    echoing,
    name_of,
    names,
)
from tests.integration.bad_server import CERTIFICATE, Asked, Peer, Serve
from tests.integration.behaviours import OK, answering, http


def test_leads_are_delivered_over_connections_that_are_kept(serve: Serve) -> None:
    server = serve(echoing)
    with attempts_at(server.url) as attempts:
        for turn in range(20):
            attempts.delivered(*names(MOST, turn * MOST))
        assert not attempts.bugs.told
    assert server.connections <= MOST
    assert len({name_of(asked) for asked in server.asked}) == len(server.asked) == 20 * MOST


def test_an_api_that_hangs_keeps_nobody_else_and_ends_at_the_deadline(serve: Serve) -> None:
    def behave(peer: Peer) -> None:
        while asked := peer.read():
            if name_of(asked).startswith("Stuck"):
                peer.be_silent()
                return
            peer.say(echo(asked))

    server = serve(behave)
    with attempts_at(server.url, deadline_seconds=2.0) as attempts:
        attempts.delivered(*names(MOST))
        attempts.send(*(f"Stuck {number}" for number in range(MOST - 1)))
        for turn in range(1, 20):
            attempts.delivered(f"Lead {turn}")
        assert set(attempts.outcomes(MOST - 1).values()) == {Unknown("deadline")}
        attempts.delivered(*names(MOST, 100))


Answer = Callable[[Peer, Asked], None]


def plainly(peer: Peer, asked: Asked) -> None:
    peer.say(echo(asked))


def slowly(peer: Peer, asked: Asked) -> None:
    head, _, body = echo(asked).partition(b"\r\n\r\n")
    peer.say(head + b"\r\n\r\n")
    peer.say(body[:5])
    peer.say(body[5:])


def in_chunks(peer: Peer, asked: Asked) -> None:
    body = echo(asked).partition(b"\r\n\r\n")[2]
    chunk = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    peer.say(http(200, chunk, "Transfer-Encoding: chunked"))


def by_bytes(peer: Peer, asked: Asked) -> None:
    for value in echo(asked):
        peer.say(bytes([value]))


def early_hints(peer: Peer, asked: Asked) -> None:
    peer.say(b"HTTP/1.1 103 Early Hints\r\n\r\n")
    peer.say(echo(asked))


def too_much(peer: Peer, asked: Asked) -> None:
    peer.say(echo(asked) + OK)


def busy(peer: Peer, _: Asked) -> None:
    peer.say(http(503))


def half(peer: Peer, asked: Asked) -> None:
    peer.say(echo(asked)[:-9])
    peer.close()


def gone(peer: Peer, _: Asked) -> None:
    peer.reset()


def nonsense(peer: Peer, _: Asked) -> None:
    peer.say(b"\x00" * 50 + b"\n\n")
    peer.close()


WELL: dict[str, Answer] = {
    each.__name__: each for each in (slowly, in_chunks, by_bytes, early_hints, too_much)
}
ILL: dict[str, tuple[Answer, Outcome]] = {
    "busy": (busy, Retry("status_503")),
    "half": (half, Unknown("truncated")),
    "gone": (gone, Unknown("dropped")),
    "nonsense": (nonsense, Unknown("garbled")),
}


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("seed", [1, 2])
def test_each_lead_has_its_own_outcome_among_all_others(
    serve: Serve, seed: int, scheme: str
) -> None:
    """The kind of answer is the lead's name; no lead is sent twice, none has another's answer."""

    def behave(peer: Peer) -> None:
        while asked := peer.read():
            kind = name_of(asked).split()[0].lower()
            if kind in WELL:
                WELL[kind](peer, asked)
            elif kind in ILL:
                ILL[kind][0](peer, asked)
            else:
                peer.say(echo(asked))

    server = serve(behave, scheme=scheme)
    kinds = random.Random(seed).choices(["plain", *WELL, *ILL], k=25 * MOST)
    leads = [f"{kind.capitalize()} {number}" for number, kind in enumerate(kinds)]
    bundle = {"api_ca_bundle": str(CERTIFICATE)} if scheme == "https" else {}
    outcomes: dict[str, Outcome] = {}
    with attempts_at(server.url, **bundle) as attempts:
        for begin in range(0, len(leads), MOST):
            attempts.send(*leads[begin : begin + MOST])
            outcomes |= attempts.outcomes(MOST)
        assert attempts.nothing_more()
        assert not attempts.bugs.told
    for lead, kind in zip(leads, kinds, strict=True):
        assert outcomes[lead] == (ILL[kind][1] if kind in ILL else Delivered(f"for {lead}")), lead
    sent = Counter(name_of(asked) for asked in server.asked)
    assert sent == dict.fromkeys(leads, 1)


def test_a_closed_port_is_a_retry_for_each(serve: Serve) -> None:
    server = serve(answering(OK))
    with attempts_at(server.url.replace(str(server.port), "1")) as attempts:
        attempts.send(*names(MOST))
        assert set(attempts.outcomes(MOST).values()) == {Retry("refused")}


def test_a_connection_that_was_closed_while_idle_is_not_sent_on(serve: Serve) -> None:
    def behave(peer: Peer) -> None:
        if asked := peer.read():
            peer.say(echo(asked))

    server = serve(behave)
    with attempts_at(server.url) as attempts:
        for turn in range(10):
            attempts.delivered(f"Lead {turn}")
            wait_for_the_goodbyes(attempts)
    assert server.connections == 10


def wait_for_the_goodbyes(attempts: Attempts) -> None:
    pool = attempts.sender._api._adapter.pool.pool
    for connection in [each for each in pool.queue if each is not None and each.sock is not None]:
        select.select([connection.sock], [], [])


def test_a_large_lead_goes_out_while_others_are_answered(serve: Serve) -> None:
    with attempts_at(serve(echoing).url) as attempts:
        attempts.delivered(*names(MOST))
        raw = json.dumps({"name": "Large", "company": "x" * 9_000_000}).encode()
        large = Claimed("Large", "w:1", False, "live", "", 0, 0, 0, 0.0, raw)
        attempts.sending.send([Job(large, time.monotonic())])
        attempts.send(*names(AT_ONCE))
        outcomes = attempts.outcomes(AT_ONCE + 1)
        assert not isinstance(outcomes.pop("Large"), Invalid | GivenBack)
        assert outcomes == {name: Delivered(f"for {name}") for name in names(AT_ONCE)}


@pytest.mark.parametrize("step", ["begin", "finish", "attempt"])
def test_a_bug_costs_its_lead_certainty_and_no_other_anything(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    together = threading.Barrier(MOST)

    def behave(peer: Peer) -> None:
        while asked := peer.read():
            if name_of(asked).startswith("First"):
                together.wait(WAIT_SECONDS)
            peer.say(echo(asked))

    whole = getattr(Sender, step)

    def buggy(self: Sender, work: Job | UnderWay) -> object:
        job = work.job if isinstance(work, UnderWay) else work
        if job.lead.lead_id.startswith("Buggy"):
            raise KeyError(job.lead.lead_id)
        return whole(self, work)

    with attempts_at(serve(behave).url) as attempts:
        if step != "attempt":  # which opens connections where there are none
            attempts.delivered(*(f"First {number}" for number in range(MOST)))
        monkeypatch.setattr(Sender, step, buggy)
        attempts.send("Buggy 1", *names(6), "Buggy 2")
        outcomes = attempts.outcomes(8)
        bugs = [outcomes.pop(name) for name in ("Buggy 1", "Buggy 2")]
        assert bugs == [Unknown("internal_error")] * 2
        assert outcomes == {name: Delivered(f"for {name}") for name in names(6)}
        assert sorted(attempts.bugs.told) == ["KeyError Buggy 1", "KeyError Buggy 2"]


@pytest.mark.parametrize("answer", [plainly, in_chunks])
def test_what_is_under_way_at_the_end_is_finished(serve: Serve, answer: Answer) -> None:
    def behave(peer: Peer) -> None:
        while asked := peer.read():
            if name_of(asked) == "Late":
                stopped.get(timeout=WAIT_SECONDS)
            answer(peer, asked)

    stopped: queue.SimpleQueue[None] = queue.SimpleQueue()
    with attempts_at(serve(behave).url) as attempts:
        attempts.delivered("Early")
        attempts.send("Late")
        attempts.sending.stop()
        stopped.put(None)
        assert attempts.outcomes(1) == {"Late": Delivered("for Late")}
