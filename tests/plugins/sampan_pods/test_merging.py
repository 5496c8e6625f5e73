import pytest

from sampan.errors import Invalid
from sampan_machinery.resources import PODS
from sampan_pods.merging import merge_ephemeral


def pod(*containers, **more):
    return {"metadata": {"name": "web"}, "spec": {"ephemeralContainers": list(containers), **more}}


DEBUG = {"name": "debug", "image": "busybox", "terminationMessagePolicy": "File"}


def test_a_container_is_added_and_nothing_else_changes():
    current = pod(DEBUG, nodeName="n1")
    merged = merge_ephemeral(current, pod({"name": "debug", "image": "busybox"}, {"name": "more"}, nodeName="n2"))

    assert merged["spec"] == {"nodeName": "n1", "ephemeralContainers": [DEBUG, {"name": "more"}]}


@pytest.mark.parametrize("submitted", [pod(), pod({"name": "debug", "image": "other"}), pod({"name": "other"}), {}])
def test_an_existing_one_may_not_be_removed_or_changed(submitted):
    with pytest.raises(Invalid, match="existing ephemeral containers 'debug' may not be removed or changed"):
        merge_ephemeral(pod(DEBUG), submitted)


def test_who_applies_to_a_subresource_owns_what_it_sent(client, make):
    make()
    config = {"apiVersion": "v1", "kind": "Pod", "spec": {"ephemeralContainers": [{"name": "e", "image": "b"}]}}

    made = client.patch(
        PODS, "web", config, "default", how="apply", subresource="ephemeralcontainers", field_manager="me"
    )

    entry = next(each for each in made["metadata"]["managedFields"] if each["manager"] == "me")
    assert (entry["operation"], entry["subresource"]) == ("Apply", "ephemeralcontainers")
    owned = {".": {}, "f:image": {}, "f:name": {}}
    assert entry["fieldsV1"] == {"f:spec": {"f:ephemeralContainers": {'k:{"name":"e"}': owned}}}
