"""What the nemesis may lay hands on: a Redis, an API, links to both, and the processes between.

It owns all of them and ends them, in whatever way the run ends. What is under test is a `System`:
this project, or stock Celery.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from lead_ops.embedded import EmbeddedRedis
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from .api import Api
from .links import ProxyProcess, free_port
from .plan import PRODUCERS
from .receipts import Slip, Tail
from .supervisor import Slot, Supervisor

DIRECT_SECONDS = 3.0
"""The patience of our own look into Redis, past the proxy."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large a run is: leads in all, and the seconds in which they are enqueued."""

    leads: int
    seconds: float

    def share(self, number: int) -> int:
        """How many leads the app of a number enqueues; all of them together enqueue all."""
        return self.leads // PRODUCERS + (number < self.leads % PRODUCERS)


class System(Protocol):
    """What is started on a stage.

    Attributes:
        is_stock: it is stock Celery, which has not all that can be harmed.
    """

    is_stock: bool

    def start(self, stage: Stage) -> None:
        """Start workers and whatever else belongs to it, and wait until they are at work."""

    def app(self, stage: Stage, number: int, began_at: float, size: Size) -> Slot:
        """One of the apps that enqueue, not started yet."""

    def operate(self, order: str) -> None:
        """Have the operator do something: `pause` or `resume`."""


class Stage:
    """One run's processes and files.

    Args:
        folder: for data, logs and receipts; it exists.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.supervisor = Supervisor()
        self.redis = EmbeddedRedis(folder / "redis", port=free_port())
        self._tails: list[Tail] = []
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.redis.start()
            stack.callback(self.redis.kill)
            self.direct = direct(self.redis.url)
            stack.callback(self.direct.close)
            self.api = Api(self.folder)
            stack.callback(self.api.close)
            self.redis_link = ProxyProcess("redis-link", self.redis.port, self.folder)
            stack.callback(self.redis_link.close)
            self.api_link = ProxyProcess("api-link", self.api.port, self.folder)
            stack.callback(self.api_link.close)
            stack.callback(self.supervisor.kill_all)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    @property
    def redis_url(self) -> str:
        """Redis as those under test reach it."""
        return f"redis://127.0.0.1:{self.redis_link.port}/0"

    @property
    def api_url(self) -> str:
        """The API's base URL as they reach it."""
        return f"http://127.0.0.1:{self.api_link.port}/rest"

    def receipts_path(self, app: str) -> Path:
        """Where an app writes its receipts; from then on they are read."""
        path = self.folder / f"{app}.receipts"
        self._tails.append(Tail(path))
        return path

    def new_slips(self) -> list[Slip]:
        """The receipts that were given since the last call."""
        return [slip for tail in self._tails for slip in tail.read()]


def direct(url: str) -> Any:
    """A client of Redis past the proxy, that repeats nothing by itself."""
    return Redis.from_url(
        url,
        retry=Retry(NoBackoff(), 0),
        socket_timeout=DIRECT_SECONDS,
        socket_connect_timeout=DIRECT_SECONDS,
    )
