"""Holds unit tests to their rule: no sockets, no sleep."""

from __future__ import annotations

import socket
import time
from typing import NoReturn

import pytest


def _refuse(*_: object, **__: object) -> NoReturn:
    raise AssertionError(
        "a unit test opens no socket and does not sleep: make it an integration one"
    )


@pytest.fixture(autouse=True)
def _no_sockets_no_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("connect", "connect_ex", "bind", "sendto"):
        monkeypatch.setattr(socket.socket, name, _refuse)
    monkeypatch.setattr(time, "sleep", _refuse)
