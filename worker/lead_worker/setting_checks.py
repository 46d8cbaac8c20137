"""What settings must not say together. It owns those checks; `settings` owns what each one is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .settings import Settings


def contradictions(settings: Settings, bad: set[str], *, deliver: bool) -> list[str]:
    """What does not fit together; a setting that is bad in itself is judged once it is mended."""
    lease, deadline = settings.lease_seconds, settings.deadline_seconds
    checks = (
        (
            {"api_token", "api_token_file"},
            deliver and not settings.api_token,
            "LEADS_API_TOKEN: not set; set it, or LEADS_API_TOKEN_FILE, to the API's Bearer token",
        ),
        (
            {"lease_seconds", "deadline_seconds"},
            lease < deadline + 1,
            "LEADS_LEASE_SECONDS: expected at least LEADS_DEADLINE_SECONDS + 1"
            f" = {deadline + 1:g}, found {lease:g}",
        ),
        (
            {"connect_timeout_seconds", "deadline_seconds"},
            settings.connect_timeout_seconds > deadline,
            "LEADS_CONNECT_TIMEOUT_SECONDS: expected at most LEADS_DEADLINE_SECONDS"
            f" = {deadline:g}, found {settings.connect_timeout_seconds:g}",
        ),
        (
            {"backoff_base_seconds", "backoff_cap_seconds"},
            settings.backoff_base_seconds > settings.backoff_cap_seconds,
            "LEADS_BACKOFF_BASE_SECONDS: expected at most LEADS_BACKOFF_CAP_SECONDS"
            f" = {settings.backoff_cap_seconds:g}, found {settings.backoff_base_seconds:g}",
        ),
    )
    return [m for fields, wrong, m in (*checks, *_misfits(settings)) if wrong and not fields & bad]


def _misfits(settings: Settings) -> tuple[tuple[set[str], bool, str], ...]:
    """The checks of the governor's settings, as in `contradictions`."""
    half_rate = max(1, settings.rate_per_minute // 2)
    return (
        (
            {"first_look_seconds", "second_look_seconds"},
            settings.first_look_seconds > settings.second_look_seconds,
            "LEADS_FIRST_LOOK_SECONDS: expected at most LEADS_SECOND_LOOK_SECONDS"
            f" = {settings.second_look_seconds:g}, found {settings.first_look_seconds:g}",
        ),
        (
            {"rate_per_minute", "rate_burst"},
            settings.rate_burst > half_rate and settings.rate_per_minute > 0,
            "LEADS_RATE_BURST: expected at most half of LEADS_RATE_PER_MINUTE"
            f" = {half_rate}, found {settings.rate_burst}",
        ),
    )
