"""Runs of a machine, each of a few examples that its seed decides on.

Few, because after the first ten hypothesis makes most examples of parts of those before, and they
go over the same ground; other seeds do not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hypothesis import HealthCheck, Phase, settings
from hypothesis import seed as seeded
from hypothesis.stateful import run_state_machine_as_test

from tests.integration.store_model import StoreMachine

EXAMPLES = 10
STEPS = 30


def run(
    machine: type[StoreMachine],
    url: str,
    seed: int,
    *,
    scripts: Mapping[str, bytes] | None = None,
    phases: Sequence[Phase] = (Phase.generate,),
) -> None:
    """Run a machine.

    Args:
        url: of a Redis.
        scripts: texts to be run in place of those of the product, by the scripts' names.

    Raises:
        AssertionError: the store does not do what its model does.
    """
    found = type("Machine", (machine,), {"url": url, "scripts": scripts or {}})
    run_state_machine_as_test(
        seeded(seed)(found),
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            phases=phases,
            database=None,
            deadline=None,
            print_blob=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
