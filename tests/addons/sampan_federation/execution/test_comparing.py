import pytest

from sampan_federation.execution.comparing import MOST_PATHS, differences, digest, fingerprint


def obj(spec, **metadata):
    return {"apiVersion": "v1", "kind": "X", "metadata": {"name": "a", **metadata}, "spec": spec}


@pytest.mark.parametrize(
    ("wanted", "seen"),
    [
        ({"a": 1}, {"a": 1, "b": 2}),
        ({"a": {"b": 1}}, {"a": {"b": 1, "c": 2}}),
        ({"a": [{"name": "x"}]}, {"a": [{"name": "x", "default": True}]}),
        ({"cpu": "1000m"}, {"cpu": "1"}),
        ({"cpu": 1}, {"cpu": "1"}),
        ({"a": None, "b": "", "c": [], "d": {}, "e": 0, "f": False}, {}),
    ],
)
def test_what_holds_everything_does_not_differ(wanted, seen):
    assert differences(obj(wanted), obj(seen)) == []


@pytest.mark.parametrize(
    ("wanted", "seen", "path"),
    [
        ({"a": 1}, {"a": 2}, "spec.a"),
        ({"a": 1}, {}, "spec.a"),
        ({"a": [1]}, {"a": [1, 2]}, "spec.a"),
        ({"a": [{"b": 1}]}, {"a": [{"b": 2}]}, "spec.a[0].b"),
        ({"a": True}, {"a": 1}, "spec.a"),
        ({"a": {"b": 1}}, {"a": "text"}, "spec.a"),
    ],
)
def test_what_differs_is_named(wanted, seen, path):
    assert differences(obj(wanted), obj(seen)) == [path]


def test_of_metadata_labels_and_annotations_count():
    wanted = obj({}, labels={"a": "1"}, annotations={"b": "2"})

    assert differences(wanted, obj({}, labels={"a": "1", "x": "y"}, annotations={"b": "2"}, uid="u")) == []
    assert differences(wanted, obj({}, labels={"a": "2"})) == ["metadata.labels.a", "metadata.annotations.b"]


def test_no_more_paths_are_named_than_can_be_read():
    assert len(differences(obj({str(number): 1 for number in range(50)}), obj({}))) == MOST_PATHS


def test_a_fingerprint_is_of_all_but_metadata_and_status():
    one = fingerprint({**obj({"a": 1}), "status": {"x": 1}})

    assert one == fingerprint({**obj({"a": 1}, uid="u"), "status": {"x": 2}})
    assert one != fingerprint(obj({"a": 2}))
    assert fingerprint({"spec": object()}) == ""


def test_a_digest_does_not_depend_on_the_order_of_keys():
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1}) != digest({"a": 1})
