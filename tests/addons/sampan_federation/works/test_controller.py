from __future__ import annotations

import pytest
from contexts import one

from sampan_federation.resources import (
    CLUSTER_OVERRIDE_POLICIES,
    CLUSTERS,
    RESOURCE_BINDINGS,
    WORKS,
)
from sampan_federation.works.controller import Works
from sampan_machinery.resources import CONFIG_MAPS, NAMESPACES

KEY = ("default", "a-configmap")


@pytest.fixture
def host():
    with one(Works) as found:
        found.api.create(CLUSTERS, {"metadata": {"name": "east"}, "spec": {}})
        found.api.create(CONFIG_MAPS, {"metadata": {"name": "a", "namespace": "default"}, "data": {"color": "red"}})
        yield found


def bind(host, *clusters, **metadata):
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "namespace": "default", "name": "a"}
    where = {"name": KEY[1], "namespace": KEY[0], **metadata}
    spec = {"resource": reference, "clusters": [{"name": each} for each in clusters]}
    return host.api.create(RESOURCE_BINDINGS, {"metadata": where, "spec": spec})


def works(host):
    return list(host.api.list(WORKS))


def test_a_work_is_made_for_each_cluster_that_there_is(host):
    bind(host, "east", "nowhere")

    assert host.handle(KEY) is None

    [work] = works(host)
    assert work["metadata"]["namespace"] == "karmada-es-east"
    assert work["spec"]["workload"]["manifests"][0]["data"] == {"color": "red"}


def test_a_work_that_says_the_same_is_not_written_again(host):
    bind(host, "east")
    host.handle(KEY)
    before = works(host)

    host.handle(KEY)

    assert works(host) == before


def test_a_work_that_was_changed_is_put_right(host):
    bind(host, "east")
    host.handle(KEY)
    [work] = works(host)
    host.api.update(WORKS, {**work, "spec": {"workload": {"manifests": []}}})

    host.handle(KEY)

    assert works(host)[0]["spec"]["workload"]["manifests"]


def test_an_override_that_fails_is_said_about_the_binding_and_tried_again(host):
    bind(host, "east")
    broken = {"plaintext": [{"operator": "remove", "path": "/nothing"}]}
    spec = {"overrideRules": [{"overriders": broken}]}
    host.api.create(CLUSTER_OVERRIDE_POLICIES, {"metadata": {"name": "p"}, "spec": spec})

    assert host.handle(KEY)

    assert not works(host)
    assert host.events[0][0] == "ApplyOverridePolicyFailed"
    assert KEY in host.keys


def test_works_of_a_binding_that_is_gone_are_deleted(host):
    bind(host, "east")
    host.handle(KEY)
    host.api.remove(RESOURCE_BINDINGS, KEY[1], KEY[0])

    host.handle(KEY)

    assert all(work["metadata"].get("deletionTimestamp") for work in works(host))


def test_a_binding_that_is_being_deleted_waits_for_its_works(host):
    bind(host, "east", finalizers=["karmada.io/binding-controller"])
    host.handle(KEY)
    host.client.delete(RESOURCE_BINDINGS, KEY[1], KEY[0])
    host.handle(KEY)
    assert host.api.get(RESOURCE_BINDINGS, KEY[1], KEY[0])["metadata"]["finalizers"]
    for work in works(host):
        host.api.remove(WORKS, work["metadata"]["name"], work["metadata"]["namespace"])

    host.handle(KEY)

    assert host.api.get(RESOURCE_BINDINGS, KEY[1], KEY[0]) is None


def test_without_its_template_nothing_is_written(host):
    bind(host, "east")
    host.api.remove(CONFIG_MAPS, "a", "default")

    assert host.handle(KEY) is None
    assert not works(host) and not list(host.api.list(NAMESPACES))


def test_a_cluster_whose_labels_change_has_its_bindings_rendered_again(host):
    bind(host, "east")
    host.synced()
    host.keys.clear()
    cluster = host.api.get(CLUSTERS, "east")
    host.api.update(CLUSTERS, {**cluster, "metadata": {**cluster["metadata"], "labels": {"a": "b"}}})
    host.synced()

    assert host.keys == [KEY]
