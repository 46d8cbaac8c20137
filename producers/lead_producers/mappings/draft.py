"""A lead in the making. It takes what a source knows, piece by piece, and loses nothing of it.

It owns where a piece goes: the first value for a field fills it, another value for the same field
goes to `custom` under the name that it came with. It must not know any source.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from lead_producers.errors import BadPayload

from .mapped import Mapped
from .names import FIELDS, is_secret, normal, target, tracking
from .reading import cleaned, words

_NAME_PARTS = ("first_name", "last_name")
_UNNAMED = "unnamed"


class Draft:
    """Gathers one lead; `mapped` ends it."""

    def __init__(self) -> None:
        self._fields: dict[str, Any] = {}
        self._name_parts: dict[str, tuple[str, Any]] = {}
        self._utm: dict[str, Any] = {}
        self._custom: dict[str, Any] = {}
        self._pages: list[str] = []
        self._is_answered = False

    def answer(self, name: str, value: Any, where: str | None = None) -> None:
        """Take what a person gave, or what a hidden field of the form did.

        Args:
            name: what the source calls it; in `custom` it is called so too.
            value: empty ones are left out; a list of one is that one.
            where: as `names.target` gives it, where the source knows better than the name says.
        """
        found = None if is_secret(name) else cleaned(value)
        if found is None:
            return
        self._is_answered = True
        if isinstance(found, list) and len(found) == 1:
            found = found[0]
        group = normal(name) if isinstance(found, dict) else ""
        if group in ("utm", "custom"):
            for inner, item in found.items():
                self._place(f"{group}.{inner}", inner, item)
        else:
            self._place(where or target(name), name, found)

    def note(self, name: str, value: Any) -> None:
        """Take what the source knows beside the answers, into `custom`."""
        found = None if is_secret(name) else cleaned(value)
        if found is not None:
            self._keep(name, found)

    def page(self, url: str) -> None:
        """Remember an address whose query may hold campaign tags and click ids. What was given
        outright wins over it, and an earlier address over a later one."""
        self._pages.append(url)

    def mapped(
        self,
        key: str | None,
        source: str,
        *,
        path: str = "",
        test: bool = False,
        is_partial: bool = False,
    ) -> Mapped:
        """End the lead.

        Args:
            path: where in the payload the lead was.
            is_partial: whether the person has not sent the form off yet.

        Raises:
            BadPayload: there was no answer in it.
        """
        if not self._is_answered:
            raise BadPayload(path, "expected a field with a value in it, found none")
        self._fill_from_pages()
        self._join_name()
        if test:
            self._custom["test_lead"] = "yes"
        if is_partial:
            self._fields["capture"] = "partial"
        raw = {field: self._fields[field] for field in FIELDS if field in self._fields}
        raw |= {"utm": self._utm} if self._utm else {}
        raw |= {"custom": self._custom} if self._custom else {}
        return Mapped(raw, key, source, test)

    def _place(self, where: str | None, name: str, value: Any) -> None:
        group, _, inner = (where or "").partition(".")
        if group == "utm":
            self._fill(self._utm, _tag_name(inner), name, value)
        elif group == "custom":
            self._keep(inner, value)
        elif group in _NAME_PARTS and group not in self._name_parts and _is_text(value):
            self._name_parts[group] = (name, value)
        elif group == "capture" and value not in ("completed", "partial"):
            self._keep(name, value)
        elif group in FIELDS:
            self._fill(self._fields, group, name, value)
        else:
            self._keep(name, value)

    def _fill(self, into: dict[str, Any], field: str, name: str, value: Any) -> None:
        """Fill a field that takes one text; what it cannot take is kept under its own name."""
        found = value if isinstance(value, list) else [value]
        first = next((item for item in found if _is_text(item)), None)
        if first is None or not field:
            self._keep(name, value)
            return
        taken = into.setdefault(field, first)
        if any(not _is_same(item, taken) for item in found):
            self._keep(name, value)

    def _keep(self, name: str, value: Any) -> None:
        base = name.strip() or _UNNAMED
        free, number = base, 1
        while free in self._custom:
            if _is_same(self._custom[free], value):
                return
            number += 1
            free = f"{base}_{number}"
        self._custom[free] = value

    def _fill_from_pages(self) -> None:
        for name, value in (pair for url in self._pages for pair in _query(url)):
            where = tracking(name)
            group, _, inner = (where or "").partition(".")
            into = {"utm": self._utm, "custom": self._custom}.get(group)
            if into is not None and cleaned(value):
                into.setdefault(inner, value)

    def _join_name(self) -> None:
        """Make the name of its parts; `nome` beside `sobrenome` is a first name. Beside a whole
        name only what is not in it is kept."""
        parts = [self._name_parts[part] for part in _NAME_PARTS if part in self._name_parts]
        known = [self._fields["name"]] if "name" in self._fields else []
        if parts and (not known or "first_name" not in self._name_parts):
            missing = [value for _, value in parts if not _is_within(value, known)]
            self._fields["name"] = " ".join(map(words, [*known, *missing]))
        for name, value in parts:
            if not _is_within(value, [self._fields["name"]]):
                self._keep(name, value)


def _is_within(part: Any, whole: list[Any]) -> bool:
    """Whether each word of a part of a name is in the whole of it."""
    there = {word for value in whole for word in words(value).casefold().split()}
    return bool(there) and there >= set(words(part).casefold().split())


def host(url: str) -> str:
    """Give an address's host, "" if there is none to be had."""
    with suppress(ValueError):
        return urlsplit(url.strip()).netloc.rpartition("@")[2].lower()
    return ""


def _query(url: str) -> list[tuple[str, str]]:
    with suppress(ValueError):
        return parse_qsl(urlsplit(url.strip()).query)
    return []


def _tag_name(tag: str) -> str:
    found = tag if isinstance(tag, str) else ""
    return (tracking(f"utm_{found}") or "").removeprefix("utm.")


def _is_text(value: Any) -> bool:
    """Whether the schema takes it where it wants text."""
    return not isinstance(value, bool | list | Mapping)


def _is_same(one: Any, other: Any) -> bool:
    if _is_text(one) and _is_text(other) and words(one):
        return words(one) == words(other)
    return bool(one == other)
