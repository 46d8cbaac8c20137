"""RD Station Marketing: its older webhook (`leads`) and its newer one (`event_type`, `contact`).

Source of the shape: developers.rdstation.com, "Webhooks MKT payload" and "Como migrar webhooks?".

RD Station calls again for the same person, with the same `uuid`, at each of their conversions, and
each of these is a lead of its own: somebody asks again. What it repeats when nobody answered is the
same call. So the key is made of the person and the conversion (its time and its identifier). Where
a payload does not say which conversion it is about there is no key: a lead that arrives twice is
better than a second request that is taken for the first.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from .bad_payload import BadPayload
from .draft import Draft
from .mapped import Mapped
from .pages import read_page
from .reading import cleaned, object_or_empty, opened, says_yes, text

SOURCE = "rd-station"

# First the fields, in the order in which they win: a mobile phone is where people are reached.
_PERSON = ("name", "email", "mobile_phone", "personal_phone", "website")
_CONVERSIONS = ("first_conversion", "last_conversion")
_OWN_NAMES = {
    "id": "rd_station_id",
    "uuid": "rd_station_uuid",
    "lifecycle_stage": "lead_stage",
    "fit": "fit_score",
    "origin": "funnel_origin",
    "name": "funnel_name",
}
# `timestamp` is when the call was made: it would make another lead of the same call made again.
_EVENT_HANDLED = frozenset(
    {"contact", "event_identifier", "event_timestamp", "entity_type", "timestamp"}
)


def rd_station(payload: Mapping[str, Any]) -> list[Mapped]:
    """Map a webhook of RD Station Marketing, each lead under the key
    `rd-station:UUID:TIME:IDENTIFIER` of its conversion, with `:opportunity` at its end where it
    says that somebody is one.

    Raises:
        BadPayload: it is no such payload. The leads of a page in which nothing is wrong are in
            `others`.
    """
    event = opened(payload)
    if "leads" in event:
        return read_page(event["leads"], "leads", partial(_older, event))
    if isinstance(event.get("contact"), Mapping):
        return [_newer(event, event["contact"])]
    raise BadPayload(
        "", "expected a webhook of RD Station Marketing with leads or a contact, found neither"
    )


def _older(event: Mapping[str, Any], lead: Mapping[str, Any], path: str) -> list[Mapped]:
    draft = Draft()
    _take_person(draft, lead)
    first, last = (object_or_empty(lead.get(name)) for name in _CONVERSIONS)
    conversion = last or first
    content = object_or_empty(conversion.get("content"))
    identifier = content.get("identificador") or event.get("event_identifier")
    when = conversion.get("created_at") or event.get("event_timestamp")
    _take_conversion(draft, conversion, content)
    _note_conversion(draft, identifier, when)
    if _facts(first) != _facts(conversion):
        draft.note("first_conversion", first)
    which = (when, identifier) if text(when) else (lead.get("number_conversions"), None)
    key = _key(lead, *which, is_opportunity=says_yes(lead.get("opportunity")))
    return [draft.mapped(key, SOURCE, path=path)]


def _facts(conversion: Mapping[str, Any]) -> Any:
    """What tells one conversion from another."""
    return cleaned({name: conversion[name] for name in conversion if name != "cumulative_sum"})


def _newer(event: Mapping[str, Any], contact: Mapping[str, Any]) -> Mapped:
    draft = Draft()
    _take_person(draft, contact)
    identifier, when = event.get("event_identifier"), event.get("event_timestamp")
    _note_conversion(draft, identifier, when)
    for name, value in event.items():
        if isinstance(name, str) and name not in _EVENT_HANDLED:
            draft.note(name, value)
    is_opportunity = text(event.get("event_type")).endswith("MARKED_OPPORTUNITY")
    which = (when or event.get("event_uuid"), identifier)
    key = _key(contact, *which, is_opportunity=is_opportunity)
    return draft.mapped(key, SOURCE, path="contact")


def _take_person(draft: Draft, person: Mapping[str, Any]) -> None:
    for name in _PERSON:
        draft.answer(name, person.get(name))
    _take_company(draft, person.get("company"))
    for name, value in object_or_empty(person.get("funnel")).items():
        if isinstance(name, str):
            draft.note(_OWN_NAMES.get(name, name), value)
    for name, value in object_or_empty(person.get("custom_fields")).items():
        if isinstance(name, str):
            draft.answer(name.removeprefix("cf_"), value)
    _take_the_rest(draft, person)


def _take_company(draft: Draft, company: object) -> None:
    if not isinstance(company, Mapping):
        draft.answer("company", company)
        return
    draft.answer("company", company.get("name"))
    for name, value in company.items():
        if isinstance(name, str) and name != "name":
            draft.note(f"company_{name}", value)


def _take_the_rest(draft: Draft, person: Mapping[str, Any]) -> None:
    taken = {*_PERSON, "company"}
    taken |= {
        name
        for name in ("funnel", "custom_fields", *_CONVERSIONS)
        if isinstance(person.get(name), Mapping)
    }
    for name, value in person.items():
        if not isinstance(name, str) or name in taken:
            continue
        if name.startswith("cf_"):
            draft.answer(name.removeprefix("cf_"), value)
        else:
            draft.note(_OWN_NAMES.get(name, name), value)


def _take_conversion(
    draft: Draft, conversion: Mapping[str, Any], content: Mapping[str, Any]
) -> None:
    """What was typed into the form, and where RD Station says that the person came from; its tags
    yield to those of the form."""
    for name, value in content.items():
        if isinstance(name, str) and name != "identificador":
            draft.answer(name, value)
    draft.note("conversion_source", conversion.get("source"))
    draft.note("conversion_number", conversion.get("cumulative_sum"))
    for name, value in object_or_empty(conversion.get("conversion_origin")).items():
        own = f"conversion_origin_{name}"
        if name in ("source", "medium", "campaign"):
            draft.answer(own, value, f"utm.{name}")
        else:
            draft.note(own, value)


def _note_conversion(draft: Draft, identifier: object, when: object) -> None:
    draft.note("conversion_identifier", identifier)
    draft.note("conversion_at", when)


def _key(
    person: Mapping[str, Any], which: object, identifier: object, *, is_opportunity: bool
) -> str | None:
    who = text(person.get("uuid"))
    if not who or not text(which):
        return None
    parts = (SOURCE, who, text(which), text(identifier), "opportunity" if is_opportunity else "")
    return ":".join(filter(None, parts))
