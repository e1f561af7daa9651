"""The codec: what is written comes back equal, anything else is refused by name, and the chain shows every touch."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

import attrs
import pendulum
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phaseflow.stores import codec
from phaseflow.stores.base import Head, StoredEntry
from phaseflow.stores.codec import CodecError


@attrs.frozen(kw_only=True)
class Person:
    id: str
    absent: bool = False


@attrs.frozen(kw_only=True)
class Body:
    name: str


@attrs.frozen(kw_only=True)
class Everything:
    name: str
    amount: int | Fraction | Decimal
    count: int = 0
    day: date | None = None
    at: datetime | None = None
    share: Fraction | None = None
    money: Decimal | None = None
    notice: timedelta | None = None
    kind: Literal["open", "shut"] = "open"
    when: date | datetime | None = None
    until: date | Literal["never"] = "never"
    by: Person | None = None
    subject: Person | Body | None = None
    crowd: tuple[Person | Body, ...] = ()
    shares: Mapping[str, Fraction] = attrs.field(factory=dict)
    pair: tuple[int, str] = (0, "")
    tags: frozenset[str] = frozenset()


KNOWN = codec.registry_of(Everything, Person | Body)

texts = st.text(st.characters(exclude_categories=["Cs"]))
instants = st.datetimes(timezones=st.just(UTC), min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30))  # noqa: DTZ001
persons = st.builds(Person, id=texts, absent=st.booleans())
decimals = st.decimals(allow_nan=False, allow_infinity=False)
everything = st.builds(
    Everything,
    name=texts,
    count=st.integers(),
    day=st.none() | st.dates(),
    at=st.none() | instants,
    share=st.none() | st.fractions(),
    money=st.none() | decimals,
    notice=st.none() | st.timedeltas(),
    kind=st.sampled_from(["open", "shut"]),
    when=st.none() | st.dates() | instants,
    amount=st.integers() | st.fractions() | decimals,
    until=st.just("never") | st.dates(),
    by=st.none() | persons,
    subject=st.none() | persons | st.builds(Body, name=texts),
    crowd=st.lists(persons | st.builds(Body, name=texts), max_size=3).map(tuple),
    shares=st.dictionaries(texts, st.fractions(), max_size=3),
    pair=st.tuples(st.integers(), texts),
    tags=st.frozensets(texts, max_size=3),
)


@given(everything)
def test_round_trip(value: Everything) -> None:
    """Whatever is encoded is decoded to an equal value, and encoding that gives the same bytes."""
    text = codec.encode(value)
    again = codec.decode(text, KNOWN)
    assert again == value
    assert type(again.amount) is type(value.amount)
    assert type(again.when) is type(value.when)
    assert codec.encode(again) == text
    assert codec.from_plain(codec.to_plain(value), KNOWN) == value


def test_the_written_form_is_fixed() -> None:
    """The canonical text is sorted, without blanks, in plain UTF-8, with names only where a union needs them."""
    value = Everything(
        name="现场",
        amount=10000,
        at=datetime(2009, 3, 14, tzinfo=timezone(timedelta(hours=8))),
        share=Fraction(17, 20),
        money=Decimal("1.50"),
        notice=timedelta(days=7),
        by=Person(id="wang"),
        subject=Person(id="li.na"),
        tags=frozenset("ba"),
    )
    assert codec.encode(value) == (
        '{"@type":"Everything","amount":10000,"at":"2009-03-13T16:00:00Z","by":{"id":"wang"},"money":"1.50","name":"现场",'
        '"notice":"PT604800S","share":"17/20","subject":{"@type":"Person","id":"li.na"},"tags":["a","b"]}'
    )


def test_a_pendulum_instant_is_written_like_any_other() -> None:
    """Subclasses of datetime leave no trace in the text."""
    at = pendulum.datetime(2009, 3, 14, tz="Asia/Shanghai")
    assert codec.write_instant(at) == "2009-03-13T16:00:00Z"
    assert codec.dumps([at, pendulum.datetime(2009, 3, 14)]) == '["2009-03-13T16:00:00Z","2009-03-14T00:00:00Z"]'
    assert type(codec.read_instant("2009-03-13T16:00:00Z")) is datetime


@given(st.lists(instants))
def test_instant_keys_sort_as_instants(ats: list[datetime]) -> None:
    """Keys made with instant_key sort as the instants do, and read back to them."""
    keys = sorted(map(codec.instant_key, ats))
    assert [codec.read_instant(key) for key in keys] == sorted(ats)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"@type":"Persn","id":"a"}', "did you mean 'Person'"),
        ('{"id":"a"}', "names no class"),
        ("[1]", "names no class"),
        ("{", "not JSON"),
        ('{"@type":"Person","id":1.5}', "float"),
        ('{"@type":"Person","id":NaN}', "float"),
        ('{"@type":"Person","id":1}', "1 is not a text"),
        ('{"@type":"Person"}', "required field missing @ Person.id"),
        ('{"@type":"Person","id":"a","age":4}', "age"),
        ('{"@type":"Person","id":"a","absent":1}', "not true or false"),
        ('{"@type":"Everything","amount":0,"name":"","count":true}', "True is not an integer"),
        ('{"@type":"Everything","amount":0,"name":"","kind":"ajar"}', "ajar"),
        ('{"@type":"Everything","amount":0,"name":"","at":"2009-03-13T16:00:00"}', "not an instant"),
        ('{"@type":"Everything","amount":0,"name":"","subject":{"@type":"Else"}}', "none of Person, Body"),
        ('{"@type":"Everything","amount":0,"name":"","subject":{"id":"a"}}', "none of Person, Body"),
    ],
)
def test_nothing_is_guessed(text: str, expected: str) -> None:
    """A text that is not exactly what was written is refused, and the refusal names the place."""
    with pytest.raises(CodecError, match="error PF91") as caught:
        codec.decode(text, KNOWN)
    assert expected in str(caught.value)


@attrs.frozen
class Ambiguous:
    value: str | Fraction


@attrs.frozen
class Loose:
    value: Any


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Loose(0.1), "float"),
        (Loose(datetime(2009, 3, 1)), "no time zone"),  # noqa: DTZ001
        (Loose("\ud800"), "half a character"),
        (Loose(Decimal("NaN")), "not an amount"),
        (Everything(name="a", amount=1, day=datetime(2009, 3, 1, tzinfo=UTC)), "where a date belongs"),
        (Loose(object()), "cannot be written|not JSON serializable"),
    ],
)
def test_what_has_no_exact_form_is_refused(value: object, expected: str) -> None:
    """Floats, naive datetimes, half characters and unknown objects never reach the store."""
    with pytest.raises(CodecError, match=expected):
        codec.encode(value)


def test_an_ambiguous_field_is_refused() -> None:
    """A field that may be str or a type written as text cannot be read back, and says so instead of guessing."""
    with pytest.raises(CodecError, match="nothing tells them apart"):
        codec.decode('{"@type":"Ambiguous","value":"1/2"}', codec.registry_of(Ambiguous))


def test_a_registry_refuses_namesakes() -> None:
    """Two classes of one name cannot be told apart in a text."""
    other = attrs.make_class("Person", ["id"])
    with pytest.raises(CodecError, match="two classes are called 'Person'"):
        codec.registry_of(Person, other)


# --- hashes ---------------------------------------------------------------------------------------------------------


def trail(*bodies: str) -> list[StoredEntry]:
    return list(codec.link("r", codec.genesis("r"), 0, bodies))


def test_hashes_are_fixed_for_ever() -> None:
    """The hash of a known trail never changes between releases."""
    assert trail("{}", '{"a":"现"}')[-1].hash == "ef19ae10ad4ca3843ae54a581d6cb7c507ed5b10e5713c6855df9a79ed4ed5c3"
    assert codec.commit("salt", "Li Na") == "c6ffae16b840360937a2291104701f7ae4754bfb34e7cfb59ad7f88e4efdedca"
    assert codec.merkle_root(["a", "b", "c"]) == "57f5fb9a66f275dafb40d1530e18dbc4a81a355dce23fe636770bb91b9e860e9"


bodies_lists = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), min_size=2, max_size=8)


@given(bodies_lists, st.data())
def test_every_touch_shows(bodies: list[str], data: st.DataObject) -> None:
    """Law 14: an edited body, a removed inner entry, a swap and, against the head, a cut tail are all found."""
    whole = trail(*bodies)
    head = Head(run="r", campaign="c", plan="p", seq=len(whole), chain=whole[-1].hash, status="open")
    assert codec.verify_chain(whole, "r", head) == []
    at = data.draw(st.integers(0, len(whole) - 1))
    edited = [*whole[:at], attrs.evolve(whole[at], body=whole[at].body + "x"), *whole[at + 1 :]]
    assert [(f.kind, f.seq) for f in codec.verify_chain(edited, "r")] == [("edit", at + 1)]
    cut = whole[:at] + whole[at + 1 :]
    kinds = [f.kind for f in codec.verify_chain(cut, "r", head)]
    assert kinds == (["tail"] if at == len(whole) - 1 else ["gap"])
    to = data.draw(st.integers(0, len(whole) - 1).filter(lambda i: i != at))
    moved = list(whole)
    moved[at], moved[to] = whole[to], whole[at]
    assert codec.verify_chain(moved, "r")
    renumbered = [attrs.evolve(entry, seq=n) for n, entry in enumerate(moved, 1)]
    assert codec.verify_chain(renumbered, "r")


def test_a_chain_belongs_to_its_run() -> None:
    """The trail of one run cannot be shown as that of another."""
    assert [f.kind for f in codec.verify_chain(trail("{}"), "s")] == ["edit"]
    mixed = [*trail("a")[:1], attrs.evolve(trail("a", "b")[1], run="s")]
    assert [(f.kind, f.seq) for f in codec.verify_chain(mixed, "r")] == [("edit", 2)]
    renamed = [attrs.evolve(entry, run="s") for entry in trail("{}")]
    assert [f.kind for f in codec.verify_chain(renamed, "s")] == ["edit"]


def test_a_rewritten_chain_shows_against_a_kept_head() -> None:
    """R17: a chain rewritten as a whole is sound in itself and is found only against a head kept elsewhere."""
    old, new = trail("a", "b"), trail("a", "c")
    kept = Head(run="r", campaign="c", plan="p", seq=2, chain=old[-1].hash, status="open")
    assert codec.verify_chain(new, "r") == []
    assert [f.kind for f in codec.verify_chain(new, "r", kept)] == ["tail"]


def test_framing_keeps_parts_apart() -> None:
    """Moving a character from one part to the next changes the hash."""
    assert codec.commit("ab", "c") != codec.commit("a", "bc")
    assert codec.merkle_root(["ab", "c"]) != codec.merkle_root(["a", "bc"])
    assert codec.merkle_root([]) != codec.merkle_root([""])


@given(st.lists(texts, max_size=9, unique=True), st.data())
def test_a_root_binds_each_leaf_and_its_place(leaves: list[str], data: st.DataObject) -> None:
    """A root changes with any leaf dropped, added or moved."""
    root = codec.merkle_root(leaves)
    assert codec.merkle_root([*leaves, "more"]) != root
    if leaves:
        at = data.draw(st.integers(0, len(leaves) - 1))
        assert codec.merkle_root(leaves[:at] + leaves[at + 1 :]) != root
    if len(leaves) > 1:
        assert codec.merkle_root(leaves[1:] + leaves[:1]) != root


def test_the_anchor_does_not_depend_on_the_order_of_heads() -> None:
    """The root over heads is one text for one set of runs, and a missing run changes it."""
    heads = [
        Head(run=run, campaign="c", plan="p", seq=1, chain=codec.genesis(run), status="open") for run in ("b", "a", "c")
    ]
    assert codec.heads_root(heads) == codec.heads_root(sorted(heads, key=lambda h: h.run))
    assert codec.heads_root(heads) != codec.heads_root(heads[1:])
