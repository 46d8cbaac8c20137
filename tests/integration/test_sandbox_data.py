"""The data file: leads survive a restart, and nobody else reads them."""

from __future__ import annotations

from pathlib import Path

import pytest
from lead_ops.sandbox import SandboxError, SandboxServer

from tests.integration.sandbox_calls import post


def test_leads_survive_a_restart_in_a_file_for_its_owner_only(tmp_path: Path) -> None:
    data = tmp_path / "leads.jsonl"
    with SandboxServer(data=data) as sandbox:
        created = [post(sandbox)[1], post(sandbox)[1]]
        with pytest.raises(SandboxError, match="another sandbox has it open"):
            SandboxServer(data=data)
    assert data.stat().st_mode & 0o777 == 0o600
    with SandboxServer(data=data) as sandbox:
        assert sandbox.leads == created
        post(sandbox)
    assert len(data.read_text().splitlines()) == 3


def test_a_line_cut_off_by_a_crash_is_dropped(tmp_path: Path) -> None:
    data = tmp_path / "leads.jsonl"
    with SandboxServer(data=data) as sandbox:
        kept = post(sandbox)[1]
    with data.open("a") as file:
        file.write('{"id": "sandbox_1", "na')
    with SandboxServer(data=data) as sandbox:
        assert sandbox.leads == [kept]
        post(sandbox)
    assert len(data.read_text().splitlines()) == 2


@pytest.mark.parametrize("line", ["{}", "[]", "no", '{"id": "real_1", "name": "secret"}'])
def test_a_line_that_is_no_lead_is_named_by_number_only(tmp_path: Path, line: str) -> None:
    data = tmp_path / "leads.jsonl"
    data.write_text(line + "\n")
    with pytest.raises(SandboxError, match="line 1 of the data file") as caught:
        SandboxServer(data=data)
    assert "secret" not in str(caught.value)
