"""The kinds of fields that a lead has, as marshmallow fields.

Each turns what came into what is sent, or says what it expected. None of them may put a value, or a
part of one, into a message: messages are read by people who have no business with the lead.

What they share: text is stripped; empty text is null, and null means "not there". NUL characters
are left out, of names too, because databases behind APIs refuse them. A number where text belongs
is taken as its digits (`"company": 99` is a company called 99); true, false, lists and objects are
errors there, because no text that a person would expect stands for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from marshmallow import ValidationError
from marshmallow.fields import Field

from . import email_address, phone, strict_json

_T = TypeVar("_T")

_TWO_NAMES = "expected one value, found two names of one field; send one of them"
_NO_EMAIL = "expected one e-mail address without a name, such as maria@example.com"
UTM_NAMES = frozenset(
    {"source", "medium", "campaign", "content", "term", "id"}
    | {"source_platform", "creative_format", "marketing_tactic"}
)
"""Those that Google Analytics documents ("URL builders: collect campaign data")."""


class _LeadField(Field[_T]):
    """A field that may be null, and is read from its value alone."""

    def __init__(self) -> None:
        super().__init__(allow_none=True)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> _T:
        del attr, data, kwargs
        return self._read(value)

    def _read(self, value: Any) -> _T:
        raise NotImplementedError


class Text(_LeadField[str | None]):
    """Text, or a number as its digits."""

    def _read(self, value: Any) -> str | None:
        return _text(value)


class AgentAlias(Text):
    """`agent_id`, which is accepted for `agentId`. Both may be there only if they agree."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str | None:
        text = super()._deserialize(value, attr, data, **kwargs)
        other = (data or {}).get("agentId")
        readable = strict_json.kind(other) in ("text", "a number")
        if text and readable and _text(other) not in (None, text):
            raise ValidationError("expected the same as agentId, found another; send one of them")
        return text


class Email(_LeadField[str | None]):
    """One address without a display name, in the form of `email_address.normalised`."""

    def _read(self, value: Any) -> str | None:
        text = _text(value)
        address = text and email_address.normalised(text)
        if text and not address:
            raise ValidationError(_NO_EMAIL)
        return address


class Phone(_LeadField[str | None]):
    """A phone; the one field that refuses nothing.

    A number is taken as its digits. True and false hold no phone, so they are null; a list or an
    object may hold one, so it is kept as compact JSON for a person to read.

    Args:
        region: as `SchemaRules.phone_region`.
    """

    def __init__(self, region: str) -> None:
        super().__init__()
        self._region = region

    def _read(self, value: Any) -> str | None:
        if isinstance(value, bool):
            return None
        if isinstance(value, (list, dict)):
            return strict_json.write(value) if value else None
        if isinstance(value, float) and value.is_integer():
            value = int(value)  # 11987654321.0 is what a spreadsheet makes of a phone
        text = _text(value)
        return text and phone.normalised(text, self._region)


class Capture(_LeadField[str | None]):
    """`completed` or `partial`."""

    def _read(self, value: Any) -> str | None:
        text = _stripped(value) if isinstance(value, str) else ""
        if text in (None, "completed", "partial"):
            return text
        raise ValidationError('expected "completed" or "partial"')


class Utm(_LeadField[dict[str, str]]):
    """UTM tags under names with or without `utm_`, all of them text.

    Args:
        prefixed: whether the tags that Google documents are sent with `utm_`. Others (`gclid`) are
            sent as they came, but for a `utm_` that is taken off where it is not wanted.
    """

    def __init__(self, *, prefixed: bool) -> None:
        super().__init__()
        self._prefixed = prefixed

    def _read(self, value: Any) -> dict[str, str]:
        tags: dict[str, str] = {}
        errors: dict[str, list[str]] = {}
        for key, item in _entries(value).items():
            try:
                text = _text(item)
            except ValidationError as error:
                errors[key] = [str(message) for message in error.messages]
                continue
            if text is not None and tags.setdefault(self._name(key), text) != text:
                errors[key] = ["expected one value, found two names of one tag; send one of them"]
        if errors:
            raise ValidationError(errors)
        return tags

    def _name(self, key: str) -> str:
        whole = key.replace("\0", "").strip()
        bare = whole[4:] if whole[:4].lower() == "utm_" else whole
        known = bare.lower()
        if known in UTM_NAMES:
            return "utm_" + known if self._prefixed else known
        return whole if self._prefixed else bare or whole


class Custom(_LeadField[dict[str, Any]]):
    """Custom fields under any names.

    Args:
        as_text: whether each value is sent as text: numbers, true and false as JSON writes them,
            lists and objects as compact JSON. Otherwise they are sent as they came.
    """

    def __init__(self, *, as_text: bool) -> None:
        super().__init__()
        self._as_text = as_text

    def _read(self, value: Any) -> dict[str, Any]:
        return self.values(_entries(value))

    def values(self, entries: Mapping[str, Any]) -> dict[str, Any]:
        """Each value as it is sent, without those that are null."""
        sent: dict[str, Any] = {}
        for key, value in entries.items():
            item = self._sent(value)
            if item is not None and sent.setdefault(_without_nul(key), item) != item:
                raise ValidationError({key: [_TWO_NAMES]})
        return sent

    def _sent(self, value: Any) -> Any:
        if isinstance(value, str):
            return _stripped(value)
        if value is None or not self._as_text:
            return _without_nul(value)
        return strict_json.write(value)


def _without_nul(value: Any) -> Any:
    """A value without NUL in its texts and names."""
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, list):
        return [_without_nul(item) for item in value]
    if isinstance(value, dict):
        return {_without_nul(name): _without_nul(item) for name, item in value.items()}
    return value


def _stripped(text: str) -> str | None:
    return text.replace("\0", "").strip() or None


def _text(value: object) -> str | None:
    if isinstance(value, str):
        return _stripped(value)
    if value is None:
        return None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return strict_json.write(value)
    raise ValidationError(f"expected text, found {strict_json.kind(value)}")


def _entries(value: object) -> Mapping[str, Any]:
    """The object's entries. Empty text is null as everywhere, and so is an empty list: it is what
    PHP writes for an empty object."""
    if isinstance(value, dict):
        return value
    if value == [] or (isinstance(value, str) and _stripped(value) is None):
        return {}
    raise ValidationError(f"expected an object, found {strict_json.kind(value)}")
