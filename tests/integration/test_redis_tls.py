"""All programs on a Redis that speaks TLS alone and wants its clients' certificates."""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from lead_ops import main
from lead_ops.errors import RedisStartError
from lead_worker.store.vitals import read

from tests.conftest import StartRedis
from tests.integration.bad_server import CERTIFICATE
from tests.integration.fleet import Fleet, MakeFleet, named, wait_until
from tests.integration.test_exporter import get, running
from tests.integration.test_sentry_fleet import beat_running

OURS = f"ssl_ca_certs={CERTIFICATE}&ssl_certfile={CERTIFICATE}&ssl_keyfile={CERTIFICATE}"


@pytest.fixture
def tls_url(own_redis: StartRedis) -> str:
    """The address of a server that takes no certificate but the one in `CERTIFICATE`."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    own = {name: str(CERTIFICATE) for name in ("cert_file", "key_file", "ca_cert_file")}
    options = {f"tls_{name}": path for name, path in own.items()}
    try:
        own_redis(tls_port=str(port), tls_auth_clients="yes", **options)
    except RedisStartError as error:
        if "Bad directive" not in str(error):
            raise
        pytest.skip("this Redis was built without TLS")
    return f"rediss://localhost:{port}/0?{OURS}"


@pytest.fixture
def fleet(make_fleet: MakeFleet, tls_url: str) -> Iterator[Fleet]:
    made = make_fleet(tls_url)
    yield made
    made.assert_audit_is_green()


def test_leads_bells_and_calendar_work_go_through_tls(
    fleet: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    worker = fleet.start_worker()
    with beat_running(fleet, tmp_path / "beat.log"):
        fleet.enqueue(*(named(n) for n in range(5)))
        fleet.wait_delivered(5)
        wait_until(lambda: read(fleet.store).calendar_at is not None)
    # A bell is answered by Celery's consumer alone; without it the heartbeat would deliver.
    wait_until(lambda: "leads_bells_answered_total" in str(metrics(fleet)))

    with running(fleet.redis_url, namespace=fleet.namespace) as (_, address):
        assert 'leads_in_state{state="delivered"} 5.0' in get(address)[1]

    monkeypatch.setenv("LEADS_REDIS_URL", fleet.redis_url)
    monkeypatch.setenv("LEADS_NAMESPACE", fleet.namespace)
    monkeypatch.setenv("LEADS_API_URL", fleet.sandbox.url)
    monkeypatch.setenv("LEADS_API_TOKEN", fleet.sandbox.token)
    assert main.run(["health"]) == 0
    capfd.readouterr()
    main.run(["doctor", "--json"])
    checks = json.loads(capfd.readouterr().out)["checks"]
    assert [each for each in checks if each["level"] == "bad"] == []

    worker.signal(signal.SIGTERM)
    assert worker.wait() == 0
    assert os.fspath(CERTIFICATE) not in worker.log


def metrics(fleet: Fleet) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = fleet.store.client.hgetall(fleet.store.keys.metrics)
    return found
