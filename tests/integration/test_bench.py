"""The benchmark runs, sees each lead arrive, and leaves nothing behind. It judges no figure."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from bench.api import StandInApi
from bench.contenders import contenders
from bench.leads import chunks, lead_of, stamped
from bench.measuring import each_once
from bench.places import BULLMQ, HERE, OPS, REQUIREMENTS, BenchError, stand_in_command
from lead_worker.core.classify import classify
from lead_worker.core.outcome import Delivered
from lead_worker.core.reply import Answered

BENCH = (sys.executable, "-P", "-m", "bench")
PARTS = ("deliver", "enqueue", "arrive", "memory")
STAND_INS: dict[str, Callable[[], list[str]]] = {
    "compiled": stand_in_command,
    "python": lambda: [sys.executable, str(HERE / "stand_in.py"), "0"],
}


@contextmanager
def stand_in(command: list[str]) -> Iterator[http.client.HTTPConnection]:
    """A connection to a stand-in, which lives for as long as the block."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        line = process.stdout.readline()
        connection = http.client.HTTPConnection("127.0.0.1", int(line), timeout=30)
        try:
            yield connection
        finally:
            connection.close()
            process.kill()


def ask(connection: http.client.HTTPConnection, method: str, path: str, body: str = "") -> Answered:
    connection.request(method, path, body)
    answer = connection.getresponse()
    assert answer.getheader("Content-Type") == "application/json"
    return Answered(answer.status, answer.read(), None, None)


def until(condition: Callable[[], bool]) -> None:
    ends_at = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < ends_at, "this does not happen any more"
        time.sleep(0.02)


def marked(mark: str) -> set[int]:
    """The processes that have this in their environment."""
    found = set()
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                environ = (folder / "environ").read_bytes()
            except OSError:  # it has ended, or is another user's
                continue
            if mark.encode() in environ:
                found.add(int(folder.name))
    return found


def test_a_small_run_measures_each_part_and_loses_no_lead(tmp_path: Path) -> None:
    told = tmp_path / "figures.json"
    words = ("--smoke", "--only", "ours", "--parts", *PARTS, "--json", str(told))
    run = subprocess.run([*BENCH, *words], capture_output=True, text=True, check=False, timeout=300)
    assert run.returncode == 0, run.stdout + run.stderr
    found = json.loads(told.read_text(encoding="utf-8"))
    assert found["failures"] == []
    values = found["figures"]["ours"]
    assert {"deliver 2p 0ms bound", "enqueue single", "enqueue bulk"} <= values.keys()
    assert {"arrive p50", "arrive p99", "redis bytes", "cpu 2p 0ms bound"} <= values.keys()
    assert all(value >= 0 for each in values.values() for value in each)
    assert values["deliver 2p 0ms bound"][0] > 0
    assert found["bars"] == []
    assert "reached" not in run.stdout
    assert "MISSED" not in run.stdout
    assert max(map(len, run.stdout.splitlines())) <= 80


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_all_that_was_started_and_loses_no_figure(
    number: signal.Signals, tmp_path: Path
) -> None:
    mark, file = uuid4().hex, tmp_path / "figures.json"
    parts = ("--parts", "enqueue", "arrive")
    process = subprocess.Popen(
        [*BENCH, "--smoke", "--only", "ours", *parts, "--json", str(file)],
        env=os.environ | {"BENCH_MARK": mark},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr
        while "arrive" not in process.stderr.readline():
            assert process.poll() is None
        until(lambda: len(marked(mark)) > 3)  # itself, the stand-in, Redis and a producer or worker
        process.send_signal(number)
        told, said = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130, said
    assert "everything that was started has ended" in said
    assert marked(mark) == set()
    found = json.loads(file.read_text(encoding="utf-8"))
    assert found["figures"]["ours"].keys() == {"enqueue single", "enqueue bulk"}
    assert "interrupted" in found["about"]
    assert "single/s" in told
    assert "interrupted: yes" in told


@pytest.mark.parametrize(
    "words",
    [
        ("--only", "nobody"),
        ("--parts", "nothing"),
        ("--quick", "--smoke"),
        ("--json", "/nowhere/figures.json"),
        ("--json", "/proc/figures.json"),
        ("--json", "/"),
        ("--plot", "figures.jpg"),
    ],
)
def test_a_bad_argument_is_told_in_one_line(words: tuple[str, ...]) -> None:
    run = subprocess.run([*BENCH, *words], capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode == 2
    assert run.stderr.startswith("ops/bench/run: argument --")
    assert run.stderr.count("\n") == 1
    assert run.stdout == ""


@pytest.mark.parametrize("kind", STAND_INS)
def test_a_stand_in_answers_what_the_worker_takes_for_delivered(kind: str) -> None:
    sent = stamped(7, time.time_ns())
    with stand_in(STAND_INS[kind]()) as api:
        ask(api, "POST", "/control?latency_ms=1")
        outcomes = [
            classify(
                ask(api, "POST", "/rest/leads", json.dumps(lead)),
                lead,
                now_at=0.0,
                retry_after_cap_seconds=1.0,
            )
            for lead in (sent, lead_of(8))
        ]
        assert all(isinstance(outcome, Delivered) for outcome in outcomes)
        assert outcomes[0] != outcomes[1]
        ask(api, "POST", "/rest/leads", json.dumps(sent))
        seen = json.loads(ask(api, "GET", "/seen").body)
        assert (seen["seen"], seen["distinct"]) == (3, 2)
        assert len(ask(api, "GET", "/times").body.split()) == 2
        ask(api, "POST", "/control?latency_ms=0")
        seen = json.loads(ask(api, "GET", "/seen").body)
        assert (seen["seen"], seen["distinct"]) == (0, 0)


@pytest.mark.parametrize("kind", STAND_INS)
@pytest.mark.parametrize("numbers", [(0, 1, 1), (0, 1), (0, 1, 2, 2), (7, 7, 7)])
def test_a_lead_that_is_lost_or_came_twice_is_told(
    kind: str, numbers: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.api.stand_in_command", STAND_INS[kind])
    with StandInApi() as api:
        deliver(api, 999_999, 0, 50_000)
        each_once(api, 3)
        api.begin()
        deliver(api, *numbers)
        with pytest.raises(BenchError, match="expected 3 leads to arrive, each once"):
            each_once(api, 3)


def deliver(api: StandInApi, *numbers: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=30)
    with closing(connection):
        for number in numbers:
            ask(connection, "POST", "/rest/leads", json.dumps(lead_of(number)))


def test_a_stand_in_that_does_not_start_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bench.api.stand_in_command", lambda: ["/bin/false"])
    with pytest.raises(BenchError, match="expected the stand-in API to tell its port"):
        StandInApi()


def test_bullmq_is_left_out_where_npm_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, words in (("node", "exit 0"), ("npm", "echo no network >&2; exit 1")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{words}\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr("bench.places.CACHE", tmp_path / "cache")
    assert [each.name for each in contenders(("ours", "bullmq"))] == ["ours"]
    told = capsys.readouterr().err.splitlines()
    assert told[-1].startswith("bullmq is left out: expected npm ci")
    assert told[-1].endswith("no network")


def test_each_lead_has_250_bytes_and_is_unlike_the_others() -> None:
    leads = [json.dumps(lead_of(each), separators=(",", ":")) for each in (0, 1, 999_999)]
    assert {len(lead) for lead in leads} == {250}
    assert len(set(leads)) == 3
    assert [len(chunk) for chunk in chunks(iter([lead_of(0)] * 2500))] == [1000, 1000, 500]


def test_the_peers_are_pinned_without_an_index_and_share_versions_with_the_project() -> None:
    pins = re.compile(r"^([a-z0-9._-]+)==([^ ]+)", re.MULTILINE)
    text = REQUIREMENTS.read_text(encoding="utf-8")
    theirs = dict(pins.findall(text))
    ours = dict(pins.findall((OPS / "lock" / "runtime.txt").read_text(encoding="utf-8")))
    shared = {"celery", "kombu", "redis", "hiredis", "requests", "urllib3"}
    assert {name: theirs[name] for name in shared} == {name: ours[name] for name in shared}
    assert "://" not in text
    lock = json.loads((BULLMQ / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: each for name, each in lock["packages"].items() if name}
    assert all("integrity" in each and "resolved" not in each for each in packages.values())
    wanted = json.loads((BULLMQ / "package.json").read_text(encoding="utf-8"))["dependencies"]
    assert wanted == {name: packages[f"node_modules/{name}"]["version"] for name in wanted}
