"""Typeform: its webhook, and the items of its Responses API.

Source of the shape: typeform.com/developers, "Example webhook payload" and "Retrieve responses".
A response's `token` identifies it. A partial response has the token that the whole one will have,
so its key says that it is partial: otherwise the whole one would look like its duplicate. A form
that somebody opened and left has no answer in it and is no lead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .bad_payload import BadPayload
from .draft import Draft
from .mapped import Mapped
from .names import is_own_email, target
from .pages import read_page
from .reading import object_or_empty, objects, opened, text

SOURCE = "typeform"

_PARTIAL = "form_response_partial"
_GENERATED = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9A-HJKMNP-TV-Z]{26}", re.IGNORECASE)
_MARKUP = re.compile(r"\{\{[^{}]*\}\}|\*")  # earlier answers that are recalled, and bold type
_UNFINISHED = frozenset({"started", "partial"})
_NEVER = "0001-01-01"  # stands where a response was not sent off
_FIELD_OF_TYPE = {"email": "email", "phone_number": "phone"}
_TEST_EMAIL, _TEST_TEXT = "an_account@example.com", "Lorem ipsum dolor"


def typeform(payload: Mapping[str, Any]) -> list[Mapped]:
    """Map Typeform's webhook, or a page of its Responses API (`items`), each response under the key
    `typeform:TOKEN`, `typeform:TOKEN:partial` where it was not sent off. What was only opened gives
    no lead.

    Raises:
        BadPayload: it is no such payload. The responses of a page in which nothing is wrong are in
            `others`.
    """
    event = opened(payload)
    if "items" in event:
        return read_page(event["items"], "items", _leads_of_item)
    response = event.get("form_response")
    if not isinstance(response, Mapping):
        raise BadPayload("form_response", "expected a response of Typeform, found none")
    return _leads_of(response, "form_response", is_partial=event.get("event_type") == _PARTIAL)


def _leads_of_item(item: Mapping[str, Any], path: str) -> list[Mapped]:
    kind, submitted = text(item.get("response_type")), text(item.get("submitted_at"))
    is_partial = kind in _UNFINISHED or (not kind and submitted.startswith(_NEVER))
    return _leads_of(item, path, is_partial=is_partial)


def _leads_of(response: Mapping[str, Any], path: str, *, is_partial: bool) -> list[Mapped]:
    answers = objects(response.get("answers") or [], f"{path}.answers")
    if is_partial and not answers:
        return []
    draft = Draft()
    definition = object_or_empty(response.get("definition"))
    titles = dict(_titles(definition))
    for answer in answers:
        _take(draft, answer, titles)
    for name, value in object_or_empty(response.get("hidden")).items():
        if isinstance(name, str):
            draft.answer(name, value, is_hidden=True)
    _take_the_rest(draft, response, definition)
    is_test = _is_test(answers)
    key = _key(_token(response), is_partial=is_partial)
    return [draft.mapped(key, SOURCE, path=path, test=is_test, is_partial=is_partial)]


def _token(response: Mapping[str, Any]) -> str:
    return text(response.get("token")) or text(response.get("response_id"))


def _key(token: str, *, is_partial: bool) -> str | None:
    if not token:
        return None
    return f"{SOURCE}:{token}:partial" if is_partial else f"{SOURCE}:{token}"


def _take(draft: Draft, answer: Mapping[str, Any], titles: Mapping[str, str]) -> None:
    field = object_or_empty(answer.get("field"))
    title = titles.get(text(field.get("id")), "")
    ref = text(field.get("ref"))
    name = (title if _GENERATED.fullmatch(ref) or not ref else ref) or ref or text(field.get("id"))
    where = _FIELD_OF_TYPE.get(text(answer.get("type"))) or target(ref) or target(title)
    if not where and text(field.get("type")) == "website":
        where = "site"
    is_own = where == "email" and (is_own_email(ref) or is_own_email(title))
    draft.answer(name, _value(answer), where, is_certain=is_own)


def _value(answer: Mapping[str, Any]) -> Any:
    """An answer's value is under the name of its type; a choice is its label."""
    value = answer.get(text(answer.get("type")))
    if not isinstance(value, Mapping):
        return value
    if "labels" in value:
        labels = value["labels"] if isinstance(value["labels"], list) else []
        return [*labels, value.get("other")]
    if "label" in value or "other" in value:
        return value.get("label") or value.get("other")
    return {name: item for name, item in value.items() if name != "last4"}


def _titles(definition: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each question's id and title; those in groups are under the group's properties."""
    fields = definition.get("fields")
    for field in fields if isinstance(fields, list) else []:
        if isinstance(field, Mapping):
            title = " ".join(_MARKUP.sub("", text(field.get("title"))).split())
            yield text(field.get("id")), title
            yield from _titles(object_or_empty(field.get("properties")))


def _take_the_rest(
    draft: Draft, response: Mapping[str, Any], definition: Mapping[str, Any]
) -> None:
    draft.note("form_id", response.get("form_id"))
    draft.note("form_name", definition.get("title"))
    draft.note("typeform_response_id", _token(response))
    for name in ("landed_at", "submitted_at"):
        if not text(response.get(name)).startswith(_NEVER):
            draft.note(name, response.get(name))
    draft.note("response_url", response.get("response_url"))
    draft.note("score", object_or_empty(response.get("calculated")).get("score"))
    variables = response.get("variables")
    for variable in variables if isinstance(variables, list) else []:
        if isinstance(variable, Mapping):
            draft.note(text(variable.get("key")), variable.get(text(variable.get("type"))))
    referer = object_or_empty(response.get("metadata")).get("referer")
    draft.note("referer", referer)
    draft.page(text(referer))


def _is_test(answers: list[Mapping[str, Any]]) -> bool:
    """Whether it is what "Send test request" sends: filler for each text, one e-mail for all."""
    texts = [answer.get("text") for answer in answers if answer.get("type") == "text"]
    if any(text(answer.get("email")) == _TEST_EMAIL for answer in answers):
        return True
    return bool(texts) and all(text(value) == _TEST_TEXT for value in texts)
