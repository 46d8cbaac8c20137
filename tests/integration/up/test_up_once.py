"""`leads up --once FILE`: its summary and its exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lead_ops.sandbox import Faults, SandboxServer

from tests.integration.up.conftest import StartUp


@pytest.fixture
def file(home: Path) -> Path:
    """A file of two leads: one that arrives, one that the schema refuses."""
    path = home / "leads.jsonl"
    leads = ({"name": "Ana"}, {"name": "Bia", "email": "no address"})
    path.write_text("".join(json.dumps(lead) + "\n" for lead in leads))
    return path


def test_a_line_that_cannot_be_read_is_named_and_stops_no_other(
    start_up: StartUp, file: Path
) -> None:
    file.write_text('{"name": "Ana"}\nAna\n{"name": "Bia"}\n')
    up = start_up("--once", file, "--json")
    assert up.wait() == 1
    summary = up.json()
    assert (summary["ok"], summary["delivered"], summary["refused"]) == (False, 2, 1)
    assert [refusal["line"] for refusal in summary["refusals"]] == [2]
    assert "line 2:" in up.err
    assert "Ana" not in up.out + up.err
    again = start_up("--once", file, "--again", "--json")
    assert again.wait() == 1
    assert (again.json()["enqueued"], again.json()["already_there"]) == (2, 0)


def test_a_parked_lead_is_no_good_end(
    start_up: StartUp, file: Path, sandbox: SandboxServer
) -> None:
    sandbox.set_faults(Faults(status=500))
    real = {"LEADS_API_URL": sandbox.url, "LEADS_API_TOKEN": sandbox.token}
    up = start_up("--once", file, "--json", LEADS_ON_UNKNOWN_OUTCOME="park", **real)
    assert up.wait() == 1
    assert up.json()["parked"] == 1
    assert up.json()["ok"] is False


def test_a_signal_ends_the_waiting(start_up: StartUp, file: Path, sandbox: SandboxServer) -> None:
    sandbox.set_faults(Faults(status=503))
    real = {"LEADS_API_URL": sandbox.url, "LEADS_API_TOKEN": sandbox.token}
    up = start_up("--once", file, **real)
    up.await_text("retry     [0-9a-f]{32} status_503; again in")
    assert up.stop() == 130
    assert "1 under way" in up.out
    assert "1 lead waits for the next start" in up.out
