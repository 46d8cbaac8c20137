"""A correction of a dead letter, and a dead letter that comes from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Edit:
    """A correction of a dead letter.

    Attributes:
        before: the raw lead's bytes that it was made on. Personal data.
        after: the new ones. Personal data.
        change: who, why and each difference; a JSON object with at least one member. Personal data.
        entry: for the timeline and the audit trail; as above, without personal data.
        act: a token of this edit, so that it can be repeated.
    """

    before: bytes = field(repr=False)
    after: bytes = field(repr=False)
    change: Mapping[str, object] = field(repr=False)
    entry: Mapping[str, object]
    act: str


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A dead letter that comes from elsewhere.

    Attributes:
        key: digest of its idempotency key, or "".
        group: what it died of; see `core/groups.py`.
        fields: further fields of the record, lane and accepted_at among them.
        raw: the raw lead's bytes. Personal data.
    """

    lead_id: str
    key: str
    group: str
    fields: Mapping[str, str]
    raw: bytes = field(repr=False)
