"""What a test sees of a spool: what is in its file and in the queue, and processes that use it.

It owns the processes that it starts, and ends no other.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from lead_producers.keys import Keys
from lead_producers.spool_file import SpoolFile
from redis import Redis
from redis.exceptions import RedisError

from tests.integration.fleet import wait_until
from tests.integration.producer_sight import accepted, raws

NOWHERE = "unix:///nowhere/redis.sock"
PROGRAM = Path(__file__).with_name("spool_process.py")
THREAD = "lead-producer-spool"


class Told(NamedTuple):
    """What a process was told of one of its leads, and after how long."""

    n: int
    lead_id: str
    spooled: bool
    seconds: float


class SpoolProcess:
    """A backend app of its own: it begins when it is told to, and ends when its input does."""

    def __init__(self, folder: Path, who: str, *arguments: object) -> None:
        self.who = who
        self._out = folder / f"{who}.out"
        with self._out.open("wb") as out, (folder / f"{who}.err").open("wb") as err:
            command = [sys.executable, str(PROGRAM), who, *map(str, arguments)]
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=out, stderr=err, cwd=folder
            )

    def begin(self) -> None:
        assert self.process.stdin
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()

    def told(self) -> list[Told]:
        lines = self._out.read_text().splitlines(keepends=True)
        return [Told(*json.loads(line)) for line in lines if line.endswith("\n")]

    def wait_told(self, count: int, *, spooled: bool = False) -> None:
        """Wait until it was told of so many leads (or of so many that are spooled)."""

        def enough() -> bool:
            assert self.process.poll() is None or len(self.told()) >= count
            return sum(told.spooled or not spooled for told in self.told()) >= count

        wait_until(enough)

    def end(self) -> int:
        """Let it end in order; gives its exit status."""
        self.process.communicate(timeout=30)
        return self.process.returncode

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        if self.process.stdin:
            self.process.stdin.close()


StartProcess = Callable[..., SpoolProcess]


def leads_in(spool: Path) -> list[Any]:
    """The leads in a spool, in order, read without the producer's own code."""
    with closing(sqlite3.connect(f"file:{spool}?mode=ro", uri=True)) as connection:
        return [json.loads(raw) for (raw,) in connection.execute("SELECT raw FROM spool")]


def change(spool: Path, statement: str) -> None:
    """Change a spool by hand."""
    with closing(sqlite3.connect(spool)) as connection, connection:
        connection.execute(statement)


def wait_home(client: Redis, keys: Keys, spool: Path, count: int) -> None:
    """Wait until the spool is empty and so many leads were accepted, ever."""

    def is_home() -> bool:
        try:
            return accepted(client, keys) >= count and leads_in(spool) == []
        except RedisError:
            return False

    wait_until(is_home)


def wait_threads_end() -> None:
    """Wait until no thread of a spool is left in this process."""
    wait_until(lambda: THREAD not in {thread.name for thread in threading.enumerate()})


def all_raws(client: Redis, keys: Keys) -> list[Any]:
    return raws(client, keys, "live") + raws(client, keys, "bulk")


def spooled_in(file: SpoolFile) -> int:
    return sum(contents.leads for contents in file.contents())
