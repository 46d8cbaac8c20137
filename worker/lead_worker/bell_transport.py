"""kombu's transport for Redis, with one difference: a message that is none ends no worker.

kombu raises where an entry of a queue's list is no message, and so does Celery where it cannot make
a task of it; the worker ends with it. What lies in these lists is worth nothing (decision 0001), so
such an entry is dropped, and said. Errors of Redis go on to Celery, which connects anew.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from queue import Empty
from typing import Any

from kombu.transport import TRANSPORT_ALIASES
from kombu.transport import redis as kombu_redis
from redis.exceptions import DataError

from . import logs
from .core.thinning import Thinning

logger = logging.getLogger(__name__)

_PATH = f"{__name__}:Transport"


def install() -> None:
    """Let this process use it wherever a URL says `redis` or `rediss`, a unix socket's too."""
    TRANSPORT_ALIASES.update(redis=_PATH, rediss=_PATH)


class _Channel(kombu_redis.Channel):
    _dropped = Thinning()  # of all channels: a connection that begins anew has another

    def basic_consume(
        self, queue: str, no_ack: bool, callback: Callable[..., Any], *rest: Any, **options: Any
    ) -> Any:
        """Consume; what Celery cannot use gives back the slot that it took."""

        def take(message: Any) -> Any:
            try:
                return callback(message)
            except Exception as error:
                if not self._is_loss(error) and not message.acknowledged:
                    message.reject()
                raise

        kombus: Any = super()  # it has no types
        return kombus.basic_consume(queue, no_ack, take, *rest, **options)

    def _brpop_read(self, **options: Any) -> Any:
        """Read an answer of Redis; `Empty` is how kombu says that there is no message in it."""
        kombus: Any = super()
        try:
            return kombus._brpop_read(**options)
        except Exception as error:
            if isinstance(error, Empty) or self._is_loss(error):
                raise
            self._tell(error)
            raise Empty from None

    def _is_loss(self, error: Exception) -> bool:
        """Whether Redis is to blame, so that Celery connects anew; else it came of what lay there.

        kombu counts two of its own among those, for where it cannot tell; here they are no losses.
        """
        losses = (*self.connection_errors, *self.connection.channel_errors)
        return isinstance(error, losses) and not isinstance(error, KeyError | DataError)

    def _tell(self, error: Exception) -> None:
        number = self._dropped.happened("dropped", time.monotonic())
        if number:
            words = "dropped what is no message of Celery's: %s, %d times"
            facts = logs.facts("no_message", error=type(error).__name__, dropped=number)
            logger.warning(words, type(error).__name__, number, extra=facts)


class Transport(kombu_redis.Transport):
    """What `install` puts in the place of kombu's own."""

    Channel = _Channel
