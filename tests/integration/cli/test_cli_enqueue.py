"""`leads enqueue`: what goes in, what is said of what does not, and that a run can be repeated."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from lead_ops.audit import run_audit
from lead_ops.embedded import EmbeddedRedis
from lead_worker.core.lifecycle import State
from lead_worker.store.reading import Reading

from .conftest import Leads, Queue

Start = Callable[..., "subprocess.Popen[bytes]"]
BAD = b'{"name":"Ana"}\nSECRET\n\n{"name":"Eva","custom":{"score":1e999}}\n{"name":"Ida"}\n'


def raws(queue: Queue) -> list[object]:
    """The raw leads that wait, in the order in which they were enqueued."""
    reading, client = Reading(queue.store), queue.store.client
    ids = client.zrange(queue.store.keys.due("live"), 0, -1)
    ids += client.zrange(queue.store.keys.due("bulk"), 0, -1)
    sights = [reading.sight(lead_id.decode()) for lead_id in ids]
    return [json.loads(sight.raw) for sight in sights if sight and sight.raw]


def test_each_format_gives_the_same_leads(leads: Leads, queue: Queue, tmp_path: Path) -> None:
    expected = [{"name": "João", "utm": {"source": "google"}}, {"name": "Eva"}]
    contents = {
        "a.jsonl": "".join(f"{json.dumps(lead)}\n" for lead in expected),
        "b.json": json.dumps(expected, indent=2, ensure_ascii=False),
        "c.csv": "\ufeffname;utm.source\r\nJoão;google\r\nEva;\r\n",
    }
    for name, content in contents.items():
        (tmp_path / name).write_text(content, encoding="utf-8", newline="")
        ran = leads("enqueue", tmp_path / name)
        assert (ran.code, ran.err) == (0, "")
        assert ran.out == "2 leads accepted, 0 duplicates, 0 refused\n"
    assert raws(queue) == expected * 3
    assert queue.store.counts().waiting_bulk == 6
    assert run_audit(queue.store).ok


def test_a_bad_line_is_reported_by_number_without_its_content_and_stops_no_other(
    leads: Leads, queue: Queue, tmp_path: Path
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(BAD)
    ran = leads("enqueue", path)
    assert ran.code == 1
    assert [line.partition(":")[0] for line in ran.err.splitlines()] == ["line 2", "line 4"]
    assert "SECRET" not in ran.out + ran.err
    assert ran.out.startswith("2 leads accepted, 0 duplicates, 2 refused\n")
    assert raws(queue) == [{"name": "Ana"}, {"name": "Ida"}]


def test_the_summary_has_stable_keys(leads: Leads, tmp_path: Path, namespace: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(BAD)
    summary = json.loads(leads("enqueue", path, "--json").out)
    assert [(bad["line"], bad["record"]) for bad in summary.pop("refusals")] == [(2, 2), (4, 3)]
    assert summary == {
        "namespace": namespace,
        "accepted": 2,
        "duplicates": 0,
        "refused": 2,
        "complete": True,
        "up_to_line": 5,
    }


def test_a_lead_that_the_producer_refuses_is_reported_like_a_bad_line(
    leads: Leads, tmp_path: Path
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"name":"Ana"}\n' + json.dumps({"name": "x" * 300_000}) + "\n")
    ran = leads("enqueue", path)
    assert ran.code == 1
    assert ran.err == "line 2: expected at most 262144 bytes of JSON, found 300011\n"


def test_the_same_file_is_enqueued_once_unless_asked_for_again(
    leads: Leads, queue: Queue, tmp_path: Path
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"name":"Ana"}\n{"name":"Ana"}\n')
    assert leads("enqueue", path).out == "2 leads accepted, 0 duplicates, 0 refused\n"
    ran = leads("enqueue", path)
    assert ran.code == 0
    assert ran.out == (
        "0 leads accepted, 2 duplicates, 0 refused\n"
        "2 were enqueued by an earlier run of the same file; --again enqueues them anyway\n"
    )
    assert leads("enqueue", path, "--again").out.startswith("2 leads accepted")
    assert queue.store.counts().accepted == 4


def test_a_key_of_the_leads_own_is_the_key_that_an_app_would_use(
    leads: Leads, queue: Queue, tmp_path: Path
) -> None:
    queue.producer.enqueue({"name": "Ana"}, key="77")
    path = tmp_path / "a.jsonl"
    path.write_text('{"custom":{"order":77}}\n{"custom":{"order":"78"}}\n{"custom":{}}\n')
    ran = leads("enqueue", path, "--key", "custom.order")
    assert ran.code == 1
    assert ran.out.startswith("1 lead accepted, 1 duplicate, 1 refused\n1 had a key")
    assert ran.err.startswith("line 3: custom.order: expected a key")


def test_lane_and_source_are_on_the_record(leads: Leads, queue: Queue, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"name":"Ana"}')
    assert leads("enqueue", path, "--lane", "live", "--source", "feira").code == 0
    (lead_id,) = queue.store.client.zrange(queue.store.keys.due("live"), 0, -1)
    sight = Reading(queue.store).sight(lead_id.decode())
    assert sight
    assert (sight.state, sight.fields["source"]) == (State.WAITING, "feira")


@pytest.mark.parametrize(
    "arguments",
    [
        ("missing.jsonl",),
        ("no\x1b[2Jfile",),
        (".",),
        (),
        ("-", "--key", "a", "--again"),
        ("-", "--source", "x" * 101),
        ("-", "--lane", "fast"),
        ("-", "--format", "xml"),
    ],
)
def test_a_mistake_of_the_caller_is_one_line_and_code_2(
    leads: Leads, arguments: tuple[str, ...]
) -> None:
    ran = leads("enqueue", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert len(ran.err.splitlines()) == 1
    assert ran.err.rstrip("\n").isprintable()


def test_a_csv_without_a_header_is_refused_before_anything_is_enqueued(
    leads: Leads, queue: Queue, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Ana,ana@example.com\nEva,eva@example.com\n")
    ran = leads("enqueue", path)
    assert ran.code == 2
    assert "ana@example.com" not in ran.err
    assert queue.store.counts().accepted == 0


def test_standard_input_is_taken_as_it_comes_and_has_no_key(
    leads_process: Start, queue: Queue
) -> None:
    for _ in range(2):
        out, err = leads_process("enqueue", "-").communicate(b'{"name":"Ana"}\n{"name":"Eva"}\n')
        assert (out, err) == (b"2 leads accepted, 0 duplicates, 0 refused\n", b"")
    assert queue.store.counts().accepted == 4


def test_standard_input_has_no_key_even_where_it_is_a_file(
    leads: Leads, queue: Queue, tmp_path: Path
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"name":"Ana"}\n')
    before = os.dup(0)
    try:
        for _ in range(2):
            with path.open("rb") as file:
                os.dup2(file.fileno(), 0)
            assert leads("enqueue", "-").code == 0
    finally:
        os.dup2(before, 0)
        os.close(before)
    assert queue.store.counts().accepted == 2


def test_what_a_pipe_has_given_is_enqueued_while_the_pipe_is_open(
    leads_process: Start, queue: Queue
) -> None:
    process = leads_process("enqueue", "-")
    assert process.stdin
    process.stdin.write(b'{"name":"Ana"}\n')
    process.stdin.flush()
    wait_for(lambda: queue.store.counts().accepted == 1)
    process.communicate()
    assert process.returncode == 0


def test_ctrl_c_says_how_far_it_got(leads_process: Start, queue: Queue) -> None:
    process = leads_process("enqueue", "-", "--key", "name")
    assert process.stdin
    process.stdin.write(b'{"name":"Ana"}\n{"name":"Eva"}\n')
    process.stdin.flush()
    wait_for(lambda: queue.store.counts().accepted == 2)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert process.returncode == 130
    # Redis may have taken them a moment before the command knew.
    known = int(out.split()[0])
    assert known in (0, 2)
    assert "run the same command again: nothing is enqueued twice" in err.decode()
    assert known == 0 or "all up to line 2 is done" in err.decode()


def test_a_run_that_loses_redis_half_way_says_what_is_in_and_can_be_repeated(
    leads_process: Start,
    own_redis: Callable[..., EmbeddedRedis],
    namespace: str,
    tmp_path: Path,
) -> None:
    redis, path = own_redis(), tmp_path / "a.jsonl"
    path.write_text("".join(f'{{"name":"Lead {number}"}}\n' for number in range(20_000)))
    queue = Queue(redis.url, namespace)
    process = leads_process("enqueue", path, "--json", LEADS_REDIS_URL=redis.url)
    wait_for(lambda: queue.store.counts().accepted > 0)
    redis.kill()
    out, err = process.communicate()
    summary = json.loads(out)
    assert process.returncode == 1
    assert (summary["complete"], summary["refused"]) == (False, 0)
    assert 0 < summary["accepted"] == summary["up_to_line"] < 20_000
    assert len(err.splitlines()) == 2
    assert b"run the same command again: nothing is enqueued twice" in err
    redis.start()
    again = leads_process("enqueue", path, "--json", LEADS_REDIS_URL=redis.url)
    summary = json.loads(again.communicate()[0])
    assert summary["accepted"] + summary["duplicates"] == 20_000
    assert queue.store.counts().accepted == 20_000
    assert run_audit(queue.store).ok
    queue.producer.close()
    queue.store.client.close()


def test_what_is_said_of_a_pipe_agrees_with_what_redis_did(
    leads_process: Start, own_redis: Callable[..., EmbeddedRedis], namespace: str
) -> None:
    redis = own_redis()
    queue = Queue(redis.url, namespace)
    process = leads_process("enqueue", "-", LEADS_REDIS_URL=redis.url)
    assert process.stdin
    process.stdin.write(b'{"name":"Ana"}\n')
    process.stdin.flush()
    wait_for(lambda: queue.store.counts().accepted == 1)
    redis.kill()
    _, err = process.communicate(b'{"name":"Eva"}\n')
    assert process.returncode == 1
    error, stopped = err.decode().splitlines()
    unsure = "may be in the queue as well" in stopped
    assert ("(not enqueued)" in error) is not unsure
    assert unsure or "nothing after that is in the queue" in stopped
    queue.producer.close()
    queue.store.client.close()


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait for a condition, with a limit that means that this hangs."""
    give_up_at = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < give_up_at, "waited 30 s for a condition"
        time.sleep(0.005)
