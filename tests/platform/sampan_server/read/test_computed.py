"""Kinds whose objects are made when they are read."""

import json

import pytest

from sampan.contracts.kinds import Kind
from sampan_server.plugins.answers import kind_complaint

SCHEMA = {"type": "object", "properties": {"color": {"type": "string"}}}


def lamps(cluster):
    assert cluster is not None
    return [
        {"metadata": {"name": name, "namespace": where, "labels": {"color": color}}, "color": color}
        for name, where, color in (("a", "default", "red"), ("b", "default", "blue"), ("c", "elsewhere", "red"))
    ]


def kind(**more):
    said = {"verbs": ("get", "list"), "computed": lamps, **more}
    return Kind(group="example.com", version="v1", kind="Lamp", plural="lamps", schema=SCHEMA, **said)


@pytest.fixture
def api(make, shapes):
    return make(shapes.Extra(kinds=[kind()]))


PATH = "/apis/example.com/v1/namespaces/default/lamps"


def names(answer):
    return [each["metadata"]["name"] for each in answer.json["items"]]


def test_they_are_listed_by_namespace_and_selectors(api):
    assert names(api.get(PATH)) == ["a", "b"]
    assert names(api.get("/apis/example.com/v1/lamps")) == ["a", "b", "c"]
    assert names(api.get("/apis/example.com/v1/lamps?labelSelector=color=red")) == ["a", "c"]
    assert names(api.get(f"{PATH}?fieldSelector=metadata.name=b")) == ["b"]


def test_one_is_read_by_its_name(api):
    assert api.get(f"{PATH}/a").json["color"] == "red"
    assert api.get(f"{PATH}/c").status_code == 404


def test_they_are_shown_as_a_table_too(api):
    accept = {"Accept": "application/json;as=Table;g=meta.k8s.io;v=v1"}

    assert [row["cells"][0] for row in api.get(PATH, headers=accept).json["rows"]] == ["a", "b"]


@pytest.mark.parametrize("method, path", [("POST", PATH), ("DELETE", f"{PATH}/a"), ("PUT", f"{PATH}/a")])
def test_they_are_not_written(api, method, path):
    assert api.call(method, path, {"metadata": {"name": "a"}}).status_code == 405


def test_they_are_not_watched(api):
    assert api.get(f"{PATH}?watch=true").status_code == 405


def test_discovery_names_what_can_be_done(api):
    (entry,) = json.loads(api.get("/apis/example.com/v1").content)["resources"]

    assert entry["verbs"] == ["get", "list"]
    assert "storageVersionHash" not in entry


def test_other_verbs_are_refused_at_boot():
    assert "get and list only" in kind_complaint(kind(verbs=("get", "list", "watch")))
    assert kind_complaint(kind()) == ""
