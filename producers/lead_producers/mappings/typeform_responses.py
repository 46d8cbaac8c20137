"""Typeform: its webhook, and the items of its Responses API.

Source of the shape: typeform.com/developers, "Example webhook payload" and "Retrieve responses".
A response's `token` identifies it. A partial response has the token that the whole one will have,
so its key says that it is partial: otherwise the whole one would look like its duplicate.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lead_producers.errors import BadPayload

from .draft import Draft
from .mapped import Mapped
from .names import target
from .reading import object_or_empty, objects, opened, text

SOURCE = "typeform"

_PARTIAL = "form_response_partial"
_GENERATED = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9A-HJKMNP-TV-Z]{26}", re.IGNORECASE)
_MARKUP = re.compile(r"\{\{.*?\}\}|\*")  # earlier answers that are recalled, and bold type
_FIELD_OF_TYPE = {"email": "email", "phone_number": "phone"}
_TEST_EMAIL, _TEST_TEXT = "an_account@example.com", "Lorem ipsum dolor"


def typeform(payload: Mapping[str, Any]) -> list[Mapped]:
    """Map Typeform's webhook, or a page of its Responses API (`items`), each response under the key
    `typeform:TOKEN`.

    Raises:
        BadPayload: it is no such payload.
    """
    event = opened(payload)
    if "items" in event:
        items = objects(event["items"], "items")
        return [_lead(item, f"items[{at}]", is_partial=False) for at, item in enumerate(items)]
    response = event.get("form_response")
    if not isinstance(response, Mapping):
        raise BadPayload("form_response", "expected a response of Typeform, found none")
    return [_lead(response, "form_response", is_partial=event.get("event_type") == _PARTIAL)]


def _lead(response: Mapping[str, Any], path: str, *, is_partial: bool) -> Mapped:
    draft = Draft()
    definition = object_or_empty(response.get("definition"))
    titles = dict(_titles(definition))
    answers = objects(response.get("answers") or [], f"{path}.answers")
    for answer in answers:
        _take(draft, answer, titles)
    for name, value in object_or_empty(response.get("hidden")).items():
        if isinstance(name, str):
            draft.answer(name, value)
    _take_the_rest(draft, response, definition)
    is_test = _is_test(answers)
    key = _key(text(response.get("token")), is_partial=is_partial)
    return draft.mapped(key, SOURCE, path=path, test=is_test, is_partial=is_partial)


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
    draft.answer(name, _value(answer), where)


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
    draft.note("typeform_response_id", response.get("token"))
    for name in ("landed_at", "submitted_at", "response_url"):
        draft.note(name, response.get(name))
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
