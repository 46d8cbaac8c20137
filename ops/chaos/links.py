"""The proxies before Redis and the API, as seen from the nemesis. It owns their processes."""

from __future__ import annotations

import json
import random
import socket
from dataclasses import asdict
from pathlib import Path

from drills.sandboxes import PORTS

from .children import Child
from .proxy import Behaviour

TRIES = 20


class LinkError(Exception):
    """A proxy does not start, or does not obey."""


class ProxyProcess:
    """One proxy on a port of its own, below those of outgoing connections: while it refuses
    connections nobody else takes the port.

    Args:
        target: the port on 127.0.0.1 that it passes on to.

    Raises:
        LinkError: it does not start.
    """

    def __init__(self, name: str, target: int, folder: Path) -> None:
        for _ in range(TRIES):
            self.port = random.randrange(*PORTS)
            words = ("-m", "chaos.proxy", str(self.port), str(target))
            self._child = Child(words, {}, folder / f"{name}.log", talks=True)
            if self._child.hear() == "ready":
                return
            self._child.kill()
        raise LinkError(f"the proxy before {name} does not start; see {folder / name}.log")

    def behave(self, behaviour: Behaviour) -> None:
        """Let it behave so from now on."""
        self._order(json.dumps(asdict(behaviour)))

    def cut(self) -> None:
        """Reset all connections."""
        self._order('"cut"')

    def close(self) -> None:
        """End it."""
        self._child.kill()

    def _order(self, order: str) -> None:
        self._child.say(order)
        if self._child.hear() != "done":
            raise LinkError("the proxy is gone")


def free_port() -> int:
    """A port on 127.0.0.1 that nobody has at the moment, below those of outgoing connections."""
    for _ in range(TRIES):
        port = random.randrange(*PORTS)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise LinkError(f"no free port among {PORTS[0]} to {PORTS[1]}")
