"""The model of the store in plain Python: what should come of each step, whoever takes it.

It has one method for each script that changes a lead, and does no I/O.
"""

from __future__ import annotations

from tests.integration.model_campaigns import Campaigning
from tests.integration.model_claims import Claims
from tests.integration.model_people import People
from tests.integration.model_settling import Settling


class Model(Claims, Settling, People, Campaigning):
    """A namespace as it should be."""
