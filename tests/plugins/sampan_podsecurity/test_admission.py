"""The rules in the real API server, in process, and what they decide alone."""

import pytest

from sampan.errors import Forbidden, Invalid
from sampan_machinery.resources import DEPLOYMENTS, NAMESPACES, PODS
from sampan_podsecurity.admission import TEMPLATES, is_significant, labels_of, template_of
from sampan_testing.cluster import start

P = "pod-security.kubernetes.io/"
SETTINGS = {
    "podsecurity": {"exempt_users": ["trusted"], "exempt_namespaces": ["free"], "exempt_runtime_classes": ["vm"]}
}
ONLY = ("namespaces", "pods", "podsecurity", "workloads")
REFUSED = (
    'pods "web" is forbidden: violates PodSecurity "baseline:latest": '
    'privileged (container "c" must not set securityContext.privileged=true)'
)


@pytest.fixture
def cluster():
    with start(only=ONLY, settings=SETTINGS, control=False) as cluster:
        yield cluster


def namespace(cluster, name="a", **labels):
    metadata = {"name": name, "labels": {P + key.replace("_", "-"): value for key, value in labels.items()}}
    return cluster.client.create(NAMESPACES, {"metadata": metadata})


def pod(**spec):
    container = {"name": "c", "image": "x", "securityContext": {"privileged": True}}
    return {"metadata": {"name": "web"}, "spec": {"containers": [container], **spec}}


def deployment():
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": pod()["spec"]}
    return {"metadata": {"name": "web"}, "spec": {"selector": {"matchLabels": labels}, "template": template}}


def warnings(cluster, path, body):
    return cluster.client.request("POST", path, body=body).headers.get("warning", "")


def test_a_pod_that_the_level_does_not_allow_is_refused(cluster):
    namespace(cluster, enforce="baseline")

    with pytest.raises(Forbidden) as refused:
        cluster.client.create(PODS, pod(), "a")

    assert str(refused.value) == REFUSED


def test_without_a_label_everything_is_allowed(cluster):
    namespace(cluster)

    assert warnings(cluster, "/api/v1/namespaces/a/pods", pod()) == ""


def test_a_template_is_warned_of_only(cluster):
    namespace(cluster, enforce="baseline")

    said = warnings(cluster, "/apis/apps/v1/namespaces/a/deployments", deployment())

    assert 'would violate PodSecurity \\"baseline:latest\\": privileged (container \\"c\\"' in said


def test_a_level_that_only_warns(cluster):
    namespace(cluster, warn="baseline")

    said = warnings(cluster, "/api/v1/namespaces/a/pods", pod())

    assert said.startswith('299 - "would violate PodSecurity')


def test_exemptions(cluster):
    namespace(cluster, enforce="baseline")
    namespace(cluster, "free", enforce="baseline")

    cluster.client.create(PODS, pod(runtimeClassName="vm"), "a")
    cluster.client.create(PODS, pod(), "free")
    cluster.client_as("trusted").create(PODS, {**pod(), "metadata": {"name": "other"}}, "a")


def test_the_labels_of_an_exempt_namespace_are_warned_of(cluster):
    metadata = {"name": "free", "labels": {f"{P}enforce": "baseline"}}

    said = warnings(cluster, "/api/v1/namespaces", {"metadata": metadata})

    assert "is exempt from Pod Security, and the policy (enforce=baseline:latest) will be ignored" in said


def test_labels_that_cannot_be_read_are_refused(cluster):
    with pytest.raises(Invalid, match="must be one of privileged, baseline, restricted"):
        namespace(cluster, enforce="odd")
    namespace(cluster)
    with pytest.raises(Invalid, match=r'must be "latest" or "v1.x"'):
        cluster.client.patch(NAMESPACES, "a", {"metadata": {"labels": {f"{P}warn-version": "new"}}})


def test_a_stricter_level_warns_of_the_pods_that_are_there(cluster):
    namespace(cluster)
    cluster.client.create(PODS, pod(), "a")

    answer = cluster.client.request(
        "PATCH", "/api/v1/namespaces/a", body={"metadata": {"labels": {f"{P}enforce": "baseline"}}},
        headers={"Content-Type": "application/merge-patch+json"},
    )  # fmt: skip

    assert "web: privileged" in answer.headers["warning"]


def test_a_pod_that_is_there_may_change_but_not_its_image(cluster):
    namespace(cluster)
    web = cluster.client.create(PODS, pod(), "a")
    cluster.client.patch(NAMESPACES, "a", {"metadata": {"labels": {f"{P}enforce": "baseline"}}})

    cluster.client.patch(PODS, "web", {"metadata": {"labels": {"a": "b"}}}, "a")
    with pytest.raises(Forbidden, match="violates PodSecurity"):
        cluster.client.patch(
            PODS, "web", {"spec": {"containers": [{**web["spec"]["containers"][0], "image": "y"}]}}, "a"
        )


def spec(containers=(), **more):
    return {"spec": {"containers": [{"name": name, "image": image} for name, image in containers], **more}}


@pytest.mark.parametrize(
    "new, significant",
    [
        (spec([("a", "1")]), False),
        (spec([("a", "2")]), True),
        (spec([("a", "1")], initContainers=[{"name": "b", "image": "1"}]), True),
        (spec([("a", "1")], ephemeralContainers=[{"name": "e", "image": "1"}]), True),
    ],
)
def test_which_updates_matter(new, significant):
    assert is_significant(new, spec([("a", "1")])) is significant


@pytest.mark.parametrize("group_resource", TEMPLATES)
def test_each_kind_has_its_template_in_its_place(group_resource):
    template = {"spec": {"containers": []}}
    obj = template
    for field in reversed(TEMPLATES[group_resource]):
        obj = {field: obj}

    assert template_of(group_resource, obj) == template
    assert template_of(group_resource, {}) == {}


def test_labels_of_what_has_none():
    assert labels_of(None) == labels_of({"metadata": {}}) == {}
    assert DEPLOYMENTS.group_resource in TEMPLATES
