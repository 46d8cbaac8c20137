"""What one `leads up` has started: Redis, the sandbox API, the workers, beat.

It owns the order in which they start and stop, and what each is told. What arrives, and who is
shown it, is not its concern.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from urllib.parse import urlsplit

from lead_worker.settings import is_loopback
from lead_worker.store import Store, StoreError
from lead_worker.store.runner import connect

from .. import context
from ..embedded.server import EmbeddedRedis
from ..errors import OpsError
from ..sandbox.tokens import read_tokens
from .child_log import ChildLog
from .folder import UpFolder
from .plan import Plan, child_environ
from .stop_signals import StopSignals
from .supervisor import Process, Supervisor, stop_processes

OLDEST_REDIS = (6, 2)

# What the sandbox says.
_READY = re.compile(r"sandbox API ready on (?P<url>http://[^/ ]+:(?P<port>[0-9]+)/rest)")
_TAKEN = re.compile(r"port [0-9]+ is taken")

ANSWER_SECONDS = 2.0
"""How long Redis may take to answer us; a loop that waits for it sees no signal."""

# What a stop may take: 15 s in all. A worker ends within 13 s (`lead_worker.app`).
WORKERS_STOP_SECONDS = 13.0
SANDBOX_STOP_SECONDS = 0.7
REDIS_STOP_SECONDS = 1.0


class PlantError(OpsError):
    """The Redis or the namespace that is given cannot be used."""


class Plant:
    """Start it once, look often, stop it once; all from the main thread."""

    def __init__(
        self, plan: Plan, folder: UpFolder, signals: StopSignals, tell: Callable[[str], None]
    ) -> None:
        self.plan = plan
        self._folder = folder
        self._signals = signals
        self._supervisor = Supervisor(tell)
        self._redis = EmbeddedRedis(folder.redis) if plan.embedded else None
        self._token = read_tokens(os.environ, None)[0] if plan.sandbox else ""
        self._sandbox: Process | None = None
        self._workers: list[Process] = []
        self._beat: Process | None = None
        self.environ: Mapping[str, str] = {}
        self._store: Store | None = None

    @property
    def store(self) -> Store:
        """The queue; there once `start` has returned."""
        if self._store is None:
            raise OpsError("expected the queue to be open, found nothing started")
        return self._store

    @property
    def api_url(self) -> str:
        """Where leads are delivered to."""
        return self.environ["LEADS_API_URL"]

    def start(self) -> None:
        """Start everything, what needs another after it. What fails leaves the rest to the stop.

        Raises:
            Stopped: a signal asked to stop meanwhile.
            OpsError, LeadWorkerError, StoreError: something cannot be used or started.
        """
        sandbox = self.plan.sandbox and self._launch_sandbox(self._folder.sandbox_port())
        redis_url = self._start_redis()
        api_url = self._await_sandbox(sandbox) if sandbox else ""
        self.environ = child_environ(os.environ, self.plan, redis_url, api_url, self._token)
        self._store = self._connect(redis_url)
        self._open_namespace()
        self._start_workers()
        told = {name: self.environ[name] for name in context.NAMES}
        context.write_running(self._folder.path, told, sandbox=self.plan.sandbox)

    def look(self) -> None:
        """Start again what has ended.

        Raises:
            GiveUpError: something that is needed cannot be kept alive.
            Stopped: a signal asked to stop meanwhile.
        """
        self._supervisor.look()

    def stop_deliveries(self) -> bool:
        """End beat, the workers and the sandbox; leads that are in flight are settled first.

        Returns:
            Whether all ended by themselves, in time.
        """
        first = [self._beat, *self._workers] if self._beat else self._workers
        left = WORKERS_STOP_SECONDS - self._signals.asked_seconds
        killed = self._end([each for each in first if each], max(1.0, left))
        self._end([self._sandbox] if self._sandbox else [], SANDBOX_STOP_SECONDS)
        return not killed

    def stop_redis(self) -> None:
        """End the embedded Redis, the last to go; what it holds is on the disk.

        Until then commands find the queue.
        """
        if self._store is not None:
            self._store.client.close()
        if self._redis is not None:
            self._redis.stop(REDIS_STOP_SECONDS)
        context.remove_running(self._folder.path)

    def _end(self, processes: list[Process], within_seconds: float) -> list[str]:
        signals = self._signals
        return stop_processes(processes, within_seconds, signals.wait, lambda: signals.hasty)

    def _launch_sandbox(self, port: int) -> Process:
        log = self._folder.logs / "sandbox.log"
        options = ("--port", str(port), "--data", str(self._folder.sandbox_data))
        arguments = ("-m", "lead_ops.main", "sandbox", *options)
        self._sandbox = Process("sandbox", arguments, os.environ, log)
        self._sandbox.start()
        return self._sandbox

    def _await_sandbox(self, sandbox: Process) -> str:
        """Wait until it listens, and give its address.

        A worker that came first would spend an attempt on nothing.
        """
        while not (found := _READY.search("\n".join(sandbox.log.last_words()))):
            if not sandbox.alive:
                words = "\n".join(sandbox.log.last_words())
                if not _TAKEN.search(words):
                    raise PlantError(f"the sandbox cannot start:\n{words}")
                sandbox = self._launch_sandbox(0)  # Somebody was faster, such as another checkout.
            self._signals.check()
            self._signals.wait(0.01)
        self._supervisor.adopt(sandbox)
        self._folder.remember_sandbox_port(int(found["port"]))
        return found["url"]

    def _start_redis(self) -> str:
        if self._redis is None:
            return self.plan.settings.redis_url
        self._supervisor.add(_Redis(self._redis, self._signals))
        return self._redis.url

    def _connect(self, redis_url: str) -> Store:
        try:
            client = connect(redis_url, timeout_seconds=ANSWER_SECONDS)
        except (ValueError, TypeError):
            raise context.unreadable_address() from None
        return Store(client, self.plan.namespace)

    def _open_namespace(self) -> None:
        """Hold Redis and the namespace against what is expected, before a worker refuses them."""
        version = str(self.store.client.info("server").get("redis_version", ""))
        parts = version.split(".")[:2]
        if tuple(int(part) for part in parts if part.isdigit()) < OLDEST_REDIS:
            raise PlantError(f"LEADS_REDIS_URL: expected Redis 6.2 or later, found {version}")
        allow = self.plan.settings.allow_api_change
        if self.plan.sandbox:
            self._refuse_real_namespace()
            allow = True  # Its port may have changed; it is the same sandbox.
        self.store.open(self.api_url, allow_change=allow)

    def _refuse_real_namespace(self) -> None:
        known = self.store.client.hget(self.store.keys.meta, "api_url")
        host = urlsplit((known or b"").decode("utf-8", "replace")).hostname
        if host and not is_loopback(host):
            raise PlantError(
                f"namespace {self.plan.namespace!r} delivers to {host}, and without LEADS_API_TOKEN"
                " leads go to the sandbox: set the token, or another LEADS_NAMESPACE"
            )

    def _start_workers(self) -> None:
        app = ("-m", "celery", "-A", "lead_worker.app")
        for number, core in enumerate(self.plan.cores, start=1):
            name = f"worker-{number}"
            options = ("-P", "threads", "-c", "1", "-l", "INFO", "-n", f"{name}@%h")
            # Python's lock lets one thread run at a time; on several cores they would only fight.
            worker = self._process(name, (*app, "worker", *options), core)
            self._workers.append(worker)
            self._supervisor.add(worker)
        self._beat = self._process("beat", (*app, "beat", "-l", "INFO"))
        self._supervisor.add(self._beat)

    def _process(self, name: str, arguments: tuple[str, ...], core: int | None = None) -> Process:
        log = self._folder.logs / f"{name}.log"
        return Process(name, arguments, self.environ, log, core=core)

    def ready_workers(self) -> int:
        """How many of our workers have begun to deliver; 0 where Redis does not answer."""
        with suppress(StoreError):
            names = self.store.client.zrange(self.store.keys.workers, 0, -1)
            pids = {name.decode().rsplit("-", 2)[-2] for name in names if name.count(b"-") >= 2}
            return sum(str(worker.pid) in pids for worker in self._workers)
        return 0


class _Redis:
    """The embedded Redis as the supervisor sees it."""

    name = "Redis"

    def __init__(self, redis: EmbeddedRedis, signals: StopSignals) -> None:
        self.log = ChildLog(redis.log_path)
        self._redis = redis
        self._signals = signals

    def start(self) -> None:
        """Start it, which takes as long as it reads its data; a signal ends the wait."""
        self.log.bound()
        self.log.mark()
        self._redis.start(on_wait=self._signals.check)

    def ended(self) -> str | None:
        return None if self._redis.running else "has ended"
