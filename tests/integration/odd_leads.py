"""Leads as apps should not make them but do: odd types, odd texts, and mappings that misbehave.

It owns values and how to make them. What becomes of them is the tests' affair.
"""

from __future__ import annotations

import enum
from collections import OrderedDict, UserDict, defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from hypothesis import strategies as st
from lead_producers.record import MAX_DEPTH

SECRET = "joana.prado@cliente.example"


class OddText(str):
    """A text that says something else where one prints it."""

    __slots__ = ()

    def __str__(self) -> str:
        return "odd"

    __repr__ = __str__


class OddInt(int):
    def __repr__(self) -> str:
        return "odd"

    __str__ = __repr__


class OddFloat(float):
    def __repr__(self) -> str:
        return "odd"

    __str__ = __repr__


class OddDict(dict[str, Any]):
    """As Django's QueryDict, which has lists inside and gives the last of each."""

    def __getitem__(self, key: str) -> Any:
        return [super().__getitem__(key)]

    def values(self) -> Any:
        return [self[key] for key in self]

    def items(self) -> Any:
        return [(key, self[key]) for key in self]


class Colour(enum.Enum):
    RED = "red"
    PAIR = ("red", 1)
    NONE = None
    BYTES = b"red"


class Rank(enum.IntEnum):
    FIRST = 1


class Word(enum.StrEnum):
    HELLO = "olá"


TEXTS = st.text(st.characters(exclude_categories=())) | st.sampled_from(
    [
        "",
        "\0",
        "\ufeff",
        "\ufffe",
        "\u202eevil",
        "\u2028\u2029",
        "👩‍👩‍👧‍👦",
        "é",
        "e\u0301",
        "\ud83d\ude00",
        SECRET,
    ]
)
LONG = st.booleans().map(lambda below: -(10**5000) if below else 10**5000)
INTS = st.integers() | st.sampled_from([2**63, -(2**64), 10**300]) | LONG
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    INTS,
    st.floats(),
    TEXTS,
    st.builds(OddText, TEXTS),
    st.builds(OddInt, INTS),
    st.builds(OddFloat, st.floats()),
    st.binary(max_size=8),
    st.decimals() | st.just(Decimal("sNaN")),
    st.datetimes(timezones=st.just(UTC) | st.none()),
    st.dates(),
    st.times(),
    st.uuids(),
    st.sampled_from([*Colour, *Rank, *Word]),
    st.sampled_from([{1}, frozenset(), object(), 1j, range(3), print, timedelta(1), ..., Colour]),
    st.builds(lambda: (n for n in range(3))),
    st.builds(bytearray, st.binary(max_size=4)),
)
NAMES = TEXTS | st.builds(OddText, TEXTS) | st.sampled_from([Word.HELLO])
ODD_NAMES = st.none() | st.integers() | st.booleans() | st.binary(max_size=3) | st.just(Colour.RED)


def collections(
    inner: st.SearchStrategy[Any], names: st.SearchStrategy[Any]
) -> st.SearchStrategy[Any]:
    lists = st.lists(inner, max_size=4)
    dicts = st.dictionaries(names, inner, max_size=4)
    kinds = [OrderedDict, UserDict, MappingProxyType, OddDict, lambda d: defaultdict(list, d)]
    return st.one_of(
        lists,
        lists.map(tuple),
        dicts,
        st.builds(lambda kind, items: kind(items), st.sampled_from(kinds), dicts),
    )


def writable_containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return collections(inner, WRITABLE_TEXTS) | st.builds(deep, inner, st.integers(1, 8))


def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        collections(inner, NAMES),
        st.dictionaries(ODD_NAMES, inner, max_size=2),
        inner.map(holding_itself),
        st.builds(deep, inner, st.sampled_from([1, 8, MAX_DEPTH - 2, MAX_DEPTH, 2000])),
    )


def holding_itself(value: Any) -> list[Any]:
    found = [value]
    found.append(found)
    return found


def deep(value: Any, levels: int) -> Any:
    for _ in range(levels):
        value = {"a": value}
    return value


WRITABLE_TEXTS = st.text() | st.builds(OddText, st.text())
WRITABLE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers() | st.builds(OddInt, st.integers()),
    st.floats(allow_nan=False, allow_infinity=False).flatmap(
        lambda value: st.sampled_from([value, OddFloat(value)])
    ),
    WRITABLE_TEXTS,
    st.decimals(allow_nan=False, allow_infinity=False),
    st.datetimes(timezones=st.just(UTC) | st.none()) | st.dates() | st.times(),
    st.uuids(),
    st.sampled_from([Colour.RED, Colour.PAIR, Colour.NONE, *Rank, *Word]),
)
ANY = st.recursive(LEAVES, containers, max_leaves=12)
GOOD = st.recursive(WRITABLE, writable_containers, max_leaves=12)
LEADS = st.dictionaries(NAMES, ANY, max_size=5) | st.dictionaries(WRITABLE_TEXTS, GOOD, max_size=5)
"""Every other one can be stored."""


class Failing(Mapping[str, Any]):
    """As a row of a database whose connection is gone."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getitem__(self, key: str) -> Any:
        raise self._error

    def __iter__(self) -> Iterator[str]:
        return iter(["email"])

    def __len__(self) -> int:
        return 1


class Unsteady(Mapping[str, Any]):
    """Says something else each time that it is asked."""

    def __init__(self, *answers: Any) -> None:
        self._answers = answers
        self._asked = 0

    def __getitem__(self, key: str) -> Any:
        self._asked += 1
        return self._answers[self._asked % len(self._answers)]

    def __iter__(self) -> Iterator[str]:
        return iter(["a", "b"])

    def __len__(self) -> int:
        return 2


class Growing(dict[str, Any]):
    def values(self) -> Any:
        for name in super().copy():
            self[f"{name}-"] = SECRET
            yield self[name]

    def __iter__(self) -> Iterator[str]:
        for name in super().__iter__():
            self[f"{name}+"] = SECRET
            yield name


class Bottomless(dict[str, Any]):
    def items(self) -> Any:
        return [("a", Bottomless(a=1))]


class Itself(enum.Enum):
    ENDLESS = "endless"


Itself.ENDLESS._value_ = Itself.ENDLESS  # type: ignore[assignment]

HOSTILE: dict[str, Callable[[], Any]] = {
    "lookup": lambda: Failing(KeyError(SECRET)),
    "runtime": lambda: {"row": Failing(RuntimeError(SECRET))},
    "attribute": lambda: [{"row": [Failing(AttributeError(SECRET))]}][0],
    "of its own": lambda: Failing(type("Gone", (Exception,), {})(SECRET)),
    "growing": lambda: Growing(a=1),
    "growing inside": lambda: {"a": Growing(a=1)},
    "bottomless": lambda: {"a": Bottomless(a=1)},
    "itself": lambda: {"a": Itself.ENDLESS},
    "unsteady": lambda: Unsteady(SECRET, {SECRET}),
    "unsteady inside": lambda: {"a": Unsteady({1: SECRET}, SECRET, 1)},
}
