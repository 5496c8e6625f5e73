"""What mutations make of an object."""

import pytest

from sampan_machinery import schema
from sampan_machinery.apply.unowned import merged
from sampan_policies.evaluation import Failed
from sampan_policies.mutating import MutatingPolicy

MAP = schema.load().node("", "v1", "ConfigMap")
OBJECT = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"x": "y"}}


def mutated(text, kind="ApplyConfiguration"):
    body = {"jsonPatch" if kind == "JSONPatch" else "applyConfiguration": {"expression": text}, "patchType": kind}
    policy = MutatingPolicy({"metadata": {"name": "p"}, "spec": {"mutations": [body]}})
    return policy.mutate(policy.mutations[0], OBJECT, {"object": OBJECT}, lambda obj, config: merged(obj, config, MAP))


def test_a_configuration_is_merged():
    found = mutated("Object{data: {'z': object.data.x}}")

    assert found["data"] == {"x": "y", "z": "y"}
    assert OBJECT["data"] == {"x": "y"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Object{data: Object.wrong{}}", r'^type mismatch: unexpected type name "Object\.wrong"'),
        ("Object{nothing: 1}", r"^error applying patch: failed to convert patch object to typed object"),
        ("Object{data: {1: 'a'}}", r"^invalid return type: map key 1 is of type int, not string"),
        ("Object{data: object.nothing}", r"resulted in error: no such key: nothing$"),
        ("object", r"^must evaluate to Object but got dyn$"),
    ],
)
def test_a_configuration_that_cannot_be_merged_fails(text, words):
    with pytest.raises(Failed, match=words):
        mutated(text)


def test_a_json_patch_is_applied():
    found = mutated("[JSONPatch{op: 'replace', path: '/data/x', value: 'new'}]", "JSONPatch")

    assert found["data"] == {"x": "new"}


def test_a_patch_whose_test_fails_changes_nothing():
    text = "[JSONPatch{op: 'remove', path: '/data'}, JSONPatch{op: 'test', path: '/data/x', value: 'other'}]"

    assert mutated(text.replace("/data'", "/metadata/name'"), "JSONPatch") is OBJECT


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[JSONPatch{op: 'remove', path: '/nothing/at/all'}]", r"^JSON Patch: remove operation does not apply"),
        ("[JSONPatch{op: 'odd', path: '/a'}]", r"^JSON Patch: Unexpected kind: odd"),
        ("[JSONPatch{op: 'replace', path: '', value: 1}]", r"^JSON Patch: the result is no object$"),
        ("[JSONPatch{op: 'add', path: '/data', value: b'x'}]", r"could not marshal to JSON"),
        ("[JSONPatch{op: 'add', path: '/data', value: Object.a{b: Object.c{}}}]", r"^type mismatch"),
    ],
)
def test_a_json_patch_that_cannot_be_applied_fails(text, words):
    with pytest.raises(Failed, match=words):
        mutated(text, "JSONPatch")
