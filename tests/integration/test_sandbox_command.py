"""`leads sandbox` and its commands, as a person uses them."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from lead_ops import context
from lead_ops.commands.sandbox import sandbox as command
from lead_ops.sandbox import SandboxError, SandboxServer
from lead_ops.sandbox.remote import RemoteSandbox

RUN = "from lead_ops.commands.sandbox import sandbox; sandbox()"


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        yield server


def run(sandbox: SandboxServer, *arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(
        command,
        ["--port", str(sandbox.port), *arguments],
        input=stdin,
        env={"LEADS_SANDBOX_TOKEN": ""},
    )


def create(sandbox: SandboxServer, name: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", sandbox.port, timeout=10)
    headers = {"Authorization": "Bearer sandbox-token", "Content-Type": "application/json"}
    connection.request("POST", "/rest/leads", json.dumps({"name": name}), headers)
    assert connection.getresponse().status == 200
    connection.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_runs_in_the_foreground_until_it_is_told_to_stop(
    number: signal.Signals, tmp_path: Path
) -> None:
    token_file = tmp_path / "token"
    token_file.write_text("from-a-file\n")
    arguments = ["--port", "0", "--token-file", str(token_file)]
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    ready = process.stdout.readline()
    assert ready.startswith("sandbox API ready on http://127.0.0.1:")
    port = int(ready.split("/rest")[0].rsplit(":", 1)[1])
    assert RemoteSandbox(port, "from-a-file").overview()["requests"] == 0
    process.send_signal(number)
    rest, errors = process.communicate(timeout=10)
    assert (process.returncode, rest, errors) == (0, "", "")


def test_a_fault_is_set_shown_and_cleared(sandbox: SandboxServer) -> None:
    asked = ["--status", "503", "--rate", "0.3", "--retry-after", "3", "--for", "60"]
    result = run(sandbox, "fault", *asked)
    assert result.exit_code == 0
    assert "status 503, retry_after 3, rate 0.3" in result.stdout
    assert "lead not created; 0 hits; for 60 s more" in result.stdout
    assert "status 503" in run(sandbox, "show").stdout
    assert run(sandbox, "clear").stdout == "1 fault cleared\n"
    assert json.loads(run(sandbox, "show", "--json").stdout)["faults"] == []


def test_a_fault_with_a_count_says_when_it_ends(sandbox: SandboxServer) -> None:
    assert "; 0 hits; ends after 1 hit\n" in run(sandbox, "fault", "--drop", "--count", "1").stdout
    both = run(sandbox, "fault", "--drop", "--count", "2", "--for", "60").stdout
    assert "; 0 hits; for 60 s more, or ends after 2 hits\n" in both


def test_without_a_port_the_sandbox_of_a_running_up_is_asked(
    sandbox: SandboxServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / ".leads"
    folder.mkdir()
    context.write_running(folder, {"LEADS_API_URL": sandbox.url}, sandbox=True)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(command, ["show"], env={"LEADS_SANDBOX_TOKEN": ""})
    assert result.exit_code == 0
    assert sandbox.url in result.stdout


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["--drop"], {"kind": "drop"}),
        (["--drop-before"], {"kind": "drop_before"}),
        (["--redirect"], {"kind": "redirect", "status": 302}),
        (["--redirect", "307"], {"kind": "redirect", "status": 307}),
        (["--drip"], {"kind": "drip"}),
        (["--drip", "0.5"], {"kind": "drip", "drip_seconds": 0.5}),
        (["--html", "--status", "502"], {"kind": "html", "status": 502}),
        (["--latency", "0.1"], {"latency_seconds": 0.1}),
        (["--list-lag", "5"], {"list_lag_seconds": 5.0}),
        (["--hang", "--create", "--count", "2"], {"kind": "hang", "creates": True, "count": 2}),
        (["--reset", "--only", "get"], {"kind": "reset", "scope": "get"}),
        (["--truncate", "--only-agent", "a1"], {"kind": "truncate", "only_agent": "a1"}),
    ],
)
def test_options_mean_the_fault_that_they_name(
    sandbox: SandboxServer, arguments: list[str], fault: dict[str, object]
) -> None:
    result = run(sandbox, "fault", *arguments, "--json")
    assert json.loads(result.stdout)["fault"] == fault


def test_a_fault_that_is_not_there_cannot_be_cleared(sandbox: SandboxServer) -> None:
    result = run(sandbox, "clear", "7")
    assert isinstance(result.exception, SandboxError)
    assert "no fault 7 is in force" in str(result.exception)


def test_leads_are_printed_so_that_they_cannot_steer_the_terminal(sandbox: SandboxServer) -> None:
    create(sandbox, "Zé \x1b[31m\t\u202e")
    result = run(sandbox, "leads")
    rows = [line.split("\t") for line in result.stdout.splitlines()]
    assert rows[0] == ["id", "created", "name", "contact"]
    assert (rows[1][0], len(rows[1][1])) == (sandbox.leads[0]["id"], len("12:34:56"))
    assert rows[1][2:] == ["Zé \\u001b[31m\\t\\u202e", ""]
    assert result.stderr == "1 of 1 leads\n"
    assert json.loads(run(sandbox, "leads", "--json").stdout)["leads"] == sandbox.leads


def test_the_journal_is_printed_without_bodies(sandbox: SandboxServer) -> None:
    create(sandbox, "Ana")
    result = run(sandbox, "journal")
    (row,) = [line.split("\t") for line in result.stdout.splitlines()[1:]]
    assert row[2:] == ["POST /rest/leads", "200", "whole", "", "yes"]
    assert "Ana" not in result.stdout


def test_a_new_token_is_read_from_standard_input(sandbox: SandboxServer) -> None:
    result = run(sandbox, "token", stdin="first second\n")
    assert result.exit_code == 0
    assert sandbox.token == "first"
    assert "first" not in result.output
    assert run(sandbox, "show").exit_code == 0


def test_a_token_that_is_none_is_refused_unseen(sandbox: SandboxServer) -> None:
    result = run(sandbox, "token", stdin="s\u00e9same")
    assert isinstance(result.exception, SandboxError)
    assert "same" not in str(result.exception)
