import pytest

from sampan.errors import Invalid
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
