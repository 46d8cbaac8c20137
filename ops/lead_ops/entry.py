"""The entry point of the `leads` script, which the base install has as well.

It says which packages are missing where they are. It must import none of them itself.
"""

from __future__ import annotations

import sys
from typing import NoReturn

NEEDS_MORE = "the command needs more packages: pip install 'leads-worker[ops]'"

_OURS = ("lead_ops", "lead_worker", "lead_producers")


def main() -> NoReturn:
    """Run the command; exit code 1 and one line where it cannot be imported."""
    try:
        from .main import main as run
    except ModuleNotFoundError as error:
        if not is_of_others(error):
            raise
        sys.exit(f"leads: {NEEDS_MORE}")
    run()


def is_of_others(error: ModuleNotFoundError) -> bool:
    """Whether it is a package that pip would install; what is ours and missing is a fault."""
    package = (error.name or "").partition(".")[0]
    return bool(package) and package not in _OURS and package not in sys.stdlib_module_names
