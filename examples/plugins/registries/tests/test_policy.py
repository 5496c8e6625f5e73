"""The policy in a real API server, in process."""

from __future__ import annotations

import allowed_registries.plugin
import pytest
from allowed_registries.policy import full_name

from sampan.contracts.kinds import Resource
from sampan.errors import Forbidden
from sampan_testing.cluster import start

PODS = Resource("", "v1", "pods", "Pod")
SETTINGS = {"registries": {"allowed": ["registry.example.org/team", "docker.io/library"]}}


@pytest.fixture(scope="module")
def client():
    with start({"registries": allowed_registries.plugin}, settings=SETTINGS, control=False) as cluster:
        yield cluster.client


def pod(name, **spec):
    return {"metadata": {"name": name}, "spec": {"containers": [{"name": "main", "image": "nginx:1"}], **spec}}


def test_an_image_from_elsewhere_is_refused_with_its_container_and_the_way_out(client):
    bad = pod(
        "bad", initContainers=[{"name": "first", "image": "elsewhere.example.net/tool", "restartPolicy": "Always"}]
    )

    with pytest.raises(Forbidden) as caught:
        client.create(PODS, bad, "default")

    assert caught.value.message == (
        "pods/default/bad: initContainers first has the image elsewhere.example.net/tool from elsewhere.example.net; "
        "images may come from registry.example.org/team, docker.io/library"
    )


@pytest.mark.parametrize(
    "image", ["nginx", "docker.io/library/nginx@sha256:" + "0" * 64, "registry.example.org/team/a:1"]
)
def test_allowed_images_pass(client, image):
    client.create(PODS, pod("good", containers=[{"name": "main", "image": image}]), "default")
    client.delete(PODS, "good", "default", grace=0)


@pytest.mark.parametrize("image", ["team/nginx", "registry.example.org/teams/a", "docker.io.example.net/library/a"])
def test_names_that_only_look_alike_do_not(client, image):
    with pytest.raises(Forbidden):
        client.create(PODS, pod("bad", containers=[{"name": "main", "image": image}]), "default")


def test_an_ephemeral_container_is_looked_at_and_an_update_of_another_field_is_not(client):
    made = client.create(PODS, pod("old"), "kube-system")
    made["spec"]["ephemeralContainers"] = [{"name": "debug", "image": "elsewhere.example.net/shell"}]
    client.update(PODS, made, subresource="ephemeralcontainers")  # exempt namespace

    here = client.create(PODS, pod("here"), "default")
    here["spec"]["ephemeralContainers"] = made["spec"]["ephemeralContainers"]
    with pytest.raises(Forbidden, match="ephemeralContainers debug"):
        client.update(PODS, here, subresource="ephemeralcontainers")
    client.patch(PODS, "here", {"metadata": {"labels": {"a": "b"}}}, "default")


def test_images_are_named_in_full():
    assert full_name("nginx") == "docker.io/library/nginx"
    assert full_name("team/nginx") == "docker.io/team/nginx"
    assert full_name("localhost:5000/nginx") == "localhost:5000/nginx"
