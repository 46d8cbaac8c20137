"""The senders where something of their own breaks, or the API answers what nobody asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from lead_worker.api import Exchange
from lead_worker.core.outcome import Delivered, Outcome, Unknown
from lead_worker.core.reply import Reply
from lead_worker.sender import Letter, Result, Sender

from tests.integration.attempts import MOST, WAIT_SECONDS, attempts_at, echo, name_of, names
from tests.integration.bad_server import CERTIFICATE, Asked, Peer, Serve
from tests.integration.behaviours import http

STRAY = json.dumps({"name": "X", "email": "x@example.com", "id": "stray"}).encode()


def meeting(peer: Peer, together: threading.Barrier) -> None:
    """Answer the first leads when all are there, so that each has a connection; then any."""
    while asked := peer.read():
        if name_of(asked).startswith("First"):
            together.wait(WAIT_SECONDS)
        peer.say(echo(asked))


def failing_once(whole: Callable[..., Any]) -> Callable[..., Any]:
    """Fails at its first call in the thread that sends."""
    failed = threading.Event()

    def harmed(*arguments: Any, **named: Any) -> Any:
        if threading.current_thread().name == "sender" and not failed.is_set():
            failed.set()
            raise OSError(12, "no memory")
        return whole(*arguments, **named)

    return harmed


@pytest.mark.parametrize("step", ["select", "register", "unregister", "receive"])
def test_an_error_of_the_selector_costs_no_lead_its_result(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    together = threading.Barrier(MOST)
    with attempts_at(serve(lambda peer: meeting(peer, together)).url) as attempts:
        attempts.delivered(*(f"First {number}" for number in range(MOST)))
        harmed: Any = Exchange if step == "receive" else attempts.sending._selector
        monkeypatch.setattr(harmed, step, failing_once(getattr(harmed, step)))
        for turn in range(3):
            attempts.delivered(*names(MOST, turn * MOST))
        assert attempts.bugs.told == ["OSError "]
        assert attempts.nothing_more()


def test_a_bug_after_an_answer_closes_no_connection_that_another_lead_uses(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer in chunks is read by a thread, which has the bug while the connection is used."""
    connection_is_free, victim_is_sent = threading.Event(), threading.Event()
    failed = threading.Event()
    whole = Sender._answered

    def buggy(self: Sender, letter: Letter, reply: Reply) -> Result:
        if letter.job.lead.lead_id == "Buggy":
            connection_is_free.set()
            assert victim_is_sent.wait(WAIT_SECONDS)
            raise KeyError
        return whole(self, letter, reply)

    def behave(peer: Peer) -> None:
        while asked := peer.read():
            if name_of(asked) == "Victim":
                victim_is_sent.set()
                assert failed.wait(WAIT_SECONDS)
            body = echo(asked).partition(b"\r\n\r\n")[2]
            chunks = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
            peer.say(http(200, chunks, "Transfer-Encoding: chunked"))

    monkeypatch.setattr(Sender, "_answered", buggy)
    server = serve(behave)
    with attempts_at(server.url) as attempts:
        attempts.delivered("First")
        attempts.send("Buggy")
        assert connection_is_free.wait(WAIT_SECONDS)
        attempts.send("Victim")
        assert attempts.outcomes(1) == {"Buggy": Unknown("internal_error")}
        failed.set()
        assert attempts.outcomes(1) == {"Victim": Delivered("for Victim")}
    assert server.connections == 1


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("size", [0, 8192], ids=["small", "a block of the reader"])
def test_nobody_is_given_an_answer_that_came_with_another(
    serve: Serve, scheme: str, size: int
) -> None:
    def behave(peer: Peer) -> None:
        while asked := peer.read():
            answer = sized(asked, size)
            peer.say(answer + http(200, STRAY) if name_of(asked) == "Noisy" else answer)

    bundle = {"api_ca_bundle": str(CERTIFICATE)} if scheme == "https" else {}
    with attempts_at(serve(behave, scheme=scheme).url, **bundle) as attempts:
        for name in ("Noisy", "First", "Noisy", "Second", "Third", "Fourth"):
            attempts.delivered(name)


def sized(asked: Asked, size: int) -> bytes:
    """The API's answer, so many bytes long; 0 means as long as it is."""
    plain = echo(asked)
    pad = size - len(plain) - len("X-Pad: \r\n")
    head, _, rest = plain.partition(b"\r\n")
    return b"%b\r\nX-Pad: %b\r\n%b" % (head, b"x" * pad, rest) if size else plain


def test_a_408_that_nobody_asked_for_shifts_no_answers(serve: Serve) -> None:
    """Some servers say it before they close an idle connection, as a lead is on its way."""

    def behave(peer: Peer) -> None:
        while asked := peer.read():
            if name_of(asked) == "Crossed":
                peer.say(http(408))
                following = peer.read()
                peer.say(echo(asked))
                asked = following or asked
            peer.say(echo(asked))

    with attempts_at(serve(behave).url) as attempts:
        attempts.delivered("First")
        attempts.send("Crossed")
        outcome: Outcome = attempts.outcomes(1)["Crossed"]
        assert outcome == Unknown("status_408")
        for turn in range(5):
            attempts.delivered(f"Lead {turn}")
