"""The table of field facts."""

from __future__ import annotations

import gzip

import msgspec
import pytest

from sampan_machinery.schema import table

FACTS = {
    "version": "v1.2.0",
    "kinds": {"apps/v1/Thing": "example.Thing"},
    "types": {"example.Thing": {"fields": {"size": "#example.Size"}, "required": ["size"]}, "example.Size": "quantity"},
}


def _read(facts: object = FACTS) -> table.Table:
    return table.read(gzip.compress(msgspec.json.encode(facts)))


def test_types_are_found_by_kind() -> None:
    found = _read()

    assert found.version == "v1.2.0"
    assert found.type_name("apps", "v1", "Thing") == "example.Thing"
    assert found.type_name("apps", "v2", "Thing") is None
    assert found.struct("example.Thing") == FACTS["types"]["example.Thing"]  # type: ignore[index]


def test_a_scalar_is_no_struct() -> None:
    assert _read().struct("example.Size") is None
    assert _read().types["example.Size"] == "quantity"


def test_an_unknown_type_is_a_key_error() -> None:
    assert "example.None" not in _read().types
    with pytest.raises(KeyError):
        _read().struct("example.None")


def test_all_types_are_named_without_being_decoded() -> None:
    assert list(_read().types) == ["example.Thing", "example.Size"]
    assert len(_read().types) == 2


def test_facts_are_decoded_one_time() -> None:
    types = _read().types

    assert types["example.Thing"] is types["example.Thing"]


def test_an_extended_table_has_its_own_types_first() -> None:
    more = _read().extended({"example.Size": "string", "example.New": "int32"}, {"/v1/New": "example.New"})

    assert more.types["example.Size"] == "string"
    assert more.struct("example.Thing") == FACTS["types"]["example.Thing"]  # type: ignore[index]
    assert more.type_name("", "v1", "New") == "example.New"
    assert more.type_name("apps", "v1", "Thing") == "example.Thing"
