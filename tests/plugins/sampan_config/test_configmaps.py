from __future__ import annotations

import pytest

from sampan_config.configmaps import CONFIG_MAP, validate


def problems(new, old=None):
    return [(p.path, p.message) for p in validate({"metadata": {"name": "c"}, **new}, old)]


@pytest.mark.parametrize("key", ["a", "key.name", "KEY_NAME", "..data"[2:], "a" * 253])
def test_keys_are_plain_words(key):
    assert problems({"data": {key: "x"}, "binaryData": {}}) == []


@pytest.mark.parametrize("key", ["", "a b", "a/b", ".", "..", "..data", "a" * 254])
def test_other_keys_are_refused_by_name(key):
    assert {path for path, _ in problems({"data": {key: "x"}})} == {f"data[{key}]"}


def test_a_key_stands_in_one_place_only():
    assert problems({"data": {"a": "x"}, "binaryData": {"a": "eA=="}}) == [
        ("data[a]", 'Invalid value: "a": duplicate of key present in binaryData')
    ]


def test_all_values_together_have_a_limit():
    half = 512 * 1024

    assert problems({"data": {"a": "x" * half, "b": "x" * half}}) == []
    assert problems({"data": {"a": "ü" * half, "b": "x"}}) == [("", "Too long: may not be more than 1048576 bytes")]


def test_an_immutable_one_keeps_its_mark_and_its_data():
    old = {"metadata": {}, "immutable": True, "data": {"a": "1"}}

    assert problems({"immutable": True, "data": {"a": "1"}, "binaryData": {}}, old) == []
    assert [path for path, _ in problems({"data": {"a": "2"}}, old)] == ["immutable", "data"]
    assert [path for path, _ in problems({"immutable": True, "data": {"a": "1"}, "binaryData": {"b": ""}}, old)] == [
        "binaryData"
    ]


def test_data_counts_both_sorts_of_values():
    cells = [
        column.cell({"metadata": {"name": "c"}, "data": {"a": ""}, "binaryData": {"b": ""}})
        for column in CONFIG_MAP.columns
    ]

    assert cells == ["c", 2, None]
