"""What a raw dict becomes, and what is refused without a word of what it holds."""

from __future__ import annotations

import enum
import json
import math
import uuid
from collections import OrderedDict, UserDict, namedtuple
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lead_producers import BadLead
from lead_producers.record import MAX_BYTES, MAX_DEPTH, encode, key_digest, new_lead_id
from lead_worker.core import strict_json

SECRET = "joana.prado@cliente.example"
SURROGATE = "\ud83d"


class Plan(enum.StrEnum):
    BASIC = "basic"


class Old(str, enum.Enum):  # noqa: UP042 - apps have both kinds
    BASIC = "basic"


class Rank(enum.IntEnum):
    FIRST = 1


class Colour(enum.Enum):
    RED = ("red", 1)


class Wrapped(enum.Enum):
    NAN = math.nan
    BAD_KEY = MappingProxyType({1: "one"})


class Form(dict[str, list[str]]):
    """As Django's QueryDict: lists inside, the last value for who asks."""

    def __getitem__(self, key: str) -> Any:
        return super().__getitem__(key)[-1]

    def values(self) -> Any:
        return [self[key] for key in self]

    def items(self) -> Any:
        return [(key, self[key]) for key in self]


class Endless(Mapping[str, Any]):
    """Makes another of itself wherever one looks."""

    def __getitem__(self, key: str) -> Any:
        return Endless()

    def __iter__(self) -> Iterator[str]:
        return iter(["a"])

    def __len__(self) -> int:
        return 1


Point = namedtuple("Point", "x y")


def nested(depth: int) -> dict[str, Any]:
    """A lead of so many containers within each other."""
    value: Any = "leaf"
    for level in range(depth):
        value = {"a": value} if level % 2 or level == depth - 1 else [value]
    assert isinstance(value, dict)
    return value


def holding_itself() -> dict[str, Any]:
    lead: dict[str, Any] = {"custom": {"list": []}}
    lead["custom"]["list"].append(lead["custom"])
    return lead


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        (datetime(2024, 2, 29, 12, 30, tzinfo=UTC), '"2024-02-29T12:30:00+00:00"'),
        (datetime(2024, 1, 1, tzinfo=timezone(timedelta(hours=-3))), '"2024-01-01T00:00:00-03:00"'),
        (datetime(2024, 1, 1, 8, 0, 0, 250), '"2024-01-01T08:00:00.000250"'),  # noqa: DTZ001
        (date(2024, 1, 2), '"2024-01-02"'),
        (time(23, 59), '"23:59:00"'),
        (Decimal("10.50"), '"10.50"'),
        (uuid.UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
        (Plan.BASIC, '"basic"'),
        (Old.BASIC, '"basic"'),
        (Rank.FIRST, "1"),
        (Colour.RED, '["red",1]'),
        (("a", 1), '["a",1]'),
        (Point(1, 2), "[1,2]"),
        (OrderedDict(b=1, a=2), '{"b":1,"a":2}'),
        (UserDict({"a": date(2024, 1, 2)}), '{"a":"2024-01-02"}'),
        (MappingProxyType({"a": (1,)}), '{"a":[1]}'),
        ({Old.BASIC: 1}, '{"basic":1}'),
        (Form(name=["Ana", "Eva"]), '{"name":"Eva"}'),
        ("João €😀\u2028\0", '"João €😀\u2028\\u0000"'),
        (10**300, str(10**300)),
        (-0.0, "-0.0"),
        (None, "null"),
    ],
)
def test_what_backend_apps_have_in_a_lead_is_encoded_in_the_obvious_way(
    value: Any, encoded: str
) -> None:
    assert encode({"x": value}).decode() == f'{{"x":{encoded}}}'


@pytest.mark.parametrize(
    "raw",
    [
        MappingProxyType({"name": "Eva"}),
        UserDict({"name": "Eva"}),
        OrderedDict(name="Eva"),
        Form(name=["Ana", "Eva"]),
    ],
    ids=lambda raw: type(raw).__name__,
)
def test_any_mapping_is_a_lead(raw: Mapping[str, Any]) -> None:
    assert encode(raw) == b'{"name":"Eva"}'


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), JSON_VALUES))
def test_what_json_can_say_is_stored_as_it_was_said(raw: dict[str, Any]) -> None:
    encoded = encode(raw)
    assert json.loads(encoded) == raw
    assert b"\n" not in encoded


@pytest.mark.parametrize("raw", [None, [], "name=Ana", 1, b"{}", [("name", "Ana")], {"name"}])
def test_what_is_no_mapping_is_no_lead(raw: Any) -> None:
    with pytest.raises(BadLead, match=f"found a value of type {type(raw).__name__}$") as caught:
        encode(raw)
    assert caught.value.path == ""


BAD: list[tuple[str, Callable[[], Any], str, str]] = [
    ("nan", lambda: {"score": math.nan}, "score", "NaN"),
    ("infinity", lambda: {"a": [1, -math.inf]}, "a[1]", "infinity"),
    ("decimal nan", lambda: {"a": {"b": Decimal("sNaN")}}, "a.b", "NaN"),
    ("enum of nan", lambda: {"a": Wrapped.NAN}, "a", "NaN"),
    ("surrogate", lambda: {"name": SECRET + SURROGATE}, "name", "lone surrogate"),
    ("surrogate inside", lambda: {"utm": [{"x": SURROGATE}]}, "utm[0].x", "lone surrogate"),
    ("surrogate key", lambda: {"utm": {SURROGATE: 1}}, "utm", "lone surrogate"),
    ("int key", lambda: {1: SECRET}, "", "type int"),
    ("int key inside", lambda: {"a": [{"b": {1: SECRET}}]}, "a[0].b", "type int"),
    ("none key", lambda: {"custom": {None: SECRET}}, "custom", "type NoneType"),
    ("bool key", lambda: {"custom": ({True: SECRET},)}, "custom[0]", "type bool"),
    ("float key", lambda: {"custom": MappingProxyType({1.5: SECRET})}, "custom", "type float"),
    ("tuple key", lambda: {"custom": {(SECRET,): 1}}, "custom", "type tuple"),
    ("key in an enum", lambda: {"a": Wrapped.BAD_KEY}, "a", "type int"),
    ("bytes", lambda: {"name": SECRET.encode()}, "name", "type bytes"),
    ("set", lambda: {"name": {SECRET}}, "name", "type set"),
    ("object", lambda: {"a": {"b": object()}}, "a.b", "type object"),
    ("timedelta", lambda: {"a": timedelta(1)}, "a", "type timedelta"),
    ("function", lambda: {"a": print}, "a", "type builtin_function_or_method"),
    ("digits", lambda: {"a": 10**5000}, "a", "too many digits"),
    ("circular", holding_itself, "custom.list[0]", "holds itself"),
    ("endless", lambda: {"a": Endless()}, ".".join("a" * MAX_DEPTH), "levels"),
    ("deep", lambda: nested(MAX_DEPTH + 1), "a", "levels"),
    ("very deep", lambda: nested(100_000), "a", "levels"),
    ("first of two", lambda: {"a": 1, "b": {1}, "c": {2}}, "b", "type set"),
    ("odd name", lambda: {"a\nb": {1}}, "a\\nb", "type set"),
]


@pytest.mark.parametrize(
    ("make", "path", "words"), [case[1:] for case in BAD], ids=[case[0] for case in BAD]
)
def test_the_error_names_the_field_and_what_was_found(
    make: Callable[[], Any], path: str, words: str
) -> None:
    with pytest.raises(BadLead) as caught:
        encode(make())
    error = caught.value
    assert words in str(error)
    assert error.path == path or ("levels" in words and error.path.startswith(path))
    assert str(error).startswith(f"{error.path}: expected" if path else "expected")
    assert "\n" not in str(error)
    assert SECRET not in str(error)
    # Reporters follow the chain, and json's own error holds the text.
    assert error.__cause__ is None
    assert error.__context__ is None


UNWRITABLE = st.sampled_from(
    [
        lambda text: text + SURROGATE,
        lambda text: text.encode(),
        lambda text: {text},
        lambda text: {1: text},
        lambda text: {None: [text]},
        lambda text: [text, math.nan],
        lambda text: ({"a": text}, object()),
    ]
)


@given(
    st.text(st.characters(codec="utf-8"), min_size=4).map(lambda text: f"~{text}~"),
    st.lists(st.sampled_from("abc"), max_size=5),
    UNWRITABLE,
)
def test_no_value_is_ever_in_an_error(
    value: str, path: list[str], spoil: Callable[[str], Any]
) -> None:
    lead: Any = spoil(value)
    for name in path:
        lead = {"before": value, name: lead}
    with pytest.raises(BadLead) as caught:
        encode({"lead": lead})
    assert value not in str(caught.value)
    assert caught.value.path.startswith(".".join(["lead", *reversed(path)]))


@pytest.mark.parametrize("char", ["x", "é", "😀"])
def test_a_lead_of_exactly_256_kib_is_taken_and_one_byte_more_is_not(char: str) -> None:
    width = len(char.encode())
    count, rest = divmod(MAX_BYTES - len('{"x":""}'), width)
    lead = {"x": char * count + "x" * rest}
    assert len(encode(lead)) == MAX_BYTES == 256 * 1024
    lead["x"] += "x"
    with pytest.raises(BadLead, match=f"at most {MAX_BYTES} bytes of JSON, found {MAX_BYTES + 1}"):
        encode(lead)


def test_the_deepest_lead_that_is_taken_is_the_deepest_that_the_worker_reads() -> None:
    assert strict_json.read_object(encode(nested(MAX_DEPTH))) == nested(MAX_DEPTH)
    deeper = json.dumps(nested(MAX_DEPTH + 1)).encode()
    assert not isinstance(strict_json.read_object(deeper), dict)


def test_a_long_path_is_cut() -> None:
    with pytest.raises(BadLead) as caught:
        encode({"n" * 5000: {"m" * 5000: {1}}})
    assert len(caught.value.path) == 200


def test_an_id_is_32_hex_digits_that_begin_with_the_time() -> None:
    before, lead_id, after = new_lead_id(), new_lead_id(), new_lead_id()
    assert len(lead_id) == 32
    assert before[:12] <= lead_id[:12] <= after[:12]
    assert abs(int(lead_id[:12], 16) / 1000 - datetime.now(UTC).timestamp()) < 3600


def test_ids_do_not_repeat() -> None:
    assert len({new_lead_id() for _ in range(10_000)}) == 10_000


def test_an_idempotency_key_is_digested_whatever_text_it_is() -> None:
    digests = {key_digest(key) for key in (SECRET, SECRET + " ", "", SURROGATE)}
    assert len(digests) == 4
    assert all(len(digest) == 32 and SECRET not in digest for digest in digests)
