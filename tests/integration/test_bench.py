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
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from bench.leads import chunks, lead_of, stamped
from bench.places import BULLMQ, HERE, OPS, REQUIREMENTS, stand_in_command
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
    assert {"deliver 1p 0ms bound", "enqueue single", "enqueue bulk"} <= values.keys()
    assert {"arrive p50", "arrive p99", "redis bytes", "cpu 1p 0ms bound"} <= values.keys()
    assert all(value >= 0 for each in values.values() for value in each)
    assert values["deliver 1p 0ms bound"][0] > 0
    assert len(found["bars"]) == 3
    assert max(map(len, run.stdout.splitlines()[-12:])) <= 80


def test_ctrl_c_ends_all_that_was_started() -> None:
    mark = uuid4().hex
    process = subprocess.Popen(
        [*BENCH, "--smoke", "--only", "ours"],
        env=os.environ | {"BENCH_MARK": mark},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        until(lambda: len(marked(mark)) > 3)  # itself, the stand-in, Redis and a producer or worker
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130, said
    assert "everything that was started has ended" in said
    assert marked(mark) == set()


@pytest.mark.parametrize(
    "words",
    [
        ("--only", "nobody"),
        ("--parts", "nothing"),
        ("--quick", "--smoke"),
        ("--json", "/nowhere/figures.json"),
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
        assert json.loads(ask(api, "GET", "/seen").body)["seen"] == 2
        assert len(ask(api, "GET", "/times").body.split()) == 1
        ask(api, "POST", "/control?latency_ms=0")
        assert json.loads(ask(api, "GET", "/seen").body)["seen"] == 0


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
