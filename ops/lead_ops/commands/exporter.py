"""`leads exporter`: the fleet's metrics for Prometheus.

It owns options, wording and the process's signals.
"""

from __future__ import annotations

import logging
from pathlib import Path

import click
from lead_worker.store import Store
from lead_worker.store.metrics import Metrics

from lead_ops import context, redis_users
from lead_ops.exporter.collector import LeadsCollector
from lead_ops.exporter.server import ExporterError, ExporterServer
from lead_ops.redis_trouble import name_trouble
from lead_ops.up.stop_signals import StopSignals

logger = logging.getLogger(__name__)

DEFAULT_PORT = 9464
WAIT_SECONDS = 60.0
"""How long to sleep at once while nothing asks to stop; any number would do."""

REDIS_SECONDS = 2.0
"""For one answer of Redis."""


@click.command(short_help="Metrics of the whole fleet, for Prometheus.")
@click.option(
    "--host", metavar="HOST", default="127.0.0.1", show_default=True, help="Address to listen on."
)
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    metavar="N",
    default=DEFAULT_PORT,
    show_default=True,
    help="Port; 0 takes a free one.",
)
@click.option(
    "--token-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File with the token that Prometheus has to send, read again at each request; needed"
    " beyond loopback.",
)
def exporter(host: str, port: int, token_file: Path | None) -> None:
    """Serve the metrics of the whole fleet, until Ctrl-C; one exporter is enough for a namespace.

    They are read from Redis at each scrape: the workers flush what they count each second. No
    metric holds anything of a lead. Where Redis is away, leads_up is 0 and the others are absent.
    ops/deploy/ has a list of the metrics, alert rules and a dashboard.

    \b
      leads exporter
      leads exporter --host 0.0.0.0 --token-file /run/secrets/metrics-token
    """
    logging.basicConfig(format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    queue = context.for_command()
    metrics = Metrics(Store(queue.connect(REDIS_SECONDS), queue.settings.namespace))
    collector = LeadsCollector(
        metrics.read,
        queue.settings.namespace,
        words=lambda error: str(name_trouble(error, queue, redis_users.WATCH)),
    )
    token = TokenFile(token_file) if token_file else None
    with StopSignals() as signals, ExporterServer(collector, host, port, token) as own:
        where = f"{queue.settings.namespace} in {queue.where()}"
        click.echo(f"metrics of {where} on {own.url}")
        while not signals.asked:
            signals.wait(WAIT_SECONDS)


class TokenFile:
    """The token in a file, which may be given another one while we serve.

    Raises:
        ExporterError: when it is made: the file cannot be read, or holds no token.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fault = False
        self._token = self._read()

    def __call__(self) -> str:
        """What is in the file now; where that is no token, the last that was one."""
        try:
            self._token, self._fault = self._read(), False
        except (OSError, ExporterError) as error:
            if not self._fault:
                why = error.strerror if isinstance(error, OSError) else str(error)
                logger.warning("the last token stays in force: %s", why)
            self._fault = True
        return self._token

    def _read(self) -> str:
        token = self._path.read_text(encoding="utf-8", errors="replace").strip()
        if not token or not token.isascii() or len(token.split()) > 1:
            raise ExporterError(f"expected {self._path} to hold one token and nothing else")
        return token
