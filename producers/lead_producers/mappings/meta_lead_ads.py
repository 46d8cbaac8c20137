"""Meta lead ads (Facebook, Instagram): leads as the Graph API gives them.

Source of the shape: developers.facebook.com, "Retrieving Leads" (one lead, or a page of them under
`data`) and "Webhooks for Leadgen" (the notice, which carries ids alone). A test lead has the text
`<test lead: dummy data for FIELD>` for its answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .bad_payload import BadPayload
from .draft import Draft
from .mapped import Mapped
from .names import target
from .pages import read_page
from .reading import objects, opened, text

SOURCE = "meta"

_HANDLED = frozenset({"id", "field_data", "paging"})
_DUMMY = "<test lead:"
_TEST_EMAILS = frozenset({"test@meta.com", "test@fb.com"})
_FETCH = (
    "found a notice with its leadgen_id alone: GET /LEADGEN_ID of the Graph API with"
    " fields=created_time,ad_id,ad_name,adset_name,campaign_id,campaign_name,form_id,platform,"
    "field_data and a page's access token that has leads_retrieval, and map the answer"
)


def meta(payload: Mapping[str, Any]) -> list[Mapped]:
    """Map leads of the Graph API, each under the key `meta:LEADGEN_ID`.

    Raises:
        BadPayload: it is no such payload; a webhook's notice among them, which holds no lead. The
            leads of a page in which nothing is wrong are in `others`.
    """
    answer = opened(payload)
    if "field_data" in answer:
        return _leads_of(answer, "")
    if "data" in answer:
        return read_page(answer["data"], "data", _leads_of)
    raise _no_lead(answer)


def _leads_of(lead: Mapping[str, Any], path: str) -> list[Mapped]:
    where = f"{path}.field_data" if path else "field_data"
    draft = Draft()
    is_test = False
    for field in objects(lead.get("field_data"), where):
        name, values = text(field.get("name")), field.get("values")
        is_dummy = _is_dummy(values)
        is_test = is_test or is_dummy or _is_test_email(values)
        # Its dummy e-mail is no address, and would make the whole test lead invalid.
        is_no_email = is_dummy and target(name) == "email"
        draft.answer(name, values, f"custom.{name}" if is_no_email else None)
    draft.note("leadgen_id", lead.get("id"))
    for name, value in lead.items():
        if isinstance(name, str) and name not in _HANDLED:
            draft.note(name, value)
    lead_id = text(lead.get("id"))
    key = f"{SOURCE}:{lead_id}" if lead_id else None
    return [draft.mapped(key, SOURCE, path=where, test=is_test)]


def _no_lead(answer: Mapping[str, Any]) -> BadPayload:
    if "entry" in answer or "leadgen_id" in answer:
        return BadPayload("", f"expected a lead with its field_data, {_FETCH}")
    if "error" in answer:
        return BadPayload("error", "expected a lead, found the Graph API's refusal: mend the call")
    return BadPayload(
        "", "expected a lead of the Graph API with field_data, or data with a list of them"
    )


def _is_dummy(values: object) -> bool:
    return any(text(value).lower().startswith(_DUMMY) for value in _listed(values))


def _is_test_email(values: object) -> bool:
    return any(text(value).lower() in _TEST_EMAILS for value in _listed(values))


def _listed(values: object) -> list[object]:
    return list(values) if isinstance(values, list | tuple) else [values]
