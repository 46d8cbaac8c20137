"""The API under test, in a process of its own, and the ledger of what it got.

It owns that process and the calls of its control endpoint, past the proxy. The ledger keeps of each
arrival when it came, what was answered and whose lead it created; bodies are let go at once.
"""

from __future__ import annotations

import base64
import http.client
import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from drills.fleet import LEADS_COMMAND
from lead_ops.sandbox import DEFAULT_TOKEN, Faults, SandboxError
from lead_ops.sandbox.remote import RemoteSandbox

from .children import Child
from .failures import StartError, last_words
from .forms import serial_of

PAGE = 1000
PAGES = 20
"""The most pages that one look takes; the rest is for the next."""

TIMEOUT_SECONDS = 10.0

LATENCY_SECONDS = 0.05
"""Of each answer where no other fault is in force: a lead is there at once, and nobody is told yet,
so that at any moment some are in flight."""


@dataclass(frozen=True, slots=True)
class Creation:
    """One lead that the API has; `at` is epoch seconds."""

    at: float
    api_id: str
    serial: str


@dataclass(slots=True)
class Ledger:
    """What arrived at the API.

    Attributes:
        creations: the leads that it has, in order.
        answers: how many requests were answered with which status; 0 counts those without one.
    """

    creations: list[Creation] = field(default_factory=list)
    answers: Counter[int] = field(default_factory=Counter)

    def note(self, arrival: dict[str, Any]) -> None:
        """Take up one arrival of the sandbox's journal."""
        self.answers[int(arrival["status"] or 0)] += 1
        if arrival["lead_id"]:
            serial = serial_of(base64.b64decode(arrival["body_base64"]))
            self.creations.append(Creation(float(arrival["at"]), arrival["lead_id"], serial))


class Api:
    """The sandbox, as `leads sandbox` runs it.

    Raises:
        StartError: it does not start.
    """

    def __init__(self, folder: Path) -> None:
        self.ledger = Ledger()
        self._seen = 0
        self._child = Child(
            [*LEADS_COMMAND[1:], "sandbox", "--port", "0"], {}, folder / "api.log", talks=True
        )
        said = self._child.hear()
        if said.count(":") < 2:
            self._child.kill()
            words = last_words(folder / "api.log")
            raise StartError(f"expected the sandbox to start; its last words: {words}")
        self.port = int(said.split(":")[2].split("/")[0])
        self._control = RemoteSandbox(self.port, DEFAULT_TOKEN)
        self.behave()

    def begin(self, faults: Faults) -> int:
        """Put a fault in force; gives its number."""
        return int(self._control.add_fault(faults)["number"])

    def behave(self) -> None:
        """End all faults, whatever became of them."""
        self._control.clear()
        self.begin(Faults(latency_seconds=LATENCY_SECONDS))

    def end(self, number: int) -> None:
        """End a fault."""
        self._control.clear(number)

    def look(self) -> None:
        """Take up what has arrived since the last look.

        Raises:
            SandboxError: it does not answer, or has forgotten what was not taken up yet.
        """
        for _ in range(PAGES):
            page = self._journal(self._seen)
            for arrival in page:
                if arrival["number"] != self._seen + 1:
                    raise SandboxError(f"the journal has lost what came after {self._seen}")
                self._seen += 1
                self.ledger.note(arrival)
            if len(page) < PAGE:
                return

    def close(self) -> None:
        """End it."""
        self._child.kill()

    def _journal(self, after: int) -> list[dict[str, Any]]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_SECONDS)
        headers = {"Authorization": f"Bearer {DEFAULT_TOKEN}"}
        try:
            connection.request("GET", f"/sandbox/journal?after={after}&size={PAGE}", None, headers)
            body = connection.getresponse().read()
        except (OSError, http.client.HTTPException) as error:
            raise SandboxError(f"the sandbox does not answer: {type(error).__name__}") from None
        finally:
            connection.close()
        arrivals: list[dict[str, Any]] = json.loads(body)["arrivals"]
        return arrivals
