from __future__ import annotations

import pytest

from sampan.contracts.kinds import Resource
from sampan.errors import BadRequest, Invalid

PODS = Resource("", "v1", "pods", "Pod")
TEMPLATES = Resource("", "v1", "podtemplates", "PodTemplate")


def names(client, fields):
    return [pod["metadata"]["name"] for pod in client.list(PODS, "default", fields=fields).items]


def test_fields_select(client, make):
    make("a", nodeName="n1", restartPolicy="Never")
    make("b", serviceAccountName="robot", hostNetwork=True)
    patch = {"status": {"phase": "Running", "podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}]}}
    client.patch(PODS, "b", patch, "default", subresource="status")

    assert names(client, "spec.nodeName=n1") == ["a"]
    assert names(client, "spec.nodeName=") == ["b"]
    assert names(client, "spec.restartPolicy!=Never") == ["b"]
    assert names(client, "spec.serviceAccountName=robot") == ["b"]
    assert names(client, "spec.hostNetwork=true") == ["b"]
    assert names(client, "status.phase=Pending") == ["a"]
    assert names(client, "status.podIP=10.0.0.1,metadata.name=b") == ["b"]
    with pytest.raises(BadRequest):
        names(client, "spec.containers=x")


def test_every_problem_is_named(client):
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": {"containers": [{"name": "A"}]}}

    with pytest.raises(Invalid) as refused:
        client.create(PODS, body, "default")

    assert [cause.field for cause in refused.value.causes] == ["spec.containers[0].name", "spec.containers[0].image"]


def test_a_table_shows_what_kubectl_prints(client, make):
    make(nodeName="n1")
    headers = {"accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}

    table = client.request("GET", "/api/v1/namespaces/default/pods", headers=headers).body

    assert b'"cells":["web","0/1","Pending","0",' in table


def test_a_template_has_defaults_of_its_own(client):
    spec = {"containers": [{"name": "c", "image": "x"}]}
    body = {"apiVersion": "v1", "kind": "PodTemplate", "metadata": {"name": "t"}, "template": {"spec": spec}}

    made = client.create(TEMPLATES, body, "default")

    assert made["template"]["spec"]["restartPolicy"] == "Always"
    assert "enableServiceLinks" not in made["template"]["spec"]


def test_ephemeral_containers_are_added_and_stay(client, make):
    make()
    first = {"spec": {"ephemeralContainers": [{"name": "debug", "image": "busybox"}]}}
    pod = client.patch(PODS, "web", first, "default", how="strategic", subresource="ephemeralcontainers")
    assert pod["spec"]["ephemeralContainers"][0]["imagePullPolicy"] == "Always"
    assert pod["metadata"]["generation"] == 2

    pod["spec"]["ephemeralContainers"].append({"name": "more", "image": "busybox", "targetContainerName": "main"})
    pod = client.update(PODS, pod, subresource="ephemeralcontainers")
    assert [c["name"] for c in pod["spec"]["ephemeralContainers"]] == ["debug", "more"]

    pod["spec"]["ephemeralContainers"] = []
    with pytest.raises(Invalid, match="may not be removed or changed"):
        client.update(PODS, pod, subresource="ephemeralcontainers")


def test_an_ephemeral_container_has_no_ports_and_a_target_that_exists(client, make):
    make()
    bad = {"name": "debug", "image": "x", "targetContainerName": "ghost", "ports": [{"containerPort": 80}]}

    with pytest.raises(Invalid) as refused:
        patch = {"spec": {"ephemeralContainers": [bad]}}
        client.patch(PODS, "web", patch, "default", how="strategic", subresource="ephemeralcontainers")

    assert [cause.field for cause in refused.value.causes] == [
        "spec.ephemeralContainers[0].targetContainerName",
        "spec.ephemeralContainers[0].ports",
    ]


CPU = {"resourceName": "cpu", "restartPolicy": "NotRequired"}


def test_a_new_pod_has_no_ephemeral_containers_and_all_that_is_wrong_with_them_is_named(client):
    bad = {"name": "debug", "startupProbe": {}, "resizePolicy": [CPU], "restartPolicy": "Always"}
    body = {"metadata": {"name": "new"}, "spec": {"ephemeralContainers": [bad]}}

    with pytest.raises(Invalid) as refused:
        client.create(PODS, body, "default")

    assert [cause.field for cause in refused.value.causes] == [
        "spec.containers",
        "spec.ephemeralContainers[0].image",
        "spec.ephemeralContainers[0].resizePolicy",
        "spec.ephemeralContainers[0].restartPolicy",
        "spec.ephemeralContainers[0].startupProbe",
        "spec.ephemeralContainers",
    ]


def test_a_pod_tolerates_a_silent_node_for_five_minutes(make):
    found = make()["spec"]["tolerations"]

    assert [(t["key"].partition("/")[2], t["tolerationSeconds"]) for t in found] == [
        ("not-ready", 300),
        ("unreachable", 300),
    ]


def test_a_gated_pod_has_no_node_yet(client, make):
    with pytest.raises(Invalid) as refused:
        make("a", nodeName="n1", schedulingGates=[{"name": "example.com/wait"}])

    (cause,) = refused.value.causes
    assert (cause.field, cause.reason) == ("spec.nodeName", "FieldValueForbidden")


def test_label_keys_of_a_new_pod_become_part_of_its_selectors(client, make):
    spread = {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway", "labelSelector": {}}
    body = {"metadata": {"name": "a", "labels": {"app": "web"}}, "spec": {
        "containers": [{"name": "a", "image": "x"}],
        "topologySpreadConstraints": [{**spread, "matchLabelKeys": ["app"]}]}}  # fmt: skip

    made = client.create(PODS, body, "default")

    assert made["spec"]["topologySpreadConstraints"][0]["labelSelector"] == {
        "matchExpressions": [{"key": "app", "operator": "In", "values": ["web"]}]
    }
