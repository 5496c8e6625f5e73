from __future__ import annotations

import pytest
from contexts import one

from sampan_federation.resources import WORKS
from sampan_federation.works.controller import Works
from sampan_federation.works.made import label_value, labelled, work_of, write
from sampan_federation.works.names import BINDING_NAME, BINDING_NAMESPACE

LABEL, VALUE = "example.com/of", "shop.a"


def made(name, color="red", cluster="east"):
    metadata = {"name": name, "namespace": "shop"}
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"color": color}}
    return work_of(manifest, cluster, LABEL, VALUE)


@pytest.fixture
def host():
    with one(Works) as found:
        yield found


def wrote(host, *works):
    cache = host.caches.of(WORKS)
    host.synced()
    write(host.client, cache, labelled(cache, LABEL, VALUE), works)
    host.synced()
    return {
        w["metadata"]["name"].split("-")[0]: w for w in host.api.list(WORKS) if "deletionTimestamp" not in w["metadata"]
    }


def test_works_are_created_updated_and_deleted(host):
    wrote(host, made("a"), made("b"))
    found = wrote(host, made("a", "blue"))

    assert list(found) == ["a"]
    assert found["a"]["spec"]["workload"]["manifests"][0]["data"] == {"color": "blue"}


def test_a_work_that_says_the_same_is_not_written(host):
    before = wrote(host, made("a"))

    assert wrote(host, made("a")) == before


def test_a_work_of_a_binding_is_left_alone(host):
    bound = made("a")
    bound["metadata"]["annotations"] |= {BINDING_NAMESPACE: "shop", BINDING_NAME: "b"}
    host.api.create(WORKS, bound)

    assert wrote(host, made("a", "blue"))["a"]["spec"] == bound["spec"]


def test_a_label_is_never_too_long():
    long = label_value("n" * 63, "s" * 63)

    assert len(long) <= 63 and long != label_value("n" * 63, "t" * 63)
    assert label_value("a", "b") == "a.b"
