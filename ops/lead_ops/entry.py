"""The entry point of the `leads` script, which the base install has as well.

It says which packages are missing where they are. It must import none of them itself.
"""

from __future__ import annotations

import sys
from typing import NoReturn

from .missing import NEEDS_MORE, is_of_others


def main() -> NoReturn:
    """Run the command; exit code 1 and one line where it cannot be imported."""
    try:
        from .main import main as run
    except ModuleNotFoundError as error:
        if not is_of_others(error):
            raise
        sys.exit(f"leads: {NEEDS_MORE}")
    run()
