"""The store against its model: whatever happens in whatever order, both tell the same.

Each lead is in exactly one place, it is the one that the rules say, and the numbers add up.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.integration.dead_letter_model import DeadLetterMachine


def test_the_store_does_what_its_model_does(redis_url: str) -> None:
    machine = type("Machine", (DeadLetterMachine,), {"url": redis_url})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=40,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
