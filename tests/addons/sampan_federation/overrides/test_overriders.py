import json

import pytest

from sampan_federation.overrides.overriders import apply
from sampan_federation.overrides.refusals import OverrideFailed


def deployment():
    containers = [
        {"name": "web", "image": "nginx:1", "command": ["run"], "args": ["--a", "--b"]},
        {"name": "side", "image": "a.example/side:2"},
    ]
    return {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d", "labels": {"app": "d"}},
        "spec": {"replicas": 1, "template": {"spec": {"containers": containers}}},
    }  # fmt: skip


def containers(obj):
    return obj["spec"]["template"]["spec"]["containers"]


def test_an_image_overrider_changes_every_container():
    override = {"imageOverrider": [{"component": "Registry", "operator": "replace", "value": "m.example"}]}

    found = apply(deployment(), override)

    assert [each["image"] for each in containers(found)] == ["m.example/nginx:1", "m.example/side:2"]
    assert containers(deployment())[0]["image"] == "nginx:1"


def test_a_predicate_names_one_image_of_any_kind():
    widget = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": {"image": "a:1"}}
    override = {
        "imageOverrider": [
            {"predicate": {"path": "/spec/image"}, "component": "Tag", "operator": "replace", "value": "2"}
        ]
    }

    assert apply(widget, override)["spec"]["image"] == "a:2"


def test_commands_and_arguments_of_the_named_container():
    found = apply(
        deployment(),
        {
            "commandOverrider": [{"containerName": "web", "operator": "add", "value": ["-x"]}],
            "argsOverrider": [
                {"containerName": "web", "operator": "remove", "value": ["--a"]},
                {"containerName": "side", "operator": "add", "value": ["--c"]},
                {"containerName": "other", "operator": "add", "value": ["--d"]},
            ],
        },
    )

    web, side = containers(found)
    assert (web["command"], web["args"], side["args"]) == (["run", "-x"], ["--b"], ["--c"])


def test_labels_and_annotations_are_added_replaced_and_removed():
    found = apply(
        deployment(),
        {
            "labelsOverrider": [
                {"operator": "replace", "value": {"app": "e", "absent": "x"}},
                {"operator": "add", "value": {"example.com/new": "1"}},
            ],
            "annotationsOverrider": [
                {"operator": "add", "value": {"a": "1", "b": "2"}}, {"operator": "remove", "value": {"a": ""}}
            ],
        },
    )  # fmt: skip

    assert found["metadata"]["labels"] == {"app": "e", "example.com/new": "1"}
    assert found["metadata"]["annotations"] == {"b": "2"}


def test_the_json_patch_is_last():
    found = apply(
        deployment(),
        {
            "plaintext": [
                {"operator": "replace", "path": "/spec/replicas", "value": 5},
                {"operator": "remove", "path": "/metadata/labels/app"},
                {"operator": "add", "path": "/metadata/labels/x", "value": "1"},
            ],
            "labelsOverrider": [{"operator": "replace", "value": {"app": "e"}}],
        },
    )

    assert found["spec"]["replicas"] == 5
    assert found["metadata"]["labels"] == {"x": "1"}


def test_fields_inside_json_and_yaml_texts():
    config = {
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"},
        "data": {"a.json": '{"db": {"host": "x"}}', "b.yaml": "db:\n  host: x\n  port: 1\n"},
    }  # fmt: skip
    operation = {"subPath": "/db/host", "operator": "replace", "value": "y"}

    found = apply(
        config,
        {
            "fieldOverrider": [
                {"fieldPath": "/data/a.json", "json": [operation]},
                {"fieldPath": "/data/b.yaml", "yaml": [operation, {"subPath": "/db/port", "operator": "remove"}]},
            ]
        },
    )

    assert json.loads(found["data"]["a.json"]) == {"db": {"host": "y"}}
    assert found["data"]["b.yaml"] == "db:\n  host: y\n"


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ({"plaintext": [{"operator": "replace", "path": "/spec/nothing/x", "value": 1}]}, "plaintext"),
        ({"plaintext": [{"operator": "move", "path": "/spec/x"}]}, "plaintext: operator 'move'"),
        (
            {"imageOverrider": [{"component": "Tag", "operator": "replace", "value": " "}]},
            r"imageOverrider\[0\]: value",
        ),
        (
            {"imageOverrider": [{"predicate": {"path": "/spec/x"}, "component": "Tag", "operator": "remove"}]},
            "nothing at /spec/x",
        ),
        ({"argsOverrider": [{"containerName": "web", "operator": "replace"}]}, r"argsOverrider\[0\]: operator"),
        ({"labelsOverrider": [{"operator": "set", "value": {}}]}, r"labelsOverrider\[0\]: operator"),
        ({"fieldOverrider": [{"fieldPath": "/spec/replicas", "json": [{}]}]}, "is no text"),
        ({"fieldOverrider": [{"fieldPath": "spec", "json": [{}]}]}, "does not begin with /"),
    ],
)
def test_what_cannot_be_done_names_the_field(override, words):
    with pytest.raises(OverrideFailed, match=words):
        apply(deployment(), override)


def test_a_text_that_is_no_json_or_yaml_is_refused():
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": "{", "b": "a: [}"}}
    operation = {"subPath": "/a", "operator": "add", "value": 1}

    for path, form in (("/data/a", "json"), ("/data/b", "yaml")):
        with pytest.raises(OverrideFailed, match="is no"):
            apply(config, {"fieldOverrider": [{"fieldPath": path, form: [operation]}]})
