import pytest

from sampan.contracts.kinds import Resource
from sampan.errors import Invalid

PODS = Resource("", "v1", "pods", "Pod")
WANTED = {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"cpu": "200m", "memory": "64Mi"}}


@pytest.fixture
def pod(make):
    return make(containers=[{"name": "main", "image": "busybox", "resources": WANTED}])


@pytest.fixture
def resize(client, pod):
    def act(**containers):
        wanted = [{"name": name, **fields} for name, fields in containers.items()]
        return client.patch(
            PODS, "web", {"spec": {"containers": wanted}}, "default", subresource="resize", how="strategic"
        )

    return act


def test_a_resize_changes_amounts_and_counts_as_a_change_of_the_spec(client, pod, resize):
    changed = resize(main={"resources": {"limits": {"cpu": "1"}}, "image": "other"})

    assert changed["spec"]["containers"][0]["resources"]["limits"] == {"cpu": "1", "memory": "64Mi"}
    assert changed["spec"]["containers"][0]["image"] == "busybox"
    assert changed["metadata"]["generation"] == pod["metadata"]["generation"] + 1
    assert client.get(PODS, "web", "default", subresource="resize") == client.get(PODS, "web", "default")


def test_the_whole_pod_may_be_put_and_only_resources_of_it_are_kept(client, pod):
    pod["spec"]["containers"][0]["resources"]["requests"]["cpu"] = "150m"
    pod["spec"]["activeDeadlineSeconds"] = 5
    pod["metadata"]["labels"] = {"a": "b"}

    changed = client.update(PODS, pod, subresource="resize")

    assert changed["spec"]["containers"][0]["resources"]["requests"]["cpu"] == "150m"
    assert "activeDeadlineSeconds" not in changed["spec"]


def test_beside_the_subresource_resources_do_not_change(client, pod):
    pod["spec"]["containers"][0]["resources"]["requests"]["cpu"] = "150m"
    with pytest.raises(Invalid, match="pod updates may not change fields other than"):
        client.update(PODS, pod)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"resources": {"requests": {"cpu": "200m"}}}, "Pod QOS Class may not change"),
        ({"resources": {"limits": {"memory": None}}}, "resource limits cannot be removed"),
        ({"resources": {"limits": {"ephemeral-storage": "1Gi"}}}, "only cpu and memory resources are mutable"),
        ({"resizePolicy": [{"resourceName": "cpu", "restartPolicy": "RestartContainer"}]}, "only cpu and memory"),
        ({"resources": {"requests": {"cpu": "300m"}}}, "must be less than or equal to cpu limit"),
    ],
)  # fmt: skip
def test_what_a_resize_may_not_change(client, make, fields, words):
    same = {"cpu": "200m", "memory": "64Mi"} if "QOS" in words else WANTED["limits"]
    make(containers=[{"name": "main", "image": "busybox", "resources": {**WANTED, "limits": same}}])
    with pytest.raises(Invalid, match=words):
        client.patch(
            PODS, "web", {"spec": {"containers": [{"name": "main", **fields}]}}, "default", subresource="resize",
            how="strategic",
        )  # fmt: skip


def test_containers_are_not_added_by_a_resize(resize):
    with pytest.raises(Invalid, match="containers may not be added or removed on resize"):
        resize(other={"image": "busybox"})


def test_a_pod_with_resources_of_its_own_is_not_resized(client, make):
    make(containers=[{"name": "main", "image": "busybox"}], resources={"limits": {"cpu": "1", "memory": "1Gi"}})
    with pytest.raises(Invalid, match="pod-level resources"):
        client.patch(
            PODS, "web", {"spec": {"containers": [{"name": "main", "resources": {"limits": {"cpu": "1"}}}]}},
            "default", subresource="resize", how="strategic",
        )  # fmt: skip


def test_amounts_that_no_pod_has_are_told_first_and_make_no_class(client, make):
    make(containers=[{"name": "main", "image": "busybox"}])
    wanted = {"spec": {"containers": [{"name": "main", "resources": {"requests": {"cpu": "-1"}}}]}}

    with pytest.raises(Invalid) as refused:
        client.patch(PODS, "web", wanted, "default", subresource="resize", how="strategic")

    assert [cause.field for cause in refused.value.causes] == ["spec.containers[0].resources.requests[cpu]"]
    wanted["spec"]["containers"][0]["resources"]["requests"] = {"cpu": "-1", "memory": "1Gi"}
    with pytest.raises(Invalid) as refused:
        client.patch(PODS, "web", wanted, "default", subresource="resize", how="strategic")
    assert [cause.field for cause in refused.value.causes] == ["spec.containers[0].resources.requests[cpu]", "spec"]
