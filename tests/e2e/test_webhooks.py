"""An admission webhook that is a pod behind a Service, and the real kubectl."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import pytest
from clusters import WHICH_PYTHON, Cluster, until

from sampan_pki import issuing

pytestmark = pytest.mark.kubectl
NAMESPACE = "hooked"
#: Refuses objects that are labelled so, and labels all others.
SERVER = """
import base64, http.server, json, os, ssl

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["request"]
        response = {"uid": request["uid"], "allowed": True}
        labels = request["object"]["metadata"].get("labels") or {}
        if labels.get("bad") == "yes":
            response.update(allowed=False, status={"message": "it is bad", "code": 403, "reason": "Forbidden"})
        elif self.path.startswith("/mutate"):
            patch = [{"op": "add", "path": "/metadata/labels", "value": {**labels, "hooked": "yes"}}]
            data = base64.b64encode(json.dumps(patch).encode()).decode()
            response.update(patchType="JSONPatch", patch=data, warnings=["it is labelled now"])
        review = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}
        body = json.dumps(review).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/etc/hook/tls.crt", "/etc/hook/tls.key")
server = http.server.ThreadingHTTPServer((os.environ["IP"], 8443), Handler)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
"""


def configuration(kind: str, path: str, bundle: str) -> dict:
    service = {"name": "hook", "namespace": NAMESPACE, "path": path}
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}
    webhook = {
        "name": "hook.e2e.test", "clientConfig": {"service": service, "caBundle": bundle}, "rules": [rule],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": NAMESPACE}}, "failurePolicy": "Fail",
        "objectSelector": {"matchExpressions": [{"key": "skip", "operator": "DoesNotExist"}]}, "sideEffects": "None",
        "admissionReviewVersions": ["v1"], "timeoutSeconds": 30,
    }  # fmt: skip
    return {
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": "hook"},
        "webhooks": [webhook],
    }  # fmt: skip


@pytest.fixture(scope="module")
def hooked(exec_cluster: Cluster) -> Iterator[Cluster]:
    """The webhook's pod, its Service and both configurations."""
    authority, key = issuing.new_authority("hook-ca", days=1)
    leaf = issuing.Leaf("hook", names=(f"hook.{NAMESPACE}.svc",), server=True, client=False)
    certificate, private = issuing.Authority(authority, key).issue(leaf, days=1)
    secret = {"tls.crt": certificate.decode(), "tls.key": private.decode()}
    pod = exec_cluster.pod(
        "hook", "", volumes=[{"name": "tls", "secret": {"secretName": "hook"}}],
        container={
            "image": "python:3", "command": [WHICH_PYTHON, "-c", SERVER],
            "env": [{"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}],
            "volumeMounts": [{"name": "tls", "mountPath": "/etc/hook"}],
            "readinessProbe": {"tcpSocket": {"port": 8443}, "periodSeconds": 1, "timeoutSeconds": 30},
        },
    )  # fmt: skip
    spec = {"selector": {"run": "hook"}, "ports": [{"port": 443, "targetPort": 8443}]}
    exec_cluster.kubectl("create", "namespace", NAMESPACE)
    for manifest in (
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "hook"}, "stringData": secret},
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "hook"}, "spec": spec},
        pod,
    ):
        exec_cluster.kubectl("apply", "-n", NAMESPACE, "-f", "-", input=json.dumps(manifest))
    exec_cluster.kubectl("wait", "-n", NAMESPACE, "--for=condition=Ready", "pod/hook", "--timeout=120s")
    bundle = base64.b64encode(authority).decode()
    exec_cluster.apply(configuration("MutatingWebhookConfiguration", "/mutate", bundle))
    exec_cluster.apply(configuration("ValidatingWebhookConfiguration", "/validate", bundle))
    until(lambda: "created" in create(exec_cluster, "first"), why="the endpoints are known")
    yield exec_cluster
    exec_cluster.kubectl("delete", "mutatingwebhookconfigurations,validatingwebhookconfigurations", "hook")
    exec_cluster.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def create(cluster: Cluster, name: str, *labels: str) -> str:
    """A ConfigMap with labels; what kubectl says."""
    given = dict(label.split("=") for label in labels)
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": given}}
    return cluster.kubectl("create", "-n", NAMESPACE, "-f", "-", input=json.dumps(manifest), check=False)


def test_a_webhook_labels_objects_and_warns(hooked: Cluster) -> None:
    said = create(hooked, "labelled", "a=b")

    assert "Warning: it is labelled now" in said
    found = hooked.get("configmap", "labelled", "-n", NAMESPACE)
    assert found["metadata"]["labels"] == {"a": "b", "hooked": "yes"}


def test_a_webhook_refuses_in_its_own_words(hooked: Cluster) -> None:
    said = create(hooked, "refused", "bad=yes")

    assert 'Error from server (Forbidden): error when creating "STDIN": ' in said
    assert 'admission webhook "hook.e2e.test" denied the request: it is bad' in said


def test_without_its_pod_the_failure_policy_counts(hooked: Cluster) -> None:
    hooked.kubectl("label", "-n", NAMESPACE, "pod/hook", "run-")  # the Service selects it no more
    until(lambda: "no endpoints" in create(hooked, "late"), why="no endpoint is left")

    assert "created" in create(hooked, "skipped", "skip=yes")
    hooked.kubectl("label", "-n", NAMESPACE, "pod/hook", "run=hook")
    until(lambda: "created" in create(hooked, "again"), why="the endpoint is back")
