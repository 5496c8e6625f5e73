"""kubectl, unmodified: what apply removes, takes over and compares, and kustomize."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess

import pytest
from clusters import Cluster, until

pytestmark = pytest.mark.kubectl
ID = "applyset.kubernetes.io/id"
PART_OF = "applyset.kubernetes.io/part-of"
OVERLAY = """
resources: [../base]
namePrefix: test-
labels: [{pairs: {env: test}, includeSelectors: true}]
replicas: [{name: web, count: 0}]
patches:
- {target: {kind: Deployment}, patch: '[{"op": "add", "path": "/metadata/annotations", "value": {"by": "patch"}}]'}
"""


@pytest.fixture
def cluster(exec_cluster: Cluster) -> Cluster:
    return exec_cluster


def config_map(name: str, **data: str) -> dict:
    return {
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": {"set": "one"}},
        "data": data or {"of": name},
    }  # fmt: skip


def lines(*manifests: dict) -> str:
    return "\n---\n".join(json.dumps(each) for each in manifests)


def apply(cluster: Cluster, *manifests: dict, more: tuple[str, ...] = ()) -> list[str]:
    return cluster.kubectl("apply", *more, "-f", "-", input=lines(*manifests)).splitlines()


def test_prune_removes_what_was_applied_and_is_no_longer_there(cluster, namespace):
    prune = ("--prune", "--selector=set=one", "--prune-allowlist=core/v1/ConfigMap")
    apply(cluster, config_map("a"), config_map("b"))
    cluster.kubectl("create", "configmap", "never-applied")
    cluster.kubectl("label", "configmap", "never-applied", "set=one")

    assert apply(cluster, config_map("a"), more=(*prune, "--dry-run=server")) == [
        "configmap/a unchanged (server dry run)", "configmap/b pruned (server dry run)",
    ]  # fmt: skip
    assert apply(cluster, config_map("a"), more=prune) == ["configmap/a unchanged", "configmap/b pruned"]

    left = cluster.kubectl("get", "configmap", "-l", "set=one", "-o", "name").split()
    assert left == ["configmap/a", "configmap/never-applied"]


def test_prune_without_a_list_of_kinds_asks_for_all_of_them(cluster, namespace):
    apply(cluster, config_map("a"), config_map("b"))

    assert "configmap/b pruned" in apply(cluster, config_map("a"), more=("--prune", "--selector=set=one"))


@pytest.mark.parametrize("parent", ["secret/fleet", "configmap/fleet"])
def test_an_apply_set_is_kept_in_its_parent_and_prunes_its_own_members_only(cluster, namespace, parent, monkeypatch):
    monkeypatch.setenv("KUBECTL_APPLYSET", "true")
    kind, _, name = parent.partition("/")
    options = ("-n", namespace, "--server-side", "--prune", f"--applyset={kind}s/{name}")
    apply(cluster, config_map("mine"), config_map("gone"), more=options)
    apply(cluster, config_map("other"))

    said = apply(cluster, config_map("mine"), more=options)

    assert said == ["configmap/mine serverside-applied", "configmap/gone pruned"]
    metadata = cluster.get(kind, name)["metadata"]
    assert metadata["annotations"]["applyset.kubernetes.io/contains-group-kinds"] == "ConfigMap"
    members = cluster.kubectl("get", "cm", "-l", f"{PART_OF}={metadata['labels'][ID]}", "-o", "name").split()
    assert members == ["configmap/mine"]
    assert cluster.kubectl("get", "cm", "-l", "set=one", "-o", "name").split() == ["configmap/mine", "configmap/other"]


def test_a_custom_resource_is_the_parent_of_an_apply_set(cluster, namespace, monkeypatch):
    monkeypatch.setenv("KUBECTL_APPLYSET", "true")
    schema = {"openAPIV3Schema": {"type": "object"}}
    spec = {
        "group": "sets.example", "scope": "Namespaced", "names": {"plural": "fleets", "kind": "Fleet"},
        "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
    }  # fmt: skip
    labels = {"applyset.kubernetes.io/is-parent-type": "true"}
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "spec": spec,
        "metadata": {"name": "fleets.sets.example", "labels": labels},
    }  # fmt: skip
    apply(cluster, definition)
    try:
        cluster.kubectl("wait", "--for=condition=Established", "crd/fleets.sets.example", "--timeout=120s")
        tooling = {"applyset.kubernetes.io/tooling": "kubectl/v1.37", "applyset.kubernetes.io/contains-group-kinds": ""}
        digest = hashlib.sha256(f"f.{namespace}.Fleet.sets.example".encode()).digest()
        identity = f"applyset-{base64.urlsafe_b64encode(digest).decode().rstrip('=')}-v1"
        metadata = {"name": "f", "annotations": tooling, "labels": {ID: identity}}
        apply(cluster, {"apiVersion": "sets.example/v1", "kind": "Fleet", "metadata": metadata})
        options = ("-n", namespace, "--server-side", "--prune", "--applyset=fleets.sets.example/f")

        apply(cluster, config_map("a"), config_map("b"), more=options)

        assert "configmap/b pruned" in apply(cluster, config_map("a"), more=options)
    finally:
        cluster.kubectl("delete", "crd", "fleets.sets.example", "--timeout=120s")


def test_a_conflict_names_each_manager_and_force_takes_the_fields_from_them(cluster, namespace):
    apply(cluster, config_map("a", one="1", two="2"), more=("--server-side", "--field-manager=first"))
    cluster.kubectl("patch", "cm", "a", "--type=merge", "-p", '{"data":{"two":"patched"}}', "--field-manager=second")
    mine = lines(config_map("a", one="x", two="y"))

    refused = cluster.kubectl("apply", "--server-side", "-f", "-", input=mine, check=False)

    assert "Apply failed with 2 conflicts" in refused
    assert 'conflicts with "first":\n- .data.one\n' in refused
    assert 'conflicts with "second" using v1:\n- .data.two\n' in refused
    assert cluster.get("cm", "a")["data"] == {"one": "1", "two": "patched"}
    dry = cluster.kubectl(
        "apply", "--server-side", "--force-conflicts", "--dry-run=server", "-f", "-", input=mine
    )  # fmt: skip
    assert "serverside-applied (server dry run)" in dry
    cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", input=mine)
    shown = json.loads(cluster.kubectl("get", "cm", "a", "-o", "json", "--show-managed-fields"))
    owners = {
        each["manager"]: sorted(key for key in each["fieldsV1"].get("f:data", ()) if key != ".")
        for each in shown["metadata"]["managedFields"]
    }
    assert shown["data"] == {"one": "x", "two": "y"}
    assert owners.pop("kubectl") == ["f:one", "f:two"] and not any(owners.values())


def test_a_field_that_its_only_manager_leaves_out_is_removed(cluster, namespace):
    apply(cluster, config_map("a", one="1", two="2"), more=("--server-side",))
    apply(cluster, config_map("a", two="2"), more=("--server-side", "--field-manager=other"))

    apply(cluster, config_map("a"), more=("--server-side",))

    assert cluster.get("cm", "a")["data"] == {"of": "a", "two": "2"}


def test_diff_says_what_apply_would_change_in_either_way_and_ends_with_one(cluster, namespace):
    apply(cluster, config_map("a", k="1"), more=("--server-side",))
    changed = lines(config_map("a", k="2"), config_map("new", x="y"))

    for more in ((), ("--server-side",), ("--server-side", "--force-conflicts", "--field-manager=other")):
        done = subprocess.run(
            [str(cluster.tools / "kubectl"), "diff", *more, "-f", "-"],
            env=cluster.env, input=changed, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 1 and not done.stderr
        assert '-  k: "1"' in done.stdout and '+  k: "2"' in done.stdout and "+  x: " in done.stdout
    assert cluster.get("cm", "a")["data"] == {"k": "1"}
    assert "NotFound" in cluster.kubectl("get", "cm", "new", check=False)


def test_diff_masks_secrets(cluster, namespace):
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"k": "hidden-one"}}
    apply(cluster, secret)

    shown = cluster.kubectl("diff", "-f", "-", input=lines({**secret, "stringData": {"k": "hidden-two"}}), check=False)

    assert "***" in shown and "hidden" not in shown


def test_replace_by_force_deletes_and_creates(cluster, namespace):
    manifest = config_map("a", k="1")
    apply(cluster, manifest)
    old = cluster.get("cm", "a")["metadata"]["uid"]

    cluster.kubectl("replace", "-f", "-", input=lines(manifest))
    assert cluster.get("cm", "a")["metadata"]["uid"] == old
    said = cluster.kubectl("replace", "--force", "-f", "-", input=lines(config_map("a", k="2"), config_map("b")))

    assert said.splitlines() == [
        f'configmap "a" deleted from {namespace} namespace', "configmap/a replaced", "configmap/b replaced",
    ]  # fmt: skip
    assert cluster.get("cm", "a")["metadata"]["uid"] != old and cluster.get("cm", "a")["data"] == {"k": "2"}
    stale = {**config_map("a"), "metadata": {"name": "a", "resourceVersion": "1"}}
    assert "the object has been modified" in cluster.kubectl("replace", "-f", "-", input=lines(stale), check=False)


def test_what_kustomize_makes_is_applied_compared_and_deleted(cluster, namespace, tmp_path):
    template = {
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"name": "c", "image": "i", "envFrom": [{"configMapRef": {"name": "settings"}}]}]},
    }
    web = {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
        "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": template},
    }  # fmt: skip
    for folder in ("base", "overlay"):
        (tmp_path / folder).mkdir()
    (tmp_path / "base/web.json").write_text(json.dumps(web))
    (tmp_path / "base/kustomization.yaml").write_text(
        "resources: [web.json]\nconfigMapGenerator: [{name: settings, literals: [a=b]}]\n"
    )
    (tmp_path / "overlay/kustomization.yaml").write_text(OVERLAY)
    overlay = str(tmp_path / "overlay")

    cluster.kubectl("apply", "-k", overlay)

    made = cluster.get("deployment", "test-web")
    assert made["spec"]["replicas"] == 0 and made["metadata"]["annotations"]["by"] == "patch"
    assert made["spec"]["selector"]["matchLabels"] == {"app": "web", "env": "test"}
    name = made["spec"]["template"]["spec"]["containers"][0]["envFrom"][0]["configMapRef"]["name"]
    assert name.startswith("test-settings-") and cluster.get("cm", name)["data"] == {"a": "b"}
    # the Deployment's controller writes between the two requests of a diff
    until(lambda: cluster.kubectl("diff", "-k", overlay, check=False) == "")
    assert "test-web" in cluster.kubectl("get", "-k", overlay)
    cluster.kubectl("delete", "-k", overlay)
    assert "NotFound" in cluster.kubectl("get", "-k", overlay, check=False)
