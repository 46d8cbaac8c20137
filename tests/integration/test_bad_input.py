"""Bad input by the thousand, through a real worker: delivered as the corpora say, or refused so.

One run hands every case of `tests/corpora` over in each way; each test looks at what came of it.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from lead_ops.embedded import EmbeddedRedis
from lead_ops.embedded.programs import Server
from lead_ops.sandbox import SandboxServer

from tests.corpora.cases import Corpus
from tests.corpora.classes import CLASSES, corpora
from tests.corpora.handing import NODE, Handing
from tests.corpora.outcomes import Dead, Delivered
from tests.corpora.settling import Result, results, texts
from tests.corpora.table import table
from tests.integration.fleet import ONE_REDIS, Fleet
from tests.integration.log_lines import readable
from tests.integration.node_client import NodeProcess

README = Path(__file__).parents[2] / "README.md"
NAMESPACE = "corpora"
SAID_BY_CHANCE = 12
"""Characters; a shorter value of a lead may be in a log as a word of its own."""

pytestmark = ONE_REDIS
each_class = pytest.mark.parametrize("title", CLASSES)


@dataclass(frozen=True, slots=True, repr=False)
class Run:
    """What is left of the run.

    Attributes:
        accepted: leads by the title of their class, as they were answered for.
        posts: how many leads were sent.
        log: of the worker.
        said: by the command.
    """

    corpora: tuple[Corpus, ...]
    results: list[Result]
    trouble: list[str]
    accepted: Counter[str]
    posts: int
    log: str
    said: str

    def of(self, title: str) -> list[Result]:
        return [result for result in self.results if result.corpus.title == title]


@pytest.fixture(scope="module")
def run(server_program: Server, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Hand everything over while a worker is at work, and wait until all of it is settled."""
    folder = tmp_path_factory.mktemp("corpora")
    server = EmbeddedRedis(folder / "redis", server_program.path, options={"appendonly": "no"})
    with ExitStack() as stack:
        redis = stack.enter_context(server)
        sandbox = stack.enter_context(SandboxServer())
        fleet = Fleet(redis.url, NAMESPACE, sandbox, folder)
        stack.callback(fleet.close)
        whole = corpora()
        worker = fleet.spawn_worker()
        handing = hand_over(fleet, folder, whole, stack)
        fleet.wait_settled(handing.accepted.total())
        worker.signal(signal.SIGTERM)
        worker.wait()
        fleet.assert_audit_is_green()
        found = results(fleet, sandbox, handing)
        posts = sum(arrival.method == "POST" for arrival in sandbox.journal)
        log = worker.log
        return Run(whole, found, handing.trouble, handing.accepted, posts, log, handing.said)


def hand_over(fleet: Fleet, folder: Path, whole: tuple[Corpus, ...], stack: ExitStack) -> Handing:
    environ = {"LEADS_REDIS_URL": fleet.redis_url, "LEADS_NAMESPACE": NAMESPACE}
    handing = Handing(fleet.producer, folder, environ)
    has_node = shutil.which("node") or os.environ.get("CI")
    node = stack.enter_context(NodeProcess()) if has_node else None
    for corpus in whole:
        handing.to_producer(corpus)
        handing.to_command(corpus)
        if node:
            handing.to_node(corpus, node.producer(fleet.redis_url, NAMESPACE))
    return handing


@each_class
def test_each_case_is_stored_to_the_byte_and_sent_in_its_golden_form_or_refused_as_it_says(
    run: Run, title: str
) -> None:
    assert [problem for result in run.of(title) for problem in result.problems][:10] == []


@each_class
def test_what_was_accepted_is_delivered_or_dead(run: Run, title: str) -> None:
    settled = [result for result in run.of(title) if isinstance(result.seen, Delivered | Dead)]
    assert run.accepted[title] == len(settled) > 0


def test_nothing_was_stored_or_refused_that_no_case_speaks_of(run: Run) -> None:
    assert run.trouble == []


def test_each_delivered_lead_was_sent_once_and_no_other_at_all(run: Run) -> None:
    assert run.posts == sum(isinstance(result.seen, Delivered) for result in run.results)


def test_the_client_in_node_is_held_to_the_same_cases(run: Run) -> None:
    in_node = [result for result in run.results if result.way == NODE]
    if not in_node and not os.environ.get("CI"):
        pytest.skip("no Node on this machine: install nodejs")
    assert len(in_node) == sum(len(corpus.node) for corpus in run.corpora) > 500


def test_neither_the_worker_nor_the_command_fails_or_tells_a_value(run: Run) -> None:
    told = readable(run.log) + run.said
    assert "Traceback" not in told
    cases = (case for corpus in run.corpora for case in corpus.leads)
    values = {value for case in cases for value in texts(case.lead)}
    assert [v for v in values if len(v) >= SAID_BY_CHANCE and v in told] == []


def test_the_readme_has_the_counts_as_they_are(run: Run) -> None:
    counted = table(run.corpora, run.results)
    assert counted in README.read_text(encoding="utf-8"), f"put this into README.md:\n{counted}"
