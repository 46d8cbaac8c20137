"""Packages that the base install has not: which error means one, and what is said of it."""

from __future__ import annotations

import sys

NEEDS_MORE = "the command needs more packages: pip install 'leads-worker[ops]'"

_OURS = ("lead_ops", "lead_worker", "lead_producers")


def is_of_others(error: ModuleNotFoundError) -> bool:
    """Whether it is a package that pip would install; what is ours and missing is a fault."""
    package = (error.name or "").partition(".")[0]
    return bool(package) and package not in _OURS and package not in sys.stdlib_module_names
