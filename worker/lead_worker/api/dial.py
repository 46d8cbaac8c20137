"""A connected socket within a time limit.

It owns name look-up and the choice among a host's addresses. urllib3 grants each address the whole
connect timeout and a look-up all the time it takes; here all of it together has one limit.
"""

from __future__ import annotations

import ipaddress
import queue
import socket
import threading
from collections.abc import Sequence
from typing import Any

from .call import Call, CallFailed

Address = tuple[int, int, int, str, Any]
"""As `socket.getaddrinfo` gives it: family, kind, protocol, canonical name, address."""

Addresses = Sequence[Address]


def dial(host: str, port: int, call: Call) -> socket.socket:
    """Connect to the first address of a host that answers, each having an equal share of the time.

    Returns:
        A socket whose timeout is what is left for the rest of connecting (a TLS handshake).

    Raises:
        CallFailed: `dns`, `refused`, `connect_timeout` or `connect`.
    """
    addresses = _look_up(host, port, call.seconds_left())
    cause = "dns"
    for position, address in enumerate(addresses):
        share = call.seconds_left() / (len(addresses) - position)
        try:
            connected = _connect(address, share)
        except TimeoutError:
            cause = "connect_timeout"
        except ConnectionRefusedError:
            cause = "refused"
        except OSError:
            cause = "connect"
        else:
            connected.settimeout(share)
            return connected
    raise CallFailed(cause)


def _connect(address: Address, timeout_seconds: float) -> socket.socket:
    family, kind, protocol, _, where = address
    made = socket.socket(family, kind, protocol)
    try:
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        made.settimeout(timeout_seconds)
        made.connect(where)
    except BaseException:
        made.close()
        raise
    return made


def _look_up(host: str, port: int, timeout_seconds: float) -> Addresses:
    """The addresses of a host; at once where it is an address, else in a thread of its own, because
    `getaddrinfo` cannot be given a time limit and blocks for as long as the resolver tries."""
    host = host.strip("[]")
    if _is_address(host):
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    answers: queue.SimpleQueue[Addresses] = queue.SimpleQueue()
    asker = threading.Thread(target=_ask, args=(host, port, answers), name="dns", daemon=True)
    asker.start()
    try:
        return answers.get(timeout=timeout_seconds)
    except queue.Empty:
        return []


def _ask(host: str, port: int, answers: queue.SimpleQueue[Addresses]) -> None:
    try:
        answers.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    except (OSError, UnicodeError):  # no such name, or nothing that can be a name
        answers.put([])


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
