"""How many requests a minute the fleet may make, and who says so: an operator, or the settings.

It owns which of the two is in force, and the words for it. It changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from lead_worker.store import Counts
from lead_worker.store.reading import Worker

from .record_numbers import instant, whole
from .render import ago

MOST_PER_MINUTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Rate:
    """The rate in force.

    Attributes:
        numbers: requests a minute, 0 for no limit; several where the workers are set differently,
            none where none of them says.
        by: the operator who set it, or "" where it is that of the workers' settings.
        since_at: when the operator set it.
    """

    numbers: tuple[int, ...]
    by: str = ""
    since_at: float | None = None

    @property
    def per_minute(self) -> int | None:
        """The highest of the numbers; None for no limit, and where none of the workers says."""
        return max(self.numbers) if self.numbers and 0 not in self.numbers else None


def rate_in_force(counts: Counts, workers: Iterable[Worker]) -> Rate:
    """The rate that claims are given out by: an operator's outweighs the workers' settings."""
    asked = whole(counts.rate.get("per_minute"))
    if asked is not None:
        return Rate((asked,), counts.rate.get("by") or "?", instant(counts.rate.get("since")))
    alive = [worker for worker in workers if not worker.is_silent(counts.now_at)]
    numbers = {whole(worker.about.get("rate_per_minute")) for worker in alive}
    return Rate(tuple(sorted(number for number in numbers if number is not None)))


def rate_json(rate: Rate) -> dict[str, Any]:
    """The rate under stable keys; `per_minute` is null for no limit, instants are epoch seconds."""
    return {
        "per_minute": rate.per_minute,
        "source": "operator" if rate.by else "workers",
        "by": rate.by or None,
        "since": rate.since_at,
    }


def number_words(number: int) -> str:
    """`120 a minute`, `no limit`."""
    return f"{number:,} a minute" if number else "no limit"


def source_words(rate: Rate, now_at: float) -> str:
    """Who set the rate, as a clause."""
    if not rate.by:
        return "as the workers are set" if rate.numbers else "no worker is there to say"
    since = "" if rate.since_at is None else f" {ago(rate.since_at, now_at)}"
    return f"set by {rate.by}{since}"


def rate_words(rate: Rate, now_at: float) -> str:
    """The rate and who set it, as a clause."""
    numbers = " or ".join(map(number_words, rate.numbers))
    source = source_words(rate, now_at)
    return f"{numbers}, {source}" if numbers else f"unknown: {source}"
