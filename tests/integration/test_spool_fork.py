"""A spool on both sides of a fork: SQLite's locks are not a child's, so no open file may be."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from lead_producers import LeadProducer

from tests.integration.fleet import wait_until
from tests.integration.spool_sight import NOWHERE, leads_in, wait_threads_end

pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    return tmp_path / "spool.db"


@pytest.fixture
def producer(spool: Path) -> Iterator[LeadProducer]:
    with closing(LeadProducer.from_url(NOWHERE, spool=spool)) as producer:
        yield producer
    wait_threads_end()


class Child:
    """What runs in a child, in steps: after each it waits until it may go on, and then for ever."""

    def __init__(self, *steps: Callable[[], object]) -> None:
        done, self._done = os.pipe()
        self._go_on, go_on = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:  # pragma: no cover - it is killed
            try:
                for step in steps:
                    step()
                    os.write(self._done, b".")
                    os.read(self._go_on, 1)
                threading.Event().wait(60)
            finally:
                os._exit(1)
        os.close(self._done)
        os.close(self._go_on)
        self._reads, self._writes = done, go_on

    def wait_step(self) -> None:
        assert os.read(self._reads, 1) == b"."

    def go_on(self) -> None:
        os.write(self._writes, b".")

    def kill(self) -> None:
        os.kill(self.pid, 9)
        os.waitpid(self.pid, 0)
        os.close(self._reads)
        os.close(self._writes)


def test_leads_that_a_child_spools_outlive_both_though_its_parent_closes_the_file(
    spool: Path, producer: LeadProducer
) -> None:
    """Were the file open across the fork, the parent would take the child's log of changes away."""
    producer.enqueue({"by": "parent"})
    child = Child(
        lambda: producer.enqueue({"by": "child", "n": 0}),
        lambda: [producer.enqueue({"by": "child", "n": n}) for n in range(1, 20)],
    )
    child.wait_step()
    producer.close()
    child.go_on()
    child.wait_step()
    child.kill()
    expected = [{"by": "parent"}, *({"by": "child", "n": n} for n in range(20))]
    assert leads_in(spool) == expected
    assert producer.enqueue({"by": "parent", "n": 1}).spooled


def test_processes_may_fork_while_threads_are_at_the_spool(
    spool: Path, producer: LeadProducer
) -> None:
    over = threading.Event()
    counts = [0] * 4

    def work(thread: int) -> None:
        while not over.is_set():
            producer.enqueue({"by": thread, "n": counts[thread]})
            counts[thread] += 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    try:
        for number in range(10):
            before = sum(counts)
            child = Child(partial(producer.enqueue, {"by": "child", "n": number}))
            child.wait_step()
            wait_until(partial(lambda before: sum(counts) > before, before))
            child.kill()
    finally:
        over.set()
        for thread in threads:
            thread.join()
    found = {(lead["by"], lead["n"]) for lead in leads_in(spool)}
    assert found == {("child", n) for n in range(10)} | {
        (thread, n) for thread in range(4) for n in range(counts[thread])
    }


PROGRAM = """
import os, sys
from lead_producers import LeadProducer

producer = LeadProducer.from_url(sys.argv[1], spool=sys.argv[2])
producer.enqueue({"by": "parent", "n": 0})
child = os.fork()
for n in range(1, 10):
    producer.enqueue({"by": "parent" if child else "child", "n": n})
if child:
    assert os.waitpid(child, 0)[1] == 0
    producer.enqueue({"by": "parent", "n": 10})
"""


def test_a_child_that_ends_in_order_leaves_the_spool_whole(spool: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, NOWHERE, spool],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert "Traceback" not in run.stderr
    found = sorted((lead["by"], lead["n"]) for lead in leads_in(spool))
    assert found == [("child", n) for n in range(1, 10)] + [("parent", n) for n in range(11)]
