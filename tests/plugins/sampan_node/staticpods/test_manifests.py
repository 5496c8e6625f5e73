import json

import pytest

from sampan_node.staticpods.manifests import LARGEST, mirror, read, static_pod
from sampan_node.staticpods.mirrors import is_static

MANIFEST = """
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  containers: [{name: main, image: "busybox:1"}]
"""


def test_a_manifest_is_a_pod_of_this_node():
    pod = static_pod(MANIFEST.encode(), "n1", 0.0)

    assert (pod["metadata"]["name"], pod["metadata"]["namespace"]) == ("web-n1", "default")
    assert pod["metadata"]["annotations"]["kubernetes.io/config.hash"] == pod["metadata"]["uid"]
    assert (pod["spec"]["nodeName"], pod["spec"]["restartPolicy"]) == ("n1", "Always")
    assert pod["spec"]["tolerations"][-1] == {"operator": "Exists", "effect": "NoExecute"}
    assert is_static(pod)


def test_another_manifest_is_another_pod_and_the_same_is_the_same():
    first = static_pod(MANIFEST.encode(), "n1", 0.0)["metadata"]["uid"]

    assert static_pod(MANIFEST.encode(), "n1", 9.0)["metadata"]["uid"] == first
    assert static_pod(MANIFEST.replace("busybox:1", "busybox:2").encode(), "n1", 0.0)["metadata"]["uid"] != first


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [", ""),
        ("kind: Job\nspec: {}", "is not a Pod"),
        ("kind: Pod\nspec: {}", "metadata.name is missing"),
        ("kind: Pod\nmetadata: {name: a}\nspec: {containers: []}", "spec.containers"),
        (MANIFEST + "  serviceAccountName: x\n", "objects of the API"),
        (MANIFEST + "  volumes: [{name: v, secret: {secretName: s}}]\n", "objects of the API"),
        (MANIFEST.replace('"busybox:1"', '"b:1", envFrom: [{secretRef: {name: s}}]'), "objects of the API"),
    ],
)
def test_what_is_no_pod_that_runs_without_an_api_is_told_with_its_file(tmp_path, text, words):
    (tmp_path / "bad.yaml").write_text(text)
    (tmp_path / "good.json").write_text(json.dumps({**json.loads(GOOD)}))

    found = read(tmp_path, "n1", 0.0)

    assert words in found.problems["bad.yaml"]
    assert [pod["metadata"]["name"] for pod in found.pods.values()] == ["good-n1"]


GOOD = '{"kind": "Pod", "metadata": {"name": "good"}, "spec": {"containers": [{"name": "a", "image": "i"}]}}'


def test_hidden_files_other_endings_and_huge_ones_are_no_manifests(tmp_path):
    for name in (".hidden.yaml", "readme.txt"):
        (tmp_path / name).write_text(MANIFEST)
    (tmp_path / "huge.yaml").write_text("#" * (LARGEST + 1))
    (tmp_path / "folder.yaml").mkdir()

    found = read(tmp_path, "n1", 0.0)

    assert (found.pods, list(found.problems)) == ({}, ["huge.yaml"])
    assert read(tmp_path / "none", "n1", 0.0).pods == {}


def test_a_mirror_is_owned_by_the_node_and_says_of_which_pod_it_is():
    pod = static_pod(MANIFEST.encode(), "n1", 0.0)
    made = mirror(pod, {"metadata": {"name": "n1", "uid": "node-uid"}})

    assert made["metadata"]["annotations"]["kubernetes.io/config.mirror"] == pod["metadata"]["uid"]
    assert made["metadata"]["ownerReferences"][0]["uid"] == "node-uid"
    assert "uid" not in made["metadata"]
