"""What a backend app loads when it imports the producer, and what it is told of its types."""

from __future__ import annotations

import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = {
    "celery",
    "click",
    "email_validator",
    "kombu",
    "lead_ops",
    "lead_worker",
    "marshmallow",
    "phonenumbers",
    "prometheus_client",
    "requests",
    "rich",
    "sentry_sdk",
    "urllib3",
}
USER_PROGRAM = """
from datetime import date
from lead_producers import BadLead, LeadProducer, QueueUnavailable, Receipt, Summary

def main(producer: LeadProducer) -> tuple[str, int]:
    receipt: Receipt = producer.enqueue({"name": "Ana", "born": date(2000, 1, 1)}, key="form-1")
    summary: Summary = producer.enqueue_many(({"n": n} for n in range(3)), source="import")
    try:
        return receipt.lead_id, summary.accepted + receipt.duplicate
    except (BadLead, QueueUnavailable):
        raise

main(LeadProducer.from_url("redis://localhost", timeout_seconds=1))
"""


def loaded(statement: str) -> set[str]:
    """The top-level modules that a fresh interpreter has after a statement."""
    program = f"{statement}; import sys; print(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    return {name.split(".")[0] for name in run.stdout.split()}


def test_the_producer_loads_nothing_of_the_worker_nor_what_the_worker_needs() -> None:
    found = loaded("import lead_producers")
    assert "redis" in found
    assert found & HEAVY == set()


def test_beyond_python_and_redis_the_producer_loads_nothing() -> None:
    # What redis-py loads itself, where it is installed, is its own affair.
    found = loaded("import lead_producers") - loaded("import redis.connection, ssl")
    assert found - set(sys.stdlib_module_names) == {"lead_producers"}


@pytest.mark.parametrize("name", ["py.typed", "enqueue.lua"])
def test_what_is_no_module_is_in_the_package_too(name: str) -> None:
    assert files("lead_producers").joinpath(name).is_file()


def test_a_users_program_is_typed_strictly(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(USER_PROGRAM, encoding="utf-8")
    check = [sys.executable, "-m", "mypy", "--strict", "--config-file=", str(program)]
    run = subprocess.run(
        check,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=tmp_path,
        env={"MYPYPATH": str(ROOT / "producers"), "PATH": ""},
    )
    assert run.stdout.startswith("Success"), run.stdout + run.stderr
