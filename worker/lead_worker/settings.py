"""Every setting of the worker, read from the environment in one place.

It owns names, defaults, ranges and the checks between settings. It must not read anything but the
mapping that it is given (and the token's file), and no error of its may hold a value that could be
secret. `TABLE` is what the README's table of settings is checked against.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .core.schema import SchemaRules
from .errors import SettingsError
from .setting_checks import contradictions
from .setting_kinds import (
    DEFAULT_API_URL,
    Secret,
    is_loopback,
    read_api_url,
    read_choice,
    read_dsn,
    read_existing_file,
    read_namespace,
    read_number,
    read_proxy_url,
    read_redis_url,
    read_region,
    read_token,
    read_token_file,
    read_whole,
    read_yes_no,
)

__all__ = [
    "DEFAULT_API_URL",
    "DEFAULT_REDIS_URL",
    "TABLE",
    "Row",
    "Secret",
    "Settings",
    "is_loopback",
    "load",
    "read_token",
]

DEFAULT_REDIS_URL = "redis://127.0.0.1:6379/0"
HOUR_SECONDS = 3600.0
DAY_SECONDS = 24 * HOUR_SECONDS


@dataclass(frozen=True, slots=True)
class Settings:
    """What one process runs with. Durations are float seconds."""

    redis_url: Secret = field(default=Secret(DEFAULT_REDIS_URL), repr=False)
    namespace: str = "leads"
    api_url: str = DEFAULT_API_URL
    api_token: Secret = field(default=Secret(""), repr=False)
    api_token_file: str = ""
    api_proxy: Secret = field(default=Secret(""), repr=False)
    api_ca_bundle: str = ""
    allow_api_change: bool = False
    concurrency: int = 16
    max_attempts: int = 20
    max_age_seconds: float = 3 * DAY_SECONDS
    backoff_base_seconds: float = 5.0
    backoff_cap_seconds: float = 3600.0
    retry_after_cap_seconds: float = 3600.0
    connect_timeout_seconds: float = 3.0
    deadline_seconds: float = 10.0
    idle_seconds: float = 3.0
    rate_per_minute: int = 0
    rate_burst: int = 0
    max_in_flight: int = 256
    max_answer_bytes: int = 1_048_576
    lease_seconds: float = 30.0
    unknown_fields: str = "reject"
    on_unknown_outcome: str = "reconcile"
    reconcile_fallback: str = "retry"
    first_look_seconds: float = 15.0
    second_look_seconds: float = 120.0
    phone_region: str = "BR"
    utm_keys: str = "bare"
    custom_values: str = "text"
    keep_delivered_days: float = 7.0
    keep_dead_days: float = 90.0
    keep_discarded_days: float = 7.0
    keep_erased_days: float = 90.0
    redrive: bool = False
    redrive_every_seconds: float = 6 * HOUR_SECONDS
    redrive_most: int = 3
    log_level: str = ""
    log_format: str = "auto"
    spool: str = ""
    sentry_dsn: Secret = field(default=Secret(""), repr=False)
    sentry_environment: str = "production"
    sentry_traces_sample_rate: float = 0.0

    @property
    def keep_key_days(self) -> float:
        """For how long an idempotency key is known: as the longest of the records that have one."""
        kept = (self.keep_delivered_days, self.keep_dead_days, self.keep_discarded_days)
        return max(*kept, self.keep_erased_days)

    @property
    def schema_rules(self) -> SchemaRules:
        """What the deployment decides about leads."""
        return SchemaRules(
            unknown_fields=self.unknown_fields,
            phone_region=self.phone_region,
            utm_keys=self.utm_keys,
            custom_values=self.custom_values,
        )


@dataclass(frozen=True, slots=True)
class Row:
    """One setting: the environment's name, the field it fills, how it is read, what it is for."""

    name: str
    field: str
    parse: Callable[[str], Any]
    meaning: str


_DAYS = read_number(0.01, 3650)

TABLE: tuple[Row, ...] = (
    Row(
        "LEADS_REDIS_URL",
        "redis_url",
        read_redis_url,
        "Redis: `redis://`, `rediss://` (TLS; its options go into the address) or `unix://`",
    ),
    Row(
        "LEADS_NAMESPACE",
        "namespace",
        read_namespace,
        "first part of each key; queues side by side in one Redis",
    ),
    Row("LEADS_API_URL", "api_url", read_api_url, "base URL of the API; https beyond loopback"),
    Row("LEADS_API_TOKEN", "api_token", read_token, "the Bearer token"),
    Row(
        "LEADS_API_TOKEN_FILE",
        "api_token_file",
        read_token_file,
        "a file that holds the token alone; set this or `LEADS_API_TOKEN`, not both",
    ),
    Row("LEADS_API_PROXY", "api_proxy", read_proxy_url, "proxy for the API"),
    Row(
        "LEADS_API_CA_BUNDLE", "api_ca_bundle", read_existing_file, "file of CA certificates (PEM)"
    ),
    Row(
        "LEADS_ALLOW_API_CHANGE",
        "allow_api_change",
        read_yes_no,
        "`yes`: this namespace may deliver to another API address from now on",
    ),
    Row("LEADS_CONCURRENCY", "concurrency", read_whole(1, 256), "requests in flight per process"),
    Row(
        "LEADS_MAX_IN_FLIGHT",
        "max_in_flight",
        read_whole(1, 100_000),
        "requests in flight across the fleet; while the API is in trouble they are fewer",
    ),
    Row(
        "LEADS_RATE_PER_MINUTE",
        "rate_per_minute",
        read_whole(0, 1_000_000),
        "requests a minute across the fleet, look-ups included; `0`: as many as the API takes",
    ),
    Row(
        "LEADS_RATE_BURST",
        "rate_burst",
        read_whole(0, 1_000_000),
        "requests that may go out at once after a pause, at most half of the rate, which they are"
        " taken off; `0`: a hundredth of it",
    ),
    Row(
        "LEADS_MAX_ATTEMPTS", "max_attempts", read_whole(1, 1000), "attempts before a lead is dead"
    ),
    Row(
        "LEADS_MAX_AGE_SECONDS",
        "max_age_seconds",
        read_number(1, 3650 * DAY_SECONDS),
        "how long a failing lead is tried, time under holds left out",
    ),
    Row(
        "LEADS_BACKOFF_BASE_SECONDS",
        "backoff_base_seconds",
        read_number(0.001, 3600),
        "upper end of the first wait; doubles with each attempt",
    ),
    Row(
        "LEADS_BACKOFF_CAP_SECONDS",
        "backoff_cap_seconds",
        read_number(0.001, 7 * DAY_SECONDS),
        "upper end of any wait",
    ),
    Row(
        "LEADS_RETRY_AFTER_CAP_SECONDS",
        "retry_after_cap_seconds",
        read_number(1, 7 * DAY_SECONDS),
        "longest `Retry-After` that is obeyed",
    ),
    Row(
        "LEADS_CONNECT_TIMEOUT_SECONDS",
        "connect_timeout_seconds",
        read_number(0.05, 60),
        "to connect to the API",
    ),
    Row(
        "LEADS_DEADLINE_SECONDS",
        "deadline_seconds",
        read_number(0.1, 300),
        "for one whole call of the API, connecting included",
    ),
    Row(
        "LEADS_IDLE_SECONDS",
        "idle_seconds",
        read_number(0, 300),
        "a connection to the API that was idle for longer is not used again",
    ),
    Row(
        "LEADS_MAX_ANSWER_BYTES",
        "max_answer_bytes",
        read_whole(1024, 67_108_864),
        "largest answer that is read",
    ),
    Row(
        "LEADS_LEASE_SECONDS",
        "lease_seconds",
        read_number(1, 3600),
        "how long a claimed lead is this worker's; longer than the deadline",
    ),
    Row(
        "LEADS_UNKNOWN_FIELDS",
        "unknown_fields",
        read_choice("reject", "custom", "drop"),
        "fields that the API does not have: refuse the lead, move to `custom`, or leave out",
    ),
    Row(
        "LEADS_ON_UNKNOWN_OUTCOME",
        "on_unknown_outcome",
        read_choice("reconcile", "retry", "park"),
        "a lead that may have arrived: ask the API for it, send it again (may duplicate), or park"
        " it for a person",
    ),
    Row(
        "LEADS_RECONCILE_FALLBACK",
        "reconcile_fallback",
        read_choice("retry", "park"),
        "the same, where the API cannot be asked",
    ),
    Row(
        "LEADS_FIRST_LOOK_SECONDS",
        "first_look_seconds",
        read_number(0, DAY_SECONDS),
        "from such an attempt to the first question",
    ),
    Row(
        "LEADS_SECOND_LOOK_SECONDS",
        "second_look_seconds",
        read_number(0, DAY_SECONDS),
        "to the second, after which a lead that is not there is sent again",
    ),
    Row(
        "LEADS_PHONE_REGION",
        "phone_region",
        read_region,
        "region of phones that are written without country code",
    ),
    Row(
        "LEADS_UTM_KEYS",
        "utm_keys",
        read_choice("bare", "prefixed"),
        "`utm` keys as sent: `source`, or `utm_source`",
    ),
    Row(
        "LEADS_CUSTOM_VALUES",
        "custom_values",
        read_choice("text", "json"),
        "`custom` values as sent: all as text, or as they came",
    ),
    Row(
        "LEADS_KEEP_DELIVERED_DAYS", "keep_delivered_days", _DAYS, "days to keep a delivered record"
    ),
    Row("LEADS_KEEP_DEAD_DAYS", "keep_dead_days", _DAYS, "days to keep a dead letter"),
    Row(
        "LEADS_KEEP_DISCARDED_DAYS", "keep_discarded_days", _DAYS, "days to keep what was discarded"
    ),
    Row(
        "LEADS_KEEP_ERASED_DAYS",
        "keep_erased_days",
        _DAYS,
        "days the tombstone of an erased lead is kept",
    ),
    Row(
        "LEADS_REDRIVE",
        "redrive",
        read_yes_no,
        "`yes`: what died exhausted in an outage is replayed by itself",
    ),
    Row(
        "LEADS_REDRIVE_EVERY_SECONDS",
        "redrive_every_seconds",
        read_number(60, 30 * DAY_SECONDS),
        "how often; a lead that died again waits as long, then 3, 7, ... times as long",
    ),
    Row("LEADS_REDRIVE_MOST", "redrive_most", read_whole(1, 100), "how often one lead at the most"),
    Row(
        "LEADS_LOG_LEVEL",
        "log_level",
        read_choice("debug", "info", "warning", "error"),
        "from which level on lines are logged; not set: Celery's `-l`, or `info` without it",
    ),
    Row(
        "LEADS_LOG_FORMAT",
        "log_format",
        read_choice("auto", "json", "text"),
        "a log's lines: `json`, `text`, or JSON unless they go to a terminal",
    ),
    Row("LEADS_SPOOL", "spool", str, "a spool of this machine's apps, for `leads spool` alone"),
    Row("SENTRY_DSN", "sentry_dsn", read_dsn, "where to report to; nothing is reported without it"),
    Row("SENTRY_ENVIRONMENT", "sentry_environment", str, "the environment that reports carry"),
    Row(
        "SENTRY_TRACES_SAMPLE_RATE",
        "sentry_traces_sample_rate",
        read_number(0, 1),
        "part of the deliveries that are traced, unless the app that enqueued decided",
    ),
)

_KNOWN = {row.name for row in TABLE}


def load(environ: Mapping[str, str] = os.environ, *, deliver: bool = False) -> Settings:
    """Read the settings from an environment.

    Args:
        environ: names and values; a value that is empty or blank counts as not set.
        deliver: whether this process will call the API, so that it needs a token.

    Raises:
        SettingsError: with one line for each thing that is wrong, all of them at once.
    """
    problems = _near_misses(environ)
    values: dict[str, Any] = {}
    bad: set[str] = set()
    for row in TABLE:
        text = environ.get(row.name, "").strip()
        if text:
            try:
                values[row.field] = row.parse(text)
            except ValueError as error:
                problems.append(f"{row.name}: {error}")
                bad.add(row.field)
    _read_token_file(values, problems, bad)
    settings = Settings(**values)
    problems += contradictions(settings, bad, deliver=deliver)
    if problems:
        raise SettingsError("\n".join(problems))
    return settings


def _near_misses(environ: Mapping[str, str]) -> list[str]:
    problems = []
    for name in sorted(environ):
        if name in _KNOWN or not environ[name].strip():
            continue
        close = difflib.get_close_matches(name, _KNOWN, n=1, cutoff=0.9)
        if close:
            problems.append(f"{name}: no such setting; did you mean {close[0]}?")
    return problems


def _read_token_file(values: dict[str, Any], problems: list[str], bad: set[str]) -> None:
    path = values.get("api_token_file")
    if not path:
        return
    if "api_token" in bad | values.keys():
        # After a change of the token one of them would be the old one, and nobody would see which.
        problems.append("LEADS_API_TOKEN and LEADS_API_TOKEN_FILE: both are set; set only one")
        return
    try:
        values["api_token"] = read_token(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "expected one word of ASCII"
        problems.append(f"LEADS_API_TOKEN_FILE: cannot use {path!r}: {reason}")
        bad.add("api_token")
