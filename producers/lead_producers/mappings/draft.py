"""A lead in the making. It takes what a source knows, piece by piece, and loses nothing of it.

It owns where a piece goes: the first value for a field fills it, another value for the same field
goes to `custom` under the name that it came with. It must not know any source.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .addresses import is_page, query, trimmed
from .bad_payload import BadPayload
from .custom_fields import CustomFields, likeness
from .forbidden import is_forbidden, is_secret
from .mapped import Mapped
from .names import CLICK_IDS, FIELDS, is_own_email, normal, target, tracking
from .reading import cleaned, single, words

_NAME_PARTS = ("first_name", "last_name")
_WHO = frozenset({"name", "email", "phone", *_NAME_PARTS})
_CAPTURES = ("completed", "partial")


class Draft:
    """Gathers one lead; `mapped` ends it."""

    def __init__(self) -> None:
        self._fields: dict[str, Any] = {}
        self._weak_email: tuple[str, Any] | None = None
        self._name_parts: dict[str, tuple[str, Any]] = {}
        self._utm: dict[str, Any] = {}
        self._custom = CustomFields()
        self._pages: list[str] = []
        self._is_answered = False

    def answer(
        self,
        name: str,
        value: Any,
        where: str | None = None,
        *,
        is_hidden: bool = False,
        is_certain: bool = False,
    ) -> None:
        """Take what a person gave, or what a hidden field of the form did.

        Args:
            name: what the source calls it; in `custom` it is called so too.
            value: empty ones are left out; a list of one is that one.
            where: as `names.target` gives it, where the source knows better than the name says.
            is_hidden: nobody typed it in; it makes a lead only where it says who somebody is.
            is_certain: `where` holds whatever the name says.
        """
        is_left_out = is_secret(name) or (is_forbidden(name) and not is_certain)
        found = None if is_left_out else single(cleaned(value))
        if found is None:
            return
        if isinstance(found, dict) and normal(name) in ("utm", "custom"):
            self._take_group(normal(name), found)
        elif where is None and is_page(name):
            self._visited(name, found)
        else:
            place = where or target(name)
            self._is_answered |= _tells_something(place, found, is_hidden=is_hidden)
            self._place(place, name, found, is_certain=is_certain)

    def note(self, name: str, value: Any) -> None:
        """Take what the source knows beside the answers, into `custom`."""
        found = None if is_forbidden(name) else cleaned(value)
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
            raise BadPayload(path, "expected an answer, found that nothing was filled in")
        self._fill_from_pages()
        self._join_name()
        if test:
            self._custom.set("test_lead", "yes")
        if is_partial:
            self._fields["capture"] = "partial"
        raw = {field: self._fields[field] for field in FIELDS if field in self._fields}
        raw |= {"utm": self._utm} if self._utm else {}
        raw |= {"custom": self._custom.held} if self._custom.held else {}
        return Mapped(raw, key, source, test)

    def _take_group(self, group: str, found: Mapping[str, Any]) -> None:
        for inner, item in found.items():
            place = f"{group}.{inner}"
            self._is_answered |= _tells_something(place, item, is_hidden=False)
            self._place(place, inner, single(item))

    def _visited(self, name: str, found: Any) -> None:
        self._keep(name, found)
        if isinstance(found, str):
            self.page(found)

    def _place(self, where: str | None, name: str, value: Any, *, is_certain: bool = False) -> None:
        group, _, inner = (where or "").partition(".")
        if group == "utm":
            self._fill(self._utm, _tag_name(inner), name, value)
        elif group == "custom":
            self._keep(inner, value)
        elif group in _NAME_PARTS and group not in self._name_parts and _is_text(value):
            self._name_parts[group] = (name, value)
        elif group == "capture" and value not in _CAPTURES:
            self._keep(name, value)
        elif group == "email":
            self._take_email(name, value, is_weak=not (is_certain or is_own_email(name)))
        elif group in FIELDS:
            self._fill(self._fields, group, name, value)
        else:
            self._keep(name, value)

    def _take_email(self, name: str, value: Any, *, is_weak: bool) -> None:
        """Somebody's own address comes before one at work or of a friend, whichever is first."""
        before = self._weak_email
        if is_weak and "email" not in self._fields:
            self._weak_email = (name, value)
        elif before and not is_weak:
            self._weak_email = None
            self._fields.pop("email", None)
            self._fill(self._fields, "email", name, value)
            name, value = before
        self._fill(self._fields, "email", name, value)

    def _fill(self, into: dict[str, Any], field: str, name: str, value: Any) -> None:
        """Fill a field that takes one text; what it cannot take is kept under its own name."""
        found = value if isinstance(value, list) else [value]
        first = next((item for item in found if _is_text(item)), None)
        if first is None or not field:
            self._keep(name, value)
            return
        taken = likeness(into.setdefault(field, first))
        if any(likeness(item) != taken for item in found):
            self._keep(name, value)

    def _keep(self, name: str, value: Any) -> None:
        kept = trimmed(value) if is_page(name) else value
        if kept is not None:
            self._custom.add(name, kept)

    def _fill_from_pages(self) -> None:
        for name, value in (pair for url in self._pages for pair in query(url)):
            group, _, inner = (tracking(name) or "").partition(".")
            if not cleaned(value):
                continue
            if group == "utm":
                self._utm.setdefault(inner, value)
            elif group == "custom" and inner not in self._custom.held:
                self._custom.set(inner, value)

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


def _tells_something(where: str | None, value: Any, *, is_hidden: bool) -> bool:
    """Whether a value in its place is what somebody answered, or says who somebody is."""
    group, _, inner = (where or "").partition(".")
    if group in ("utm", "agentId") or inner in CLICK_IDS:
        return False
    if group == "capture":
        return value not in _CAPTURES
    return not is_hidden or group in _WHO


def _tag_name(tag: str) -> str:
    found = tag if isinstance(tag, str) else ""
    return (tracking(f"utm_{found}") or "").removeprefix("utm.")


def _is_text(value: Any) -> bool:
    """Whether the schema takes it where it wants text."""
    return not isinstance(value, bool | list | Mapping)
