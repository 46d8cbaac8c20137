"""The address of Redis as kombu must read it."""

from __future__ import annotations

import os
from unittest.mock import patch

import pytest

with patch.dict(os.environ, clear=True):
    from lead_worker.app import broker_url


@pytest.mark.parametrize(
    ("redis_url", "expected"),
    [
        ("redis://h:1/2", "redis://h:1/2"),
        ("redis://h", "redis://h/0"),
        ("redis://:p%2Fw@h:1/0", "redis://:p%2Fw@h:1/0"),
        ("redis://u:p@h/0", "redis://u:p@h/0"),
        ("redis://h/0?password=p%40w&username=u", "redis://u:p%40w@h/0"),
        ("redis://h?db=3&socket_timeout=1", "redis://h/3"),
        ("rediss://h/0?ssl_cert_reqs=required", "rediss://h/0?ssl_cert_reqs=required"),
        ("unix:///run/r.sock", "redis+socket:///run/r.sock?virtual_host=0"),
        ("unix:///r%20s.sock?db=2&password=x", "redis+socket://:x@/r%20s.sock?virtual_host=2"),
    ],
)
def test_an_address_is_translated(redis_url: str, expected: str) -> None:
    assert broker_url(redis_url) == expected
