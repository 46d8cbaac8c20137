"""The sandbox API as the drills have it: in this process, or in one of its own.

It owns the port: below those that the kernel gives to outgoing connections, so that while the API
is away nothing else takes its place (a client that connects to the port it calls from would even
reach itself).
"""

from __future__ import annotations

import base64
import http.client
import json
import random
import subprocess
from types import TracebackType
from typing import Any, Self

from lead_ops import die_with_parent
from lead_ops.sandbox import DEFAULT_TOKEN, Faults, SandboxError, SandboxServer
from lead_ops.sandbox.remote import RemoteSandbox

from .fleet import LEADS_COMMAND
from .worker import clean_environ

PORTS = (20_000, 30_000)
PAGE = 1000


def make_sandbox() -> SandboxServer:
    """A sandbox in a thread of this process; not started yet."""
    for _ in range(20):
        sandbox = SandboxServer(random.randrange(*PORTS))
        try:
            sandbox.start()
        except SandboxError:
            continue
        return sandbox
    raise SandboxError(f"no free port among {PORTS[0]} to {PORTS[1]}")


class SandboxProcess:
    """`leads sandbox` in a process of its own, where what it takes from ours would be measured."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._port = 0

    def __enter__(self) -> Self:
        program, *words = LEADS_COMMAND
        self._process = subprocess.Popen(
            die_with_parent.command(program, *words, "sandbox", "--port", "0"),
            env=clean_environ(),
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        said = self._process.stdout.readline() if self._process.stdout else ""
        self._port = int(said.split(":")[2].split("/")[0])
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()

    @property
    def url(self) -> str:
        """The base URL, as `LEADS_API_URL` takes it."""
        return f"http://127.0.0.1:{self._port}/rest"

    def add_fault(self, faults: Faults) -> None:
        """Put a fault in force."""
        RemoteSandbox(self._port, DEFAULT_TOKEN).add_fault(faults)

    def posts(self) -> list[tuple[float, bytes]]:
        """When each POST arrived, in epoch seconds, and its body; in order."""
        found: list[tuple[float, bytes]] = []
        after, total = 0, 1
        while after < total:
            page = self._journal(after)
            total, arrivals = page["total"], page["arrivals"]
            found += [
                (arrival["at"], base64.b64decode(arrival["body_base64"]))
                for arrival in arrivals
                if arrival["method"] == "POST"
            ]
            after = arrivals[-1]["number"] if arrivals else total
        return found

    def _journal(self, after: int) -> dict[str, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            path = f"/sandbox/journal?after={after}&size={PAGE}"
            connection.request("GET", path, headers={"Authorization": f"Bearer {DEFAULT_TOKEN}"})
            page: dict[str, Any] = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        return page
