"""The parts of a form post, whichever way the form or its plugin writes them.

Source of the shapes: what browsers post (names with `[]`, several values); Elementor Pro's webhook
with and without "Advanced Data" (developers.elementor.com, "Form Records": each field has `id`,
`type`, `title`, `value`, `raw_value`), as JSON or as `fields[ID][value]`; Netlify's `data`. It must
not know which field of the lead an entry is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .reading import object_or_empty, text

_GROUPS = ("fields", "form_fields", "data", "meta", "form")
_ANSWER_GROUPS = _GROUPS[:3]
_OBJECTS = ("utm", "custom")  # of the lead; `custom[cargo]` is a part of one
_BRACKETS = re.compile(r"(\w+)((?:\[[^\[\]]+\]){1,2})")
_GENERATED = re.compile(r"field_[0-9a-f]{5,}|[0-9a-f]{7}")
_NO_ANSWERS = frozenset(
    {"password", "recaptcha", "recaptcha_v3", "captcha", "honeypot", "html", "step"}
)
_FIELD_OF_TYPE = {"email": "email", "tel": "phone", "url": "site"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One field of a form.

    Attributes:
        names: what it is called, the name to keep it under first.
        value: as it came.
        where: the lead's field that the type of the entry speaks of; its names speak louder.
        is_hidden: the form filled it in, and nobody saw it.
    """

    names: tuple[str, ...]
    value: Any
    where: str | None = None
    is_hidden: bool = False


@dataclass(slots=True)
class Post:
    """A form post in parts.

    Attributes:
        entries: what was answered.
        meta: what the plugin adds, such as `page_url`.
        form: the form's own `id` and `name`.
    """

    entries: list[Entry] = field(default_factory=list)
    meta: dict[str, Any] = field(default_factory=dict)
    form: dict[str, Any] = field(default_factory=dict)


def parts(payload: Mapping[str, Any]) -> Post:
    """Take a form post apart."""
    post = Post()
    groups: dict[str, dict[str, Any]] = {name: {} for name in (*_GROUPS, *_OBJECTS)}
    for name, value in _pairs(payload):
        if name in groups and isinstance(value, Mapping | list) and _joins(groups, name, value):
            continue
        if not _unfolds(groups, name, value):
            post.entries.append(Entry((name.removesuffix("[]"),), value))
    for group in _ANSWER_GROUPS:
        post.entries += filter(None, (_entry(name, item) for name, item in groups[group].items()))
    post.entries += [Entry((name,), groups[name]) for name in _OBJECTS if groups[name]]
    post.meta = {name: _worth(item) for name, item in groups["meta"].items()}
    post.form = groups["form"]
    return post


def _pairs(payload: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """A payload's entries. The dicts of Django, Flask and Starlette hide all values but one."""
    several = getattr(payload, "getlist", None)
    for name in payload:
        if isinstance(name, str):
            yield name, several(name) if several else payload[name]


def _joins(groups: dict[str, dict[str, Any]], name: str, value: object) -> bool:
    """Whether a group in one piece was added to the groups."""
    if isinstance(value, Mapping):
        groups[name].update({key: item for key, item in value.items() if isinstance(key, str)})
        return True
    if name in _OBJECTS or not isinstance(value, list):
        return False
    if all(text(object_or_empty(item).get("id")) for item in value):
        groups[name].update({text(item["id"]): item for item in value})
        return True
    return False


def _unfolds(groups: dict[str, dict[str, Any]], name: str, value: object) -> bool:
    """Whether `fields[email][value]` and its like was added to the groups."""
    found = _BRACKETS.fullmatch(name.removesuffix("[]"))
    if not found or found[1] not in groups:
        return False
    group, keys = groups[found[1]], found[2][1:-1].split("][")
    if len(keys) == 1:
        group[keys[0]] = value
        return True
    inner = group.setdefault(keys[0], {})
    if not isinstance(inner, dict):
        return False
    inner[keys[1]] = value
    return True


def _entry(name: str, item: object) -> Entry | None:
    if not isinstance(item, Mapping) or not ({"value", "raw_value"} & set(item)):
        return Entry((name,), item)
    kind, title = _one(item.get("type")), _one(item.get("title"))
    if kind in _NO_ANSWERS:
        return None
    names = (title, name) if title and _GENERATED.fullmatch(name) else (name, title)
    where = _FIELD_OF_TYPE.get(kind)
    return Entry(tuple(filter(None, names)), _worth(item), where, is_hidden=kind == "hidden")


def _worth(item: object) -> Any:
    if not isinstance(item, Mapping):
        return item
    value = item.get("value")
    return item.get("raw_value") if value in (None, "", []) else value


def _one(value: object) -> str:
    """The text of a value that some frameworks wrap in a list."""
    return text(value[0] if isinstance(value, list) and value else value)
