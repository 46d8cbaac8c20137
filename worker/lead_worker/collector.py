"""How often Python looks for garbage that refers to itself.

A delivered lead leaves next to none: what it took is freed at once, when nobody refers to it. But
each lead in flight makes some hundred objects, so that Python's own limit (700) had it look several
times a lead, and through all that Celery and its libraries have loaded every few seconds: a tenth
of a worker's time.
"""

from __future__ import annotations

import gc

OBJECTS, YOUNG_LOOKS, MIDDLE_LOOKS = 20_000, 20, 50
"""New objects until a look at them; such looks until one at those that outlived one; and until one
at all. What waits meanwhile is a few megabytes at the most."""


def look_seldom() -> None:
    """Look seldom from now on, and never again at what is loaded already."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS, YOUNG_LOOKS, MIDDLE_LOOKS)
