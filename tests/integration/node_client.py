"""The client in Node, as a test uses it: one process that enqueues what it is told to.

It owns the process. A request and its answer are a line of JSON each; what a test hands over as a
lead reaches `LeadProducer` as JSON.parse gives it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

FOLDER = Path(__file__).parents[2] / "producers" / "node"
HANGS_SECONDS = 60.0

_DRIVER = """
import { createInterface } from "node:readline";
import { LeadProducer } from "./lead-producer.mjs";
import { Wire } from "./wire.mjs";

const producers = new Map();

function producerFor(made) {
  const name = JSON.stringify(made);
  if (!producers.has(name)) {
    const { url, namespace, timeoutMs } = made;
    const wire = new Wire(url, { timeoutMs });
    const options = { namespace, timeoutMs, where: wire.where };
    producers.set(name, new LeadProducer(wire.send, options));
  }
  return producers.get(name);
}

async function many(producer, count, options) {
  const [keys, receipts] = [options.keys, []];
  let most = 0;
  async function* leads() {
    for (let n = 0; n < count; n += 1) {
      most = Math.max(most, n - receipts.length);
      yield { n };
    }
  }
  const summary = await producer.enqueueMany(leads(), {
    ...options,
    key: keys && ((index) => `k${index % keys}`),
    onReceipt: (index, receipt) => (receipts[index] = receipt.leadId),
  });
  return { ...summary, receipts, most };
}

async function carryOut({ made, lead, leads, count, options }) {
  const producer = producerFor(made);
  if (count !== undefined) return many(producer, count, options);
  if (!leads) return producer.enqueue(lead, options);
  return Promise.all(leads.map((one) => producer.enqueue(one, options)));
}

for await (const line of createInterface({ input: process.stdin })) {
  const answer = await carryOut(JSON.parse(line)).then(
    (ok) => ({ ok }),
    ({ name, message, path, maybeEnqueued }) => ({ error: { name, message, path, maybeEnqueued } }),
  );
  process.stdout.write(`${JSON.stringify(answer)}\\n`);
}
"""


class NodeError(Exception):
    """What `LeadProducer` threw in Node.

    Attributes:
        name: of its class.
        path: as `BadLead` has it, else None.
        maybe_enqueued: as `NotEnqueued` has it, else None.
    """

    def __init__(self, error: Mapping[str, Any]) -> None:
        super().__init__(error["message"])
        self.name = error["name"]
        self.path = error.get("path")
        self.maybe_enqueued = error.get("maybeEnqueued")


def find_node() -> str:
    """The program; where there is none the test is skipped, but under CI it fails."""
    node = shutil.which("node")
    if node:
        return node
    if os.environ.get("CI"):
        pytest.fail("expected Node under CI, found none: install nodejs")
    pytest.skip("no Node on this machine: install nodejs")


def run_node(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a program of the client's folder to its end."""
    clean = {name: text for name, text in os.environ.items() if not name.startswith("NODE_")}
    return subprocess.run(
        [find_node(), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=2 * HANGS_SECONDS,
        cwd=FOLDER,
        env=clean | variables,
    )


class NodeProcess:
    """One process of Node, with a producer for each address that it is told of."""

    def __init__(self) -> None:
        command = [find_node(), "--input-type=module", "--eval", _DRIVER]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=FOLDER
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.communicate(timeout=HANGS_SECONDS)

    def producer(
        self, url: str, namespace: str = "leads", timeout_seconds: float = 10.0
    ) -> NodeProducer:
        """What enqueues there; made once for each that is asked for."""
        made = {"url": url, "namespace": namespace, "timeoutMs": timeout_seconds * 1000}
        return NodeProducer(self, made)

    def ask(self, **request: Any) -> Any:
        """Have something done; gives what came of it.

        Raises:
            NodeError: it threw an error.
        """
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if "error" in answer:
            raise NodeError(answer["error"])
        return answer["ok"]


class NodeProducer:
    """`LeadProducer` of Node, at one address. Options are written as in JavaScript."""

    def __init__(self, process: NodeProcess, made: Mapping[str, Any]) -> None:
        self._process = process
        self._made = made

    def enqueue(self, lead: Any, **options: Any) -> tuple[str, bool]:
        """Enqueue one lead; gives its id, and whether it is a duplicate."""
        receipt = self._process.ask(made=self._made, lead=lead, options=options)
        return receipt["leadId"], receipt["duplicate"]

    def enqueue_at_once(self, leads: list[Any]) -> list[str]:
        """Enqueue leads one by one, none waiting for another; gives their ids."""
        receipts = self._process.ask(made=self._made, leads=leads, options={})
        return [receipt["leadId"] for receipt in receipts]

    def enqueue_many(self, count: int, **options: Any) -> dict[str, Any]:
        """Enqueue `{"n": 0}`, `{"n": 1}` and so on in bulk; gives the summary.

        With it come `receipts`, an id for each, and `most`, the leads that were read and not
        confirmed at one time. With `keys` the leads have so many idempotency keys, in turn.
        """
        result: dict[str, Any] = self._process.ask(made=self._made, count=count, options=options)
        return result
