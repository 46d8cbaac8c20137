"""Leads on their way through a real `Sending` to a bad server, and what came back."""

from __future__ import annotations

import json
import queue
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any, cast

from lead_worker.core.outcome import Delivered, Outcome
from lead_worker.reporting import Reporter
from lead_worker.sender import Job, Result, Sender
from lead_worker.sending import Sending
from lead_worker.settings import Secret, Settings
from lead_worker.store import Claimed

from tests.integration.bad_server import Asked, Peer
from tests.integration.behaviours import http

MOST = 16
WAIT_SECONDS = 30.0


class Bugs:
    """What a reporter is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def bug(self, error: Exception, lead_id: str = "") -> None:
        self.told.append(f"{type(error).__name__} {lead_id}")


class Attempts:
    """Leads on their way through a `Sending`, and what came back."""

    def __init__(self, url: str, **changed: Any) -> None:
        settings: dict[str, Any] = {"deadline_seconds": 5.0, "lease_seconds": 60.0, **changed}
        self.sender = Sender(Settings(api_url=url, api_token=Secret("t"), **settings))
        self.bugs = Bugs()
        self._results: queue.SimpleQueue[list[Result]] = queue.SimpleQueue()
        reporter = cast(Reporter, self.bugs)
        self.sending = Sending(self.sender, reporter, MOST, self._results.put)
        self.sending.start()

    def close(self) -> None:
        self.sending.stop()
        self.sender.close()

    def send(self, *names: str) -> None:
        self.sending.send(job(name) for name in names)

    def outcomes(self, number: int) -> dict[str, Outcome]:
        """The outcomes of so many leads; each has exactly one."""
        results: list[Result] = []
        while len(results) < number:
            results += self._results.get(timeout=WAIT_SECONDS)
        found = {result.lead.lead_id: result.outcome for result in results}
        assert len(found) == len(results) == number
        return found

    def delivered(self, *names: str) -> None:
        """Send these leads; each must be delivered, and have an answer of its own."""
        self.send(*names)
        assert self.outcomes(len(names)) == {name: Delivered(f"for {name}") for name in names}

    def nothing_more(self) -> bool:
        return self._results.empty()


def job(name: str) -> Job:
    raw = json.dumps({"name": name, "email": "ana@example.com"}).encode()
    return Job(Claimed(name, "w:1", False, "live", "", 0, 0, 0, 0.0, raw), time.monotonic())


@contextmanager
def attempts_at(url: str, **changed: Any) -> Iterator[Attempts]:
    with closing(Attempts(url, **changed)) as attempts:
        yield attempts


def name_of(asked: Asked) -> str:
    return str(json.loads(asked.body)["name"])


def echo(asked: Asked) -> bytes:
    """What the API would say: the lead, and an id that tells whose answer it is."""
    said = {**json.loads(asked.body), "id": f"for {name_of(asked)}"}
    return http(200, json.dumps(said).encode())


def names(number: int, first: int = 0) -> Sequence[str]:
    return [f"Lead {index}" for index in range(first, first + number)]


def echoing(peer: Peer) -> None:
    """Answer each lead with itself."""
    while asked := peer.read():
        peer.say(echo(asked))
