"""Whatever goes wrong is one line on standard error and an exit code; never a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import lead_ops
import lead_producers
import lead_worker
import pytest
from lead_ops import context, main
from lead_ops.embedded import EmbeddedRedis
from redis import Redis

from .conftest import Leads, Queue

Start = Callable[..., "subprocess.Popen[bytes]"]
COMMANDS = ["status", "audit", "pause", "resume", "dead list", f"show {'0' * 32}"]
COMMANDS += ["rate", "rate 120", "log", "unknown list", f"unknown resolve {'0' * 32} --retry"]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_redis_that_is_not_there_is_named(
    leads: Leads, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str
) -> None:
    monkeypatch.setenv("LEADS_REDIS_URL", f"unix://{tmp_path}/none.sock")
    ran = leads(*command.split())
    assert (ran.code, ran.out) == (1, "")
    assert len(ran.err.splitlines()) == 1
    assert f"{tmp_path}/none.sock cannot be reached" in ran.err


def test_a_password_is_never_printed(leads: Leads, monkeypatch: pytest.MonkeyPatch) -> None:
    for url in ("redis://:hunter2@127.0.0.1:1", "redis://:hunter2@host:x", "http://:hunter2@h"):
        monkeypatch.setenv("LEADS_REDIS_URL", url)
        ran = leads("status")
        assert ran.code in (1, 2)
        assert "hunter2" not in ran.out + ran.err
        assert len(ran.err.splitlines()) == 1


def test_a_redis_that_wants_a_password_says_so(
    leads: Leads, monkeypatch: pytest.MonkeyPatch, own_redis: Callable[..., EmbeddedRedis]
) -> None:
    redis = own_redis()
    with Redis.from_url(redis.url) as client:
        client.config_set("requirepass", "hunter2")
    monkeypatch.setenv("LEADS_REDIS_URL", redis.url)
    ran = leads("status")
    assert ran.code == 1
    assert "hunter2" not in ran.err
    assert len(ran.err.splitlines()) == 1


def test_each_wrong_setting_is_a_line(leads: Leads, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADS_NAMESPACE", "a b")
    monkeypatch.setenv("LEADS_REDIS_URLS", "x")
    ran = leads("status")
    assert (ran.code, ran.out) == (2, "")
    assert len(ran.err.splitlines()) == 2


def test_records_of_another_format_are_not_touched(leads: Leads, queue: Queue) -> None:
    queue.store.client.hset(queue.store.keys.meta, "format", "99")
    ran = leads("status")
    assert ran.code == 1
    assert "format '99'" in ran.err


@pytest.mark.parametrize("arguments", [["statsu"], ["--nope"], ["dead", "x"], ["pause", "x"]])
def test_a_mistake_in_the_call_is_one_line(leads: Leads, arguments: list[str]) -> None:
    ran = leads(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert len(ran.err.splitlines()) == 1
    assert " -h" in ran.err


@pytest.mark.parametrize("name", main.COMMANDS)
def test_each_command_has_help(leads: Leads, name: str) -> None:
    if name not in leads("-h").out:
        pytest.skip("not there yet")
    ran = leads(name, "-h")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"Usage: leads {name}")
    assert leads(name, "--help").out == ran.out


def test_without_arguments_there_is_help(leads: Leads) -> None:
    assert leads().out == leads("-h").out
    assert leads().code == 0


def test_a_fault_of_ours_is_one_line_without_its_text(
    leads: Leads, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise KeyError("ana@example.com")

    monkeypatch.setattr(context, "for_command", fail)
    ran = leads("status")
    assert ran.code == 1
    assert "KeyError at test_cli_failures.py:" in ran.err
    assert "ana@example.com" not in ran.err
    assert len(ran.err.splitlines()) == 1


def test_a_pipe_that_is_closed_ends_a_command_in_silence(
    queue: Queue, leads_process: Start
) -> None:
    for _ in range(3):
        queue.die()
    for arguments in (("dead", "list"), ("dead", "list", "--json"), ("status",)):
        with leads_process(*arguments) as process:
            assert process.stdout
            assert process.stderr
            process.stdout.close()
            assert process.stderr.read() == b""
        assert process.returncode == 141


def test_a_stream_that_the_caller_closed_is_no_fault(redis_url: str) -> None:
    status = f"{sys.executable} -m lead_ops.main status"
    script = f"{status} <&-; {status} >&-; {status} 2>&-"
    ran = subprocess.run(
        ["/bin/sh", "-ec", script],
        env=os.environ | {"LEADS_REDIS_URL": redis_url, "LEADS_NAMESPACE": "none"},
        capture_output=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert ran.stdout.count(b"accepted") == 2


def test_the_base_install_says_what_the_command_needs(tmp_path: Path) -> None:
    ours = tmp_path / "site"
    ours.mkdir()
    for package in (lead_ops, lead_worker, lead_producers):
        (ours / package.__name__).symlink_to(Path(str(package.__file__)).parent)
    # -S leaves out all that pip installed, -I what the environment adds.
    program = f"import sys; sys.path.append({str(ours)!r}); from lead_ops.entry import main; main()"
    ran = subprocess.run(
        [sys.executable, "-ISc", program, "status"], capture_output=True, check=False
    )
    said = b"leads: the command needs more packages: pip install 'leads-worker[ops]'\n"
    assert (ran.returncode, ran.stdout, ran.stderr) == (1, b"", said)


def test_a_suggestion_ends_in_one_mark(leads: Leads) -> None:
    ran = leads("dead", "lst")
    assert "?." not in ran.err
    assert ran.err.rstrip().endswith("Try: leads dead -h")


def test_text_on_a_pipe_has_no_colour_and_bytes_that_a_narrow_encoding_can_show(
    queue: Queue, leads_process: Start
) -> None:
    lead_id = queue.put(name="João")
    process = leads_process("show", lead_id, PYTHONIOENCODING="ascii", LC_ALL="C")
    out, err = process.communicate()
    assert (process.returncode, err) == (0, b"")
    assert b"Jo\\xe3o" in out
    assert b"\x1b" not in out


def test_the_queue_of_a_running_up_is_found_from_the_checkout(
    queue: Queue, redis_url: str, namespace: str, tmp_path: Path
) -> None:
    queue.put()
    folder = tmp_path / ".leads"
    folder.mkdir()
    known = {"LEADS_REDIS_URL": redis_url, "LEADS_NAMESPACE": namespace}
    context.write_running(folder, known, sandbox=True)
    below = tmp_path / "ops"
    below.mkdir()
    path = os.pathsep.join(str(Path(each).resolve()) for each in sys.path if each)
    ran = subprocess.run(
        [sys.executable, "-m", "lead_ops.main", "status", "--json"],
        cwd=below,
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert json.loads(ran.stdout)["waiting"] == 1


def test_a_file_of_an_up_that_was_killed_is_explained(
    leads: Leads, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / ".leads"
    folder.mkdir()
    context.write_running(folder, {"LEADS_REDIS_URL": f"unix://{tmp_path}/x"}, sandbox=True)
    monkeypatch.delenv("LEADS_REDIS_URL")
    monkeypatch.chdir(tmp_path)
    ran = leads("status")
    assert ran.code == 1
    assert "is `leads up` still running?" in ran.err
