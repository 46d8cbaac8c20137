"""One process of a recipe: its server, or a command of its project.

It owns the process and a thread that reads its output, so that a full pipe never holds it up.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

from tests.integration.fleet import HANGS_SECONDS, wait_until

RECIPES = Path(__file__).parents[3] / "producers" / "recipes"
_ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)")


class Answer(NamedTuple):
    """What a server answered; names of headers in lower case."""

    status: int
    headers: Mapping[str, str]
    body: Any


class RecipeProcess:
    """Started when made, in the recipe's own folder."""

    def __init__(self, recipe: str, *arguments: str, **environ: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=RECIPES / recipe,
            env={
                **os.environ,
                "PYTHONDONTWRITEBYTECODE": "1",
                "PYTHONUNBUFFERED": "1",
                **environ,
            },
        )
        self._lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout as stream:
            for line in stream:
                self._lines.append(line.decode())

    @property
    def output(self) -> str:
        """What it has said so far, or all of it once it has ended."""
        return "".join(self._lines)

    def await_text(self, pattern: str) -> str:
        """Wait until it says something; gives the first group. Fails where it ends first."""
        found: list[str] = []

        def said() -> bool:
            ended = self.process.poll() is not None
            found.extend(re.findall(pattern, self.output))
            assert found or not ended, f"ended without {pattern!r}:\n{self.output}"
            return bool(found)

        wait_until(said)
        return found[0]

    def wait(self) -> int:
        """Wait for its end; gives the exit code."""
        code = self.process.wait(HANGS_SECONDS)
        self._reader.join(HANGS_SECONDS)
        return code

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to stop, and wait for its end; gives the exit code."""
        self.process.send_signal(number)
        return self.wait()

    def kill(self) -> None:
        self.process.kill()
        self.wait()

    @property
    def port(self) -> int:
        """Where it listens, once it does."""
        return int(self.await_text(_ADDRESS.pattern))

    def post(self, path: str, fields: Mapping[str, object] | None = None, raw: str = "") -> Answer:
        """Send a form, in which a list is several values, or raw JSON."""
        if fields is not None:
            body = urlencode(fields, doseq=True)
            return self.call("POST", path, body, "application/x-www-form-urlencoded")
        return self.call("POST", path, raw, "application/json")

    def call(
        self, method: str, path: str, body: str | bytes = "", content_type: str = ""
    ) -> Answer:
        """Make one request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=HANGS_SECONDS)
        try:
            headers = {"Content-Type": content_type} if content_type else {}
            encoded = body.encode() if isinstance(body, str) else body
            connection.request(method, path, encoded, headers)
            response = connection.getresponse()
            read = response.read()
        finally:
            connection.close()
        is_json = (response.getheader("Content-Type") or "").startswith("application/json")
        answered = json.loads(read) if is_json else read.decode()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, found, answered)
