"""A running sandbox as seen from another process: the client of its control endpoint.

It owns the calls and turns every way of failing into one line. It talks to loopback only.
"""

from __future__ import annotations

import http.client
import json
from typing import Any

from .answers import encode
from .errors import SandboxError
from .faults import Faults, faults_json

TIMEOUT_SECONDS = 5.0


class RemoteSandbox:
    """Asks the sandbox that listens on a port.

    Args:
        port: of 127.0.0.1.
        token: one that the sandbox was started with.

    Every method raises SandboxError where no sandbox answers, or it says no.
    """

    def __init__(self, port: int, token: str) -> None:
        self._port = port
        self._token = token

    def overview(self) -> dict[str, Any]:
        """What it saw, and the faults in force."""
        return self._call("GET", "/sandbox")

    def add_fault(self, faults: Faults) -> dict[str, Any]:
        """Put one more fault in force; answers it with its number."""
        return self._call("POST", "/sandbox/faults", faults_json(faults))

    def clear(self, number: int | None = None) -> int:
        """End one fault or all; answers how many ended."""
        path = "/sandbox/faults" if number is None else f"/sandbox/faults/{number}"
        return int(self._call("DELETE", path)["cleared"])

    def set_tokens(self, tokens: tuple[str, ...]) -> None:
        """Let `/rest` accept these from now on; control goes on with those it began with."""
        self._call("PUT", "/sandbox/tokens", {"tokens": tokens})

    def leads(self, last: int) -> tuple[int, list[dict[str, Any]]]:
        """How many leads there are, and the last `last` (1 to 1000) of them, oldest first."""
        total = int(self.overview()["leads"])
        page = self._call("GET", f"/sandbox/leads?after={max(0, total - last)}&size={last}")
        return total, list(page["leads"])

    def journal(self, last: int) -> tuple[int, list[dict[str, Any]]]:
        """How many requests there were, and the last `last` (1 to 1000), oldest first."""
        total = int(self.overview()["requests"])
        page = self._call("GET", f"/sandbox/journal?after={max(0, total - last)}&size={last}")
        return total, list(page["arrivals"])

    def _call(self, method: str, path: str, value: Any = None) -> dict[str, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT_SECONDS)
        headers = {"Authorization": f"Bearer {self._token}"}
        try:
            connection.request(method, path, None if value is None else encode(value), headers)
            response = connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException):
            raise SandboxError(
                f"no sandbox answers on port {self._port} of this machine:"
                " start one with 'leads sandbox', or name its port with --port"
            ) from None
        finally:
            connection.close()
        if response.getheader("X-Sandbox") != "leads":
            raise SandboxError(
                f"what answers on port {self._port} is no sandbox: name its port with --port"
            )
        return _read(response.status, body)


def _read(status: int, body: bytes) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(body)
    if status == 401:
        raise SandboxError(
            "the sandbox runs with another token: set LEADS_SANDBOX_TOKEN to it, or --token-file"
        )
    if status != 200:
        raise SandboxError(f"the sandbox says no: {value.get('message', status)}")
    return value
