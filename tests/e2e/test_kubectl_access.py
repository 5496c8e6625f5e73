"""kubectl, unmodified: who a user is, what is allowed to whom, and tokens."""

from __future__ import annotations

import base64
import json

import pytest
from clusters import Cluster, until

pytestmark = pytest.mark.kubectl
GROUP = "rbac.authorization.k8s.io"


@pytest.fixture
def cluster(exec_cluster: Cluster) -> Cluster:
    return exec_cluster


def role(*verbs: str) -> dict:
    rule = {"apiGroups": [""], "resources": ["pods"], "verbs": list(verbs)}
    return {"apiVersion": f"{GROUP}/v1", "kind": "Role", "metadata": {"name": "r"}, "rules": [rule]}


def binding(user: str, to: str = "r") -> dict:
    return {
        "apiVersion": f"{GROUP}/v1", "kind": "RoleBinding", "metadata": {"name": "b"},
        "roleRef": {"apiGroup": GROUP, "kind": "Role", "name": to},
        "subjects": [{"apiGroup": GROUP, "kind": "User", "name": user}],
    }  # fmt: skip


def reconcile(cluster: Cluster, *manifests: dict, more: tuple[str, ...] = ()) -> str:
    """kubectl 1.37 fills no namespace in here, and panics without one."""
    namespace = cluster.kubectl("config", "view", "--minify", "-o", "jsonpath={..namespace}")
    filled = [{**each, "metadata": {**each["metadata"], "namespace": namespace}} for each in manifests]
    text = "\n---\n".join(json.dumps(each) for each in filled)
    said = cluster.kubectl("auth", "reconcile", *more, "-f", "-", input=text, check=False)
    assert "reconciled" in said
    return said


def claims(token: str) -> dict:
    body = token.strip().split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def test_reconcile_adds_rules_and_subjects_and_removes_them_when_told(cluster, namespace):
    assert "reconciliation required create" in reconcile(cluster, role("get"), binding("ann"))

    said = reconcile(cluster, role("list"), binding("joe"))

    assert "missing rules added" in said and "missing subjects added" in said
    assert [each["verbs"] for each in cluster.get("role", "r")["rules"]] == [["get"], ["list"]]
    assert [each["name"] for each in cluster.get("rolebinding", "b")["subjects"]] == ["ann", "joe"]
    said = reconcile(
        cluster, role("list"), binding("joe"), more=("--remove-extra-permissions", "--remove-extra-subjects")
    )  # fmt: skip
    assert "extra rules removed" in said and "extra subjects removed" in said
    assert [each["verbs"] for each in cluster.get("role", "r")["rules"]] == [["list"]]


def test_reconcile_recreates_a_binding_that_leads_to_another_role(cluster, namespace):
    reconcile(cluster, role("get"), binding("ann"))
    old = cluster.get("rolebinding", "b")["metadata"]["uid"]

    assert "reconciliation required recreate" in reconcile(cluster, binding("ann", "other"))

    made = cluster.get("rolebinding", "b")
    assert made["roleRef"]["name"] == "other" and made["metadata"]["uid"] != old


def test_can_i_lists_what_a_role_allows_and_asks_for_subresources_and_urls(cluster, namespace):
    def can(*args: str) -> str:
        return cluster.kubectl("auth", "can-i", *args, "--as=ann", check=False).splitlines()[-1]

    rule = {"apiGroups": ["apps"], "resources": ["deployments/scale"], "resourceNames": ["web"], "verbs": ["patch"]}
    reconcile(cluster, {**role("get"), "rules": [*role("get")["rules"], rule]}, binding("ann"))

    until(lambda: can("get", "pods") == "yes", why="the roles are read")
    listed = [line.split() for line in cluster.kubectl("auth", "can-i", "--list", "--as=ann").splitlines()]
    assert ["pods", "[]", "[]", "[get]"] in listed
    assert ["deployments.apps/scale", "[]", "[web]", "[patch]"] in listed
    assert ["[/api/*]", "[]", "[get]"] in listed
    assert can("get", "pods") == "yes" and can("list", "pods").startswith("no")
    assert can("patch", "deployments.apps/web", "--subresource=scale") == "yes"
    assert can("patch", "deployments.apps/db", "--subresource=scale").startswith("no")
    assert can("get", "/version") == "yes" and can("get", "/metrics").startswith("no")
    assert can("get", "pods", "--all-namespaces").startswith("no")


def test_whoami_shows_what_an_impersonated_user_is_known_by(cluster, namespace):
    asked = ("--as=ann", "--as-group=crew", "--as-uid=17", "--as-user-extra=ship=ark")

    said = json.loads(cluster.kubectl("auth", "whoami", "-o", "json", *asked))

    assert said["kind"] == "SelfSubjectReview" and said["status"]["userInfo"] == {
        "username": "ann", "uid": "17", "groups": ["crew", "system:authenticated"], "extra": {"ship": ["ark"]},
    }  # fmt: skip


def test_whoami_names_the_certificate_that_a_user_came_with(cluster, namespace):
    extra = json.loads(cluster.kubectl("auth", "whoami", "-o", "json"))["status"]["userInfo"]["extra"]

    (name,) = extra["authentication.kubernetes.io/credential-id"]
    scheme, _, digest = name.partition("=")
    assert scheme == "X509SHA256" and len(bytes.fromhex(digest)) == 32


def test_a_token_says_for_whom_how_long_and_with_what_it_ends(cluster, namespace):
    cluster.kubectl("create", "serviceaccount", "robot")
    cluster.kubectl("create", "secret", "generic", "s")
    uid = cluster.get("secret", "s")["metadata"]["uid"]
    asked = ("--audience=one", "--audience=two", "--duration=20m", "--bound-object-kind=Secret")
    bound = ("--bound-object-name=s", f"--bound-object-uid={uid}")

    found = claims(cluster.kubectl("create", "token", "robot", *asked, *bound))

    assert found["aud"] == ["one", "two"] and found["exp"] - found["iat"] == 1200
    assert found["sub"] == f"system:serviceaccount:{namespace}:robot"
    assert found["kubernetes.io"]["secret"] == {"name": "s", "uid": uid}
    node = cluster.kubectl("get", "nodes", "-o", "name").split()[0].partition("/")[2]
    token = cluster.kubectl("create", "token", "robot", "--bound-object-kind=Node", f"--bound-object-name={node}")
    assert claims(token)["kubernetes.io"]["node"]["name"] == node


def test_a_token_ends_with_the_object_that_it_is_bound_to(cluster, namespace):
    cluster.kubectl("create", "serviceaccount", "robot")
    cluster.kubectl("create", "secret", "generic", "s")
    token = cluster.kubectl(
        "create", "token", "robot", "--bound-object-kind=Secret", "--bound-object-name=s"
    ).strip()  # fmt: skip
    server = ("--server", f"https://127.0.0.1:{cluster.port}", "--certificate-authority", f"{cluster.home}/pki/ca.crt")
    whoami = ("--token", token, "--kubeconfig", "/dev/null", *server, "auth", "whoami")
    assert f"system:serviceaccount:{namespace}:robot" in cluster.kubectl(*whoami)

    cluster.kubectl("delete", "secret", "s")

    until(lambda: "You must be logged in to the server" in cluster.kubectl(*whoami, check=False))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("robot", "--duration=1s"), "may not specify a duration less than 10 minutes"),
        (("robot", "--bound-object-kind=Pod", "--bound-object-name=none"), 'pods "none" not found'),
        (("nobody",), 'serviceaccounts "nobody" not found'),
    ],
)
def test_a_token_that_cannot_be_had_is_refused_with_the_reason(cluster, namespace, asked, said):
    cluster.kubectl("create", "serviceaccount", "robot")

    assert said in cluster.kubectl("create", "token", *asked, check=False)
