"""A backend app in a process of its own: 50 forms a second, each enqueued with a spool.

    python -m drills.form_app URL NAMESPACE SPOOL RECEIPTS FROM UNTIL

It writes a line of JSON for each receipt, and begins where it is told, so that one that was killed
can be followed by another, as a web server's processes are. A form without a receipt is sent anew.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from lead_producers import LeadProducer

from .people import person

RATE = 50
BOUND_SECONDS = 1.0


def main() -> None:
    url, namespace, spool, receipts = sys.argv[1:5]
    first, until = int(sys.argv[5]), int(sys.argv[6])
    producer = LeadProducer.from_url(url, namespace, timeout_seconds=BOUND_SECONDS, spool=spool)
    began = time.monotonic()
    with Path(receipts).open("a", encoding="utf-8") as file:
        for number in range(first, until):
            time.sleep(max(0.0, began + (number - first) / RATE - time.monotonic()))
            called = time.monotonic()
            receipt = producer.enqueue(person(number), key=f"form-{number}", source="drill")
            line = {
                "n": number,
                "id": receipt.lead_id,
                "spooled": receipt.spooled,
                "duplicate": receipt.duplicate,
                "seconds": time.monotonic() - called,
            }
            file.write(json.dumps(line) + "\n")
            file.flush()


if __name__ == "__main__":
    main()
