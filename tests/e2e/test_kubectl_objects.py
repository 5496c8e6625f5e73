"""kubectl, unmodified, on objects: what needs no container."""

from __future__ import annotations

import json
import subprocess

import pytest
from clusters import Cluster, until

pytestmark = pytest.mark.kubectl


@pytest.fixture
def cluster(exec_cluster: Cluster) -> Cluster:
    return exec_cluster


def config_map(name: str, **data: str) -> dict:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def test_version_names_both_sides(cluster):
    version = json.loads(cluster.kubectl("version", "-o", "json"))

    assert version["serverVersion"]["minor"].startswith("36")


def test_create_get_and_delete(cluster, namespace):
    assert "configmap/a created" in cluster.kubectl("create", "configmap", "a", "--from-literal=k=v")
    assert cluster.get("configmap", "a")["data"] == {"k": "v"}
    assert "configmap/a" in cluster.kubectl("get", "configmaps", "-o", "name")
    assert "k: v" in cluster.kubectl("get", "configmap", "a", "-o", "yaml")
    assert cluster.kubectl("get", "cm", "a", "-o", "jsonpath={.data.k}") == "v"

    assert 'configmap "a" deleted' in cluster.kubectl("delete", "configmap", "a")

    assert "NotFound" in cluster.kubectl("get", "configmap", "a", check=False)


def test_create_refuses_what_exists(cluster, namespace):
    cluster.kubectl("create", "secret", "generic", "s", "--from-literal=k=v")

    assert 'secrets "s" already exists' in cluster.kubectl("create", "secret", "generic", "s", check=False)


def test_client_side_apply_keeps_what_others_wrote(cluster, namespace):
    assert "created" in cluster.apply(config_map("a", one="1", two="2"))
    cluster.kubectl("patch", "configmap", "a", "--type=merge", "-p", '{"data":{"three":"3"}}')

    assert "configured" in cluster.apply(config_map("a", one="changed"))

    assert cluster.get("configmap", "a")["data"] == {"one": "changed", "three": "3"}
    assert "unchanged" in cluster.apply(config_map("a", one="changed"))


def test_server_side_apply_reports_conflicts_and_takes_over_by_force(cluster, namespace):
    def apply(manager: str, value: str, *more: str, check: bool = True) -> str:
        text = json.dumps(config_map("a", k=value))
        return cluster.kubectl(
            "apply", "--server-side", f"--field-manager={manager}", "-f", "-", *more, input=text, check=check
        )

    assert "serverside-applied" in apply("one", "1")
    refused = apply("two", "2", check=False)
    assert 'conflict with "one"' in refused and ".data.k" in refused

    apply("two", "2", "--force-conflicts")

    assert cluster.get("configmap", "a")["data"] == {"k": "2"}


def test_apply_warns_of_unknown_fields_and_refuses_them(cluster, namespace):
    bad = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": {
        "replicaz": 2, "selector": {"matchLabels": {"a": "b"}},
        "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}},
    }}  # fmt: skip

    answer = cluster.kubectl("apply", "-f", "-", input=json.dumps(bad), check=False)

    assert 'unknown field "spec.replicaz"' in answer
    assert "NotFound" in cluster.kubectl("get", "deployment", "d", check=False)


def test_a_list_is_checked_by_kubectl_itself_and_applied(cluster, namespace):
    pod = cluster.pod("x", "true", nodeName="nowhere")
    listed = {"apiVersion": "v1", "kind": "List", "items": [config_map("one", a="b"), pod]}
    done = cluster.kubectl("apply", "-f", "-", input=json.dumps(listed))
    assert done.splitlines() == ["configmap/one created", "pod/x created"]

    listed["items"][0]["dato"] = {}
    refused = cluster.kubectl("apply", "-f", "-", input=json.dumps(listed), check=False)
    assert 'ValidationError(ConfigMap): unknown field "dato" in io.k8s.api.core.v1.ConfigMap' in refused


def test_label_and_annotate(cluster, namespace):
    cluster.apply(config_map("a"), config_map("b"))

    cluster.kubectl("label", "configmap", "a", "tier=front", "env=test")
    cluster.kubectl("annotate", "configmap", "a", "example.org/note=hello")

    assert cluster.kubectl("get", "cm", "-l", "tier=front", "-o", "name").split() == ["configmap/a"]
    assert cluster.kubectl("get", "cm", "-l", "tier in (front,back),env!=prod", "-o", "name").split() == ["configmap/a"]
    assert "front" in cluster.kubectl("get", "cm", "-L", "tier")
    cluster.kubectl("label", "configmap", "a", "tier-")
    assert cluster.kubectl("get", "cm", "-l", "tier", "-o", "name") == ""
    assert cluster.get("cm", "a")["metadata"]["annotations"]["example.org/note"] == "hello"


def test_edit_writes_what_the_editor_saved(cluster, namespace, tmp_path):
    cluster.apply(config_map("a", k="old"))
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\nsed -i 's/k: old/k: new/' \"$1\"\n")
    editor.chmod(0o755)

    env = {**cluster.env, "KUBE_EDITOR": str(editor)}
    done = subprocess.run(
        [str(cluster.tools / "kubectl"), "edit", "configmap", "a"],
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert "edited" in done.stdout, done.stderr
    assert cluster.get("cm", "a")["data"] == {"k": "new"}


def test_patch_in_all_three_types(cluster, namespace):
    cluster.apply(config_map("a", one="1", two="2"))

    cluster.kubectl("patch", "cm", "a", "--type=json", "-p", '[{"op":"remove","path":"/data/one"}]')
    cluster.kubectl("patch", "cm", "a", "--type=merge", "-p", '{"data":{"two":null,"three":"3"}}')
    cluster.kubectl("patch", "cm", "a", "--type=strategic", "-p", '{"data":{"four":"4"}}')

    assert cluster.get("cm", "a")["data"] == {"three": "3", "four": "4"}


def test_replace_and_diff(cluster, namespace):
    cluster.apply(config_map("a", k="1"))
    changed = json.dumps(config_map("a", k="2"))

    difference = cluster.kubectl("diff", "-f", "-", input=changed, check=False)
    cluster.kubectl("replace", "-f", "-", input=changed)

    assert '-  k: "1"' in difference and '+  k: "2"' in difference
    assert cluster.get("cm", "a")["data"] == {"k": "2"}


def test_dry_run_writes_nothing(cluster, namespace):
    text = json.dumps(config_map("a", k="1"))

    assert "server dry run" in cluster.kubectl("apply", "--dry-run=server", "-f", "-", input=text)

    assert "NotFound" in cluster.kubectl("get", "cm", "a", check=False)


def test_get_watch_shows_what_comes(cluster, namespace):
    watching = cluster.popen("get", "configmaps", "-w", "-o", "name", stdout=subprocess.PIPE)
    try:
        assert watching.stdout.readline().strip() == "configmap/kube-root-ca.crt"
        cluster.apply(config_map("fresh"))
        assert watching.stdout.readline().strip() == "configmap/fresh"
    finally:
        watching.terminate()
        watching.wait(90)
        watching.stdout.close()


def test_wait_for_a_condition_and_for_deletion(cluster, namespace):
    cluster.apply(config_map("a", k="1"))
    waiting = cluster.popen(
        "wait", "--for=jsonpath={.data.k}=2", "configmap/a", "--timeout=120s", stdout=subprocess.PIPE
    )

    cluster.kubectl("patch", "cm", "a", "--type=merge", "-p", '{"data":{"k":"2"}}')

    assert waiting.communicate(timeout=150)[0].strip() == "configmap/a condition met"
    going = cluster.popen("wait", "--for=delete", "configmap/a", "--timeout=120s")
    cluster.kubectl("delete", "cm", "a")
    assert going.wait(90) == 0


def test_explain_shows_fields_types_and_descriptions(cluster):
    text = cluster.kubectl("explain", "pod.spec.containers")

    assert "List of containers belonging to the pod." in text and "<no description>" not in text

    assert "KIND:       Pod" in text and "image\t<string>" in text and "livenessProbe\t<Probe>" in text
    assert "strategy" in cluster.kubectl("explain", "deployment.spec", "--recursive")
    assert 'field "nope" does not exist' in cluster.kubectl("explain", "pod.nope", check=False)


def test_auth_can_i(cluster, namespace):
    assert cluster.kubectl("auth", "can-i", "delete", "pods").strip() == "yes"
    refused = cluster.kubectl("auth", "can-i", "delete", "pods", "--as=nobody", check=False)
    assert refused.strip().startswith("no")
    cluster.kubectl("create", "role", "reader", "--verb=get,list", "--resource=pods")
    cluster.kubectl("create", "rolebinding", "reads", "--role=reader", "--user=nobody")
    until(lambda: "yes" in cluster.kubectl("auth", "can-i", "list", "pods", "--as=nobody", check=False))
    assert "pods" in cluster.kubectl("auth", "can-i", "--list", "--as=nobody")
    assert "admin" in cluster.kubectl("auth", "whoami")


def test_forbidden_names_who_what_and_where(cluster, namespace):
    answer = cluster.kubectl("get", "secrets", "--as=nobody", check=False)

    assert (
        'secrets is forbidden: User "nobody" cannot list resource "secrets" in API group "" '
        f'in the namespace "{namespace}"' in answer
    )


def test_a_token_of_a_service_account_works(cluster, namespace):
    cluster.kubectl("create", "serviceaccount", "robot")
    token = cluster.kubectl("create", "token", "robot").strip()

    server = (
        "--server",
        f"https://127.0.0.1:{cluster.port}",
        "--certificate-authority",
        str(cluster.home / "pki/ca.crt"),
    )
    answer = cluster.kubectl("--token", token, "--kubeconfig", "/dev/null", *server, "auth", "whoami")

    assert f"system:serviceaccount:{namespace}:robot" in answer


def test_namespace_deletion_takes_everything_with_it(cluster):
    cluster.kubectl("create", "namespace", "doomed")
    cluster.kubectl("-n", "doomed", "create", "configmap", "a")

    cluster.kubectl("delete", "namespace", "doomed")

    assert "NotFound" in cluster.kubectl("get", "namespace", "doomed", check=False)
    cluster.kubectl("create", "namespace", "doomed")
    assert "NotFound" in cluster.kubectl("-n", "doomed", "get", "configmap", "a", check=False)
    cluster.kubectl("delete", "namespace", "doomed", "--wait=false")


def test_api_resources_and_cluster_info(cluster):
    assert "deployments" in cluster.kubectl("api-resources")
    assert "apps/v1" in cluster.kubectl("api-versions").split()
    assert f"https://127.0.0.1:{cluster.port}" in cluster.kubectl("cluster-info")


def test_large_lists_come_in_chunks(cluster, namespace):
    cluster.apply(*(config_map(f"n{number:03}") for number in range(30)))

    whole = cluster.kubectl("get", "cm", "-o", "name").split()
    chunked = cluster.kubectl("get", "cm", "-o", "name", "--chunk-size=7").split()

    assert len(chunked) == 31 and chunked == whole


def test_a_kind_that_is_missing_is_named_and_the_rest_of_the_file_is_applied(cluster, namespace, tmp_path):
    missing = {"apiVersion": "apps/v1", "kind": "Voyage", "metadata": {"name": "x"}}
    file = tmp_path / "objects.json"
    file.write_text("\n---\n".join(json.dumps(each) for each in (config_map("first"), missing, config_map("last"))))

    said = cluster.kubectl("apply", "-f", str(file), check=False)

    assert 'no matches for kind "Voyage" in version "apps/v1"' in said
    assert "failed to check CRD" not in said
    assert cluster.kubectl("get", "configmaps", "first", "last", "-o", "name").split() == [
        "configmap/first",
        "configmap/last",
    ]
