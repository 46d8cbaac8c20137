"""Google Ads lead forms: the webhook that Google posts for each lead.

Source of the shape: developers.google.com, "Google Ads lead form webhook: Implementation" (POST
schema). `lead_id` is documented as unique across all forms and as what to de-duplicate by. The
`google_key` proves to the app that Google is calling; it is compared before mapping and is never
stored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .draft import Draft
from .mapped import Mapped
from .names import target
from .reading import objects, opened, says_yes, text

SOURCE = "google-ads"

_GENERATED = re.compile(r"QUESTION_\d+")
_COLUMNS = "user_column_data"
_HANDLED = frozenset({"lead_id", "gcl_id", "google_key", "is_test", "api_version", _COLUMNS})


def google_ads(payload: Mapping[str, Any]) -> list[Mapped]:
    """Map a Google Ads lead form's webhook: one lead, under the key `google-ads:LEAD_ID`.

    Raises:
        BadPayload: it is no such payload.
    """
    lead = opened(payload)
    draft = Draft()
    for column in objects(lead.get(_COLUMNS), _COLUMNS):
        name = _name(column)
        column_id = text(column.get("column_id"))
        draft.answer(name, column.get("string_value"), target(column_id))
    draft.note("google_lead_id", lead.get("lead_id"))
    draft.note("gclid", lead.get("gcl_id"))
    for name, value in lead.items():
        if isinstance(name, str) and name not in _HANDLED:
            draft.note(name, value)
    lead_id = text(lead.get("lead_id"))
    key = f"{SOURCE}:{lead_id}" if lead_id else None
    return [draft.mapped(key, SOURCE, path=_COLUMNS, test=says_yes(lead.get("is_test")))]


def _name(column: Mapping[str, Any]) -> str:
    """Google's own columns by their id (`job_title`), an advertiser's by the question that was
    asked: their ids say nothing."""
    column_id, question = text(column.get("column_id")), text(column.get("column_name"))
    if question and _GENERATED.fullmatch(column_id):
        return question
    if column_id.isascii() and column_id.isupper() and " " not in column_id:
        return column_id.lower()
    return question or column_id
