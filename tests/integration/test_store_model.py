"""The store against its model: whatever happens in whatever order, both tell the same.

After each step all that is in Redis is as the model says, the numbers add up, and an audit finds
nothing. Each run has a seed, so what fails once fails again. `MODEL_SEEDS=100:900` makes a long
test of it, with other seeds; `MODEL_SHRINK=1` looks for the smallest example, which takes minutes.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import Phase

from tests.integration.campaign_model import CampaignMachine
from tests.integration.model_runs import run

FIRST, END = map(int, os.environ.get("MODEL_SEEDS", "0:14").split(":"))
PHASES = [Phase.generate, *([Phase.shrink] if os.environ.get("MODEL_SHRINK") else [])]


@pytest.mark.parametrize("seed", range(FIRST, END))
def test_the_store_does_what_its_model_does(redis_url: str, seed: int) -> None:
    run(CampaignMachine, redis_url, seed, phases=PHASES)
