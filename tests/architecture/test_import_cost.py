"""What it costs an app to import the producer: hardly more than redis-py, which it needs anyway."""

from __future__ import annotations

import subprocess
import sys

import pytest

ROUNDS = 7
MOST_MODULES = 30
"""How many modules the producer may load beyond redis-py's; its own, and some of Python's."""

NEVER = {
    "celery",
    "kombu",
    "lead_producers.homing",
    "lead_producers.mappings",
    "lead_producers.spool_file",
    "lead_producers.spooling",
    "marshmallow",
    "requests",
    "sqlite3",
    "ssl",
}
TIMED = """
from time import perf_counter
began = perf_counter()
import redis
between = perf_counter()
import lead_producers
print((perf_counter() - began) / (between - began))
"""


def output(program: str) -> str:
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    return run.stdout


def loaded(module: str) -> set[str]:
    return set(output(f"import {module}, sys; print(*sys.modules)").split())


@pytest.fixture(scope="module")
def beyond_redis() -> set[str]:
    """The modules that the producer loads and `import redis` does not."""
    return loaded("lead_producers") - loaded("redis")


def test_the_import_loads_no_broker_no_database_and_no_mappings(beyond_redis: set[str]) -> None:
    assert beyond_redis & NEVER == set()


def test_the_import_loads_few_modules_beyond_those_of_redis(beyond_redis: set[str]) -> None:
    assert len(beyond_redis) <= MOST_MODULES, sorted(beyond_redis)


def test_the_import_takes_at_most_half_again_as_long_as_that_of_redis() -> None:
    """Of both in one process, one after the other: a busy machine slows both. The best of some."""
    assert min(float(output(TIMED)) for _ in range(ROUNDS)) <= 1.5
