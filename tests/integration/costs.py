"""What is done on a Redis, counted: round trips, script calls, commands, bytes.

It owns the counting. The commands are those that Redis counted, those within scripts included.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from lead_ops.embedded import EmbeddedRedis
from lead_worker.store.runner import connect

from tests.integration.counting_proxy import CountingProxy, Traffic

OWN = {"info", "config|resetstat", "config"}
"""The commands of the counting itself."""


@dataclass(frozen=True)
class Cost:
    """What something cost.

    Attributes:
        commands: of all clients and within scripts.
        sent: bytes to Redis.
    """

    round_trips: float
    scripts: float
    commands: float
    sent: float

    def __truediv__(self, number: int) -> Cost:
        """The cost of each of so many."""
        parts = (self.round_trips, self.scripts, self.commands, self.sent)
        return Cost(*(round(part / number, 3) for part in parts))

    def within(self, most: Cost) -> bool:
        """Whether it is no more than that, in each respect."""
        return (
            self.round_trips <= most.round_trips
            and self.scripts <= most.scripts
            and self.commands <= most.commands
            and self.sent <= most.sent
        )


class Counter:
    """Counts what goes through a proxy, on a server that nobody else uses.

    Args:
        direct_url: of the same server, for the counting itself.
    """

    def __init__(self, proxy: CountingProxy, direct_url: str) -> None:
        self._proxy = proxy
        self.url = proxy.url
        self.direct_url = direct_url
        self._client: Any = connect(direct_url)
        self._before = Traffic()

    def close(self) -> None:
        self._client.close()

    def begin(self) -> None:
        """Count from now on."""
        self._before = self._proxy.traffic()
        self._client.config_resetstat()

    def cost(self) -> Cost:
        """What it cost since it began."""
        calls = self._calls()
        scripts = calls.get("evalsha", 0) + calls.get("eval", 0)
        traffic = self._proxy.traffic().since(self._before)
        commands = sum(number for name, number in calls.items() if name not in OWN)
        return Cost(traffic.round_trips, scripts, commands, traffic.sent)

    def calls(self, command: str) -> int:
        """How often one command was called since it began."""
        return self._calls().get(command, 0)

    def _calls(self) -> dict[str, int]:
        stats = self._client.info("commandstats")
        return {name.removeprefix("cmdstat_"): int(each["calls"]) for name, each in stats.items()}


@contextmanager
def counting(redis: EmbeddedRedis) -> Iterator[Counter]:
    """Count what is done on a Redis that listens on TCP; whoever is counted takes `url`."""
    with CountingProxy(redis.port) as proxy:
        counter = Counter(proxy, redis.url)
        try:
            yield counter
        finally:
            counter.close()
