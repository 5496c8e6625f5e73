from __future__ import annotations

import json

import msgspec
import pytest
import yaml

from sampan_dashboard import forms
from sampan_dashboard.forms import Field, fields, filled, problem, value, words
from sampan_logging.settings import Settings


def field(key="a", sort="text", text="", **more):
    return Field(key, sort, text, "", "", more.pop("is_set", False), **more)


def test_a_record_of_settings_is_a_form():
    """The schema that msgspec makes, as `sampan addons configure -o json` gives it."""
    found = msgspec.json.schema(Settings)
    schema = found["$defs"]["Settings"]
    values = {**msgspec.to_builtins(Settings()), "urls": ["http://a", "http://b"], "verify": False}

    made = {each.key: each for each in fields({"schema": schema, "values": values, "set": ["urls"]})}

    assert (made["urls"].sort, made["urls"].text, made["urls"].is_set) == ("lines", "http://a\nhttp://b", True)
    assert (made["verify"].sort, made["verify"].text, made["verify"].default) == ("check", "", "yes")
    assert (made["shards"].sort, made["shards"].step, made["sync_seconds"].step) == ("number", "1", "any")
    assert (made["sync_seconds"].text, made["user"].text) == ("0.2", "")


def test_other_shapes_are_choices_and_json():
    schema = {"properties": {"mode": {"enum": ["a", "b"]}, "map": {"type": "object"}}}

    mode, table = fields({"schema": schema, "values": {"mode": "b", "map": {"x": 1}}, "set": []})

    assert (mode.sort, mode.choices, mode.text) == ("choice", ("a", "b"), "b")
    assert (table.sort, table.text) == ("json", '{"x": 1}')


@pytest.mark.parametrize(
    ("found", "form", "expected"),
    [
        (field(text="x"), {"set.a": "x "}, []),
        (field(text="x"), {"set.a": "y"}, ['a="y"']),
        (field(text="x"), {"set.a": ""}, ['a=""']),
        (field(text="x"), {"set.a": "~"}, ['a="~"']),
        (field(sort="number", text="1"), {"set.a": "2.5"}, ["a=2.5"]),
        (field(sort="number", text="1"), {"set.a": "many"}, ['a="many"']),
        (field(sort="check", text="yes"), {}, ["a=false"]),
        (field(sort="check"), {"set.a": "yes"}, ["a=true"]),
        (field(sort="lines", text="b"), {"set.a": "b\r\n c \r\n"}, ['a=["b", "c"]']),
        (field(sort="json", text="{}"), {"set.a": '{"x": [1]}'}, ['a={"x": [1]}']),
        (field(text="x", is_set=True), {"set.a": "y", "reset.a": "yes"}, ["a-"]),
        (field(text="x"), {"set.a": "y", "reset.a": "yes"}, []),
    ],
)
def test_only_what_was_changed_becomes_words(found, form, expected):
    assert words([found], form) == expected


@pytest.mark.parametrize("given", ["no", "1e3", "0x1f", "- a", "a: b", "2026-01-01", "ä#'\"", "null"])
def test_the_command_reads_the_text_that_was_typed(given):
    """It reads values as YAML, in which JSON means the same."""
    assert yaml.safe_load(json.dumps(value("text", given), ensure_ascii=False)) == given


def test_what_was_filled_in_is_kept():
    assert filled([field(text="x")], {"set.a": "y"})[0].text == "y"


def test_a_message_names_its_setting():
    assert problem("plugins.dns.port must be a whole number, not 'x'") == ("port", "must be a whole number, not 'x'")
    assert problem("the cluster does not answer") == ("", "the cluster does not answer")
    assert forms.problem("plugins.dns cannot be loaded")[0] == ""
