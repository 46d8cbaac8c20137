"""Hands every case over in each way that there is: producer, command, client in Node.

It owns what was said of each: a receipt, or a refusal. What became of a lead that was stored is
`settling`'s.
"""

from __future__ import annotations

import io
import json
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from lead_ops import main
from lead_producers import BadLead, LeadProducer, Receipt

from tests.integration.node_client import NodeError, NodeProducer

from .cases import Case, Corpus, Sheet

PRODUCER = "producer"
NODE = "Node"


@dataclass(slots=True, repr=False)
class Handed:
    """One case, handed over in one way.

    Attributes:
        way: `PRODUCER`, `NODE`, or the name of the file that the case was in.
        lead_id: of the receipt; "" where there was none.
        told: the refusal; "" where there was none.
    """

    corpus: Corpus
    way: str
    case: Case
    lead_id: str = ""
    told: str = ""


@dataclass(slots=True, repr=False)
class Handing:
    """All that is handed over in one run.

    Attributes:
        environ: of the command.
        sheets: each file's label, which its leads have as their source, and its cases.
        accepted: leads that are in the queue by what was answered, by the title of their class.
        trouble: what no case expects.
        said: all that the command printed.
    """

    producer: LeadProducer
    folder: Path
    environ: dict[str, str]
    handed: list[Handed] = field(default_factory=list)
    sheets: dict[str, list[Handed]] = field(default_factory=dict)
    accepted: Counter[str] = field(default_factory=Counter)
    trouble: list[str] = field(default_factory=list)
    said: str = ""

    def to_producer(self, corpus: Corpus) -> None:
        """Hand leads to the producer in Python, in bulk."""
        handed = [Handed(corpus, PRODUCER, case) for case in corpus.leads]

        def receive(index: int, receipt: Receipt) -> None:
            handed[index].lead_id = receipt.lead_id

        def refuse(index: int, error: BadLead) -> None:
            handed[index].told = str(error)

        leads = (case.lead for case in corpus.leads)
        summary = self.producer.enqueue_many(leads, on_receipt=receive, on_refused=refuse)
        self.accepted[corpus.title] += summary.accepted
        self.handed += handed

    def to_node(self, corpus: Corpus, node: NodeProducer) -> None:
        """Hand leads to the producer in Node, one by one."""
        for case in corpus.node:
            handed = Handed(corpus, NODE, case)
            try:
                handed.lead_id, _ = node.enqueue(case.lead, lane="bulk")
            except NodeError as error:
                handed.told = str(error)
            else:
                self.accepted[corpus.title] += 1
            self.handed.append(handed)

    def to_command(self, corpus: Corpus) -> None:
        """Have each file enqueued by the command."""
        for number, sheet in enumerate(corpus.sheets):
            label = f"{corpus.title} {number}"
            handed = [Handed(corpus, sheet.name, case) for case in sheet.cases]
            self.sheets[label] = handed
            self.handed += handed
            self._enqueue(corpus, sheet, label)

    def _enqueue(self, corpus: Corpus, sheet: Sheet, label: str) -> None:
        path = self.folder / label / sheet.name
        path.parent.mkdir()
        path.write_bytes(sheet.content)
        code, out, err = self._run("enqueue", str(path), "--source", label, *sheet.arguments)
        path.unlink()
        if out:
            summary = json.loads(out)
            self.accepted[corpus.title] += summary["accepted"]
            told = _refusals(summary)
            as_it_should_be = summary["refused"] == len(told) and not summary["duplicates"]
        else:
            told = [err.removeprefix("leads: ").strip().replace(str(path), "FILE")]
            as_it_should_be = True
        if not as_it_should_be or code != (2 if sheet.refused_whole else int(bool(told))):
            self.trouble.append(f"{label}: exit code {code}, {out}{err}")
        self._assign(label, told)

    def _assign(self, label: str, told: list[str]) -> None:
        """Give each refusal to the case that expects one: both are in the file's order."""
        refused = [handed for handed in self.sheets[label] if handed.case.raw is None]
        for handed, message in zip(refused, told, strict=False):
            handed.told = message
        self.trouble += [f"{label}: refused as well: {message}" for message in told[len(refused) :]]

    def _run(self, *arguments: str) -> tuple[int, str, str]:
        """Run the command in this process; gives its exit code and what it printed."""
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            for name, value in self.environ.items():
                patch.setenv(name, value)
            code = main.run([*arguments, "--json"])
        self.said += out.getvalue() + err.getvalue()
        return code, out.getvalue(), err.getvalue()


def _refusals(summary: dict[str, Any]) -> list[str]:
    """Messages in the file's order: what the producer refuses comes behind what the reader does."""
    found = sorted(summary["refusals"], key=lambda refusal: refusal["record"])
    return [refusal["message"] for refusal in found]
