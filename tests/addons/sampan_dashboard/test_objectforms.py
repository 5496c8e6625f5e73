from __future__ import annotations

import msgspec
import pytest

from sampan.errors import BadRequest
from sampan_dashboard import objectforms
from sampan_dashboard.objectforms import Form, dotted, leaves, without_blanks
from sampan_dashboard.schemas import PREFIX, Definitions

PORT = {"type": "object", "required": ["port"], "properties": {"port": {"type": "integer"}, "name": {"type": "string"}}}
SCHEMAS = {
    "Port": PORT,
    "Spec": {
        "type": "object",
        "properties": {
            "replicas": {"type": "integer", "description": "how many"}, "paused": {"type": "boolean"},
            "policy": {"type": "string", "enum": ["Always", "Never"]}, "ratio": {"type": "number", "default": 0.5},
            "target": {"format": "int-or-string", "oneOf": [{"type": "integer"}, {"type": "string"}]},
            "memory": {"oneOf": [{"type": "string"}, {"type": "number"}]}, "free": {"type": "object"},
            "ports": {"type": "array", "items": {"$ref": PREFIX + "Port"}},
            "args": {"type": "array", "items": {"type": "string"}},
            "labels": {"type": "object", "additionalProperties": {"type": "string"}},
            "first": {"allOf": [{"$ref": PREFIX + "Port"}], "default": {}},
        },
    },
}  # fmt: skip
ROOT = {"type": "object", "properties": {
    "apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object", "properties": {
        name: {"type": "string"} for name in ("name", "uid", "annotations")
    }}, "spec": {"$ref": PREFIX + "Spec"}, "status": {"type": "object"},
}, "required": ["spec"]}  # fmt: skip
OBJECT = {
    "apiVersion": "v1", "kind": "Sample", "metadata": {"name": "a"},
    "spec": {
        "replicas": 2, "paused": False, "policy": "Always", "target": 80, "memory": "1Gi", "free": {"x": [1]},
        "ports": [{"port": 80, "name": "web"}, {"port": 81}], "args": ["a", "b"], "labels": {"a/b~c": "1"},
    },
}  # fmt: skip


@pytest.fixture
def form():
    raw = {name: msgspec.Raw(msgspec.json.encode(schema)) for name, schema in SCHEMAS.items()}
    return Form(Definitions(raw), ROOT)


def nodes(node):
    yield node
    for each in node.children:
        yield from nodes(each)


def by_pointer(form, obj=OBJECT):
    return {node.pointer: node for node in nodes(form.tree(obj))}


def test_each_field_of_the_object_is_an_input_of_its_type(form):
    found = by_pointer(form)

    assert {pointer.removeprefix("/spec/"): (found[pointer].sort, found[pointer].text) for pointer in found
            if pointer.startswith("/spec/")} == {
        "replicas": ("number", "2"), "paused": ("flag", "false"), "policy": ("choice", "Always"),
        "target": ("either", "80"), "memory": ("text", "1Gi"), "free": ("json", '{"x": [1]}'), "ports": ("list", ""),
        "ports/0": ("group", ""), "ports/0/port": ("number", "80"), "ports/0/name": ("text", "web"),
        "ports/1": ("group", ""), "ports/1/port": ("number", "81"), "args": ("list", ""), "args/0": ("text", "a"),
        "args/1": ("text", "b"), "labels": ("map", ""), "labels/a~1b~0c": ("text", "1"),
    }  # fmt: skip
    assert (found["/spec"].absent, found["/spec/ports/1"].absent) == (("first", "ratio"), ("name",))
    assert (found["/spec/replicas"].help, found["/spec/ports/0"].name) == ("how many", "1: web")
    assert found["/spec/ports/0/port"].required and not found["/spec/ports/0/name"].required


def test_what_is_fixed_is_neither_shown_nor_offered(form):
    found = by_pointer(form)

    assert not {"/apiVersion", "/kind", "/metadata/name"} & found.keys()
    assert (found[""].absent, found["/metadata"].absent) == ((), ("annotations",))


def test_only_what_was_changed_is_written(form):
    filled = form.filled(OBJECT, {
        "f:/spec/replicas": "3", "f:/spec/paused": "true", "f:/spec/policy": "Never", "f:/spec/target": "http",
        "f:/spec/memory": "2", "f:/spec/free": '{"y": null}', "f:/spec/ports/1/port": " 82 ",
        "f:/spec/args/0": "x\r\ny",
        "f:/spec/labels/a~1b~0c": "2", "f:/unknown/field": "no", "f:/metadata/name": "other",
    })  # fmt: skip

    assert filled == {**OBJECT, "spec": {
        "replicas": 3, "paused": True, "policy": "Never", "target": "http", "memory": "2", "free": {"y": None},
        "ports": [{"port": 80, "name": "web"}, {"port": 82}], "args": ["x\ny", "b"], "labels": {"a/b~c": "2"},
    }}  # fmt: skip
    assert form.filled(OBJECT, {}) == OBJECT
    assert form.filled(OBJECT, {f"f:{node.pointer}": node.text for node in leaves(form.tree(OBJECT))}) == OBJECT


def test_a_number_that_was_emptied_is_removed_and_one_that_is_none_is_left_to_the_server(form):
    filled = form.filled(OBJECT, {"f:/spec/replicas": "", "f:/spec/ports/0/port": "many", "f:/spec/target": "010"})

    assert "replicas" not in filled["spec"]
    assert (filled["spec"]["ports"][0]["port"], filled["spec"]["target"]) == ("many", "010")


def test_entries_of_a_list_of_numbers_are_removed_from_the_last_on():
    form = Form(Definitions(), {})

    assert form.filled({"a": [1, 2, 3]}, {"f:/a/0": "", "f:/a/1": ""}) == {"a": [3]}


def test_fields_entries_and_keys_are_added_with_what_they_need(form):
    def added(pointer, name="", text=""):
        found, where = form.added(OBJECT, pointer, name, text)
        return where, found["spec"]

    assert added("/spec", "ratio")[1]["ratio"] == 0.5
    assert added("/spec", "first")[1]["first"] == {}
    assert added("/spec/ports")[0] == "/spec/ports/2" and added("/spec/ports")[1]["ports"][2] == {"port": None}
    assert added("/spec/args")[1]["args"] == ["a", "b", ""]
    assert added("/spec/labels", "n/m", "v") == ("/spec/labels/n~1m", {**OBJECT["spec"], "labels": {
        **OBJECT["spec"]["labels"], "n/m": "v"}})  # fmt: skip
    assert "ratio" not in OBJECT["spec"] and len(OBJECT["spec"]["ports"]) == 2


@pytest.mark.parametrize(
    ("pointer", "name"),
    [("/spec", "replicas"), ("/spec", ""), ("/spec/replicas", "x"), ("/no", "x"), ("/spec/ports/9", "name"),
     ("/spec/ports/x", "name"), ("/spec/ports/99999999999999999999", "name")],
)  # fmt: skip
def test_what_cannot_be_added_is_refused(form, pointer, name):
    with pytest.raises(BadRequest):
        form.added(OBJECT, pointer, name)


@pytest.mark.parametrize(
    "pointer", ["", "/no", "/spec/no", "/spec/ports/7", "/spec/ports/x", "/spec/replicas/x", "/kind"]
)
def test_what_cannot_be_removed_is_refused(pointer):
    with pytest.raises(BadRequest):
        objectforms.remove(objectforms.copied(OBJECT), pointer)


def test_an_entry_is_removed():
    found = objectforms.copied(OBJECT)
    objectforms.remove(found, "/spec/ports/0")
    objectforms.remove(found, "/spec/labels/a~1b~0c")

    assert (found["spec"]["ports"], found["spec"]["labels"]) == ([{"port": 81}], {})


def test_what_was_added_and_not_filled_is_not_sent():
    assert without_blanks({"a": [{"port": None, "name": ""}, None], "b": None}) == {"a": [{"name": ""}]}


def test_what_is_no_json_is_told_with_its_field(form):
    with pytest.raises(BadRequest, match=r"spec\.free is not JSON"):
        form.filled(OBJECT, {"f:/spec/free": "{"})


def test_what_cannot_be_read_stays_beside_what_can(form):
    given = {"f:/spec/free": "{", "f:/spec/replicas": "3", "k:/spec/labels": "a/b~c"}

    found = form.filled(OBJECT, given, strict=False)

    assert found == {**OBJECT, "spec": {**OBJECT["spec"], "replicas": 3}}


def test_a_key_that_was_typed_counts_without_its_button(form):
    found = form.filled(OBJECT, {"k:/spec/labels": " new ", "v:/spec/labels": "2", "k:/spec": "ratio"})

    assert found["spec"]["labels"] == {"a/b~c": "1", "new": "2"}
    assert "ratio" not in found["spec"], "a list of names always has one chosen"
    with pytest.raises(BadRequest, match=r"takes no new field 'a/b~c'"):
        form.filled(OBJECT, {"k:/spec/labels": "a/b~c"})


def test_a_value_of_another_type_than_its_schema_stays_as_it_is(form):
    odd = {"spec": {"replicas": "x", "paused": "maybe", "ports": {"a": 1}, "labels": None, "policy": "Odd", "args": 5}}
    found = by_pointer(form, odd)

    assert form.filled(odd, {f"f:{node.pointer}": node.text for node in leaves(form.tree(odd))}) == odd
    assert {found[f"/spec/{name}"].sort for name in ("replicas", "paused", "labels", "args")} == {"json"}
    assert found["/spec/policy"].sort == "text"


def test_without_a_schema_fields_are_as_their_values():
    form = Form(Definitions(), {})
    found = {node.pointer: node.sort for node in nodes(form.tree({"a": {"b": 1, "c": [True, 1.5, "x", None]}}))}

    assert found == {"": "group", "/a": "group", "/a/b": "number", "/a/c": "list", "/a/c/0": "flag",
                     "/a/c/1": "number", "/a/c/2": "text", "/a/c/3": "json"}  # fmt: skip


def test_an_object_of_too_many_fields_is_edited_as_yaml(form):
    with pytest.raises(BadRequest, match="as YAML"):
        form.tree({"spec": {"args": ["x"] * objectforms.MOST}})


def test_fields_are_named_as_messages_of_the_api_name_them():
    assert [dotted(each) for each in ("/spec/ports/0", "", "/a~1b")] == ["spec.ports.0", "the object", "a/b"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("How many. Defaults to 1.", "How many"), ("How many.", "How many."), ("e.g. 5", "e.g. 5"), (None, ""),
        ("A version like 1.36\nmore", "A version like 1.36"), ("x" * 500, "x" * 239 + "…"),
    ],
)  # fmt: skip
def test_the_first_sentence_of_a_description_is_shown(text, shown):
    assert objectforms.first_sentence(text) == shown
