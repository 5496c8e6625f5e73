"""helm, unmodified, with a chart of definitions, custom resources, hooks and tests."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from clusters import Cluster

pytestmark = pytest.mark.kubectl

HOOKS = ("pre-install", "post-install", "pre-upgrade", "post-upgrade", "pre-rollback", "post-rollback", "pre-delete")
OBJECTS = """
apiVersion: charted.example/v1
kind: Ship
metadata: {name: {{ .Release.Name }}}
spec: {count: {{ .Values.ships }}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}}
spec:
  progressDeadlineSeconds: {{ .Values.deadline }}
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - name: main
        image: {{ .Values.image }}
        command: [sh, -c, "while true; do sleep 0.2; done"]
        readinessProbe: {periodSeconds: 1, exec: {command: [sh, -c, {{ .Values.ready | quote }}]}}
"""
HOOK = """
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Release.Name }}-HOOK
  annotations: {helm.sh/hook: HOOK, helm.sh/hook-delete-policy: before-hook-creation}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers:
      - {name: main, image: {{ .Values.image }}, command: [sh, -c, "echo HOOK of revision {{ .Release.Revision }}"]}
"""
TEST = """
apiVersion: v1
kind: Pod
metadata:
  name: {{ .Release.Name }}-test
  annotations: {helm.sh/hook: test, helm.sh/hook-delete-policy: before-hook-creation}
spec:
  restartPolicy: Never
  containers:
  - {name: main, image: {{ .Values.image }}, command: [sh, -c, "echo the release was tested; {{ .Values.test }}"]}
"""
DEFINITION = {
    "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
    "metadata": {"name": "ships.charted.example"},
    "spec": {
        "group": "charted.example", "scope": "Namespaced", "names": {"plural": "ships", "kind": "Ship"},
        "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {
            "type": "object",
            "properties": {"spec": {"type": "object", "properties": {"count": {"type": "integer", "maximum": 9}}}},
        }}}],
    },
}  # fmt: skip


@pytest.fixture
def cluster(exec_cluster: Cluster) -> Cluster:
    yield exec_cluster
    exec_cluster.kubectl("delete", "crd", "ships.charted.example", "--ignore-not-found", "--timeout=120s")


@pytest.fixture
def chart(tmp_path: Path, cluster: Cluster) -> str:
    files = {
        "Chart.yaml": "apiVersion: v2\nname: charted\nversion: 0.1.0\n",
        "values.yaml": json.dumps(
            {"image": cluster.image, "ready": "true", "ships": 1, "test": "true", "deadline": 600}
        ),
        "crds/ship.json": json.dumps(DEFINITION),
        "templates/objects.yaml": OBJECTS,
        "templates/tests/test.yaml": TEST,
        **{f"templates/{hook}.yaml": HOOK.replace("HOOK", hook) for hook in HOOKS},
    }
    for name, text in files.items():
        path = tmp_path / "charted" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return str(tmp_path / "charted")


def ships(cluster: Cluster) -> int:
    return cluster.get("ship", "r")["spec"]["count"]


def statuses(cluster: Cluster, namespace: str) -> list[str]:
    return [each["status"] for each in json.loads(cluster.helm("history", "r", "-n", namespace, "-o", "json"))]


def test_a_chart_brings_its_definitions_first_and_runs_its_hooks_in_their_place(cluster, namespace, chart):
    cluster.helm("install", "r", chart, "--wait", "--timeout", "180s", "-n", namespace)

    assert ships(cluster) == 1
    ran = cluster.kubectl("logs", "job/r-pre-install") + cluster.kubectl("logs", "job/r-post-install")
    assert ran == "pre-install of revision 1\npost-install of revision 1\n"
    assert cluster.get("deployment", "r")["status"]["readyReplicas"] == 1

    cluster.helm("upgrade", "r", chart, "--set", "ships=2", "--wait", "--timeout", "180s", "-n", namespace)
    assert ships(cluster) == 2
    assert cluster.kubectl("logs", "job/r-post-upgrade") == "post-upgrade of revision 2\n"

    cluster.helm("rollback", "r", "1", "--wait", "--timeout", "180s", "-n", namespace)
    assert ships(cluster) == 1
    assert cluster.kubectl("logs", "job/r-pre-rollback").startswith("pre-rollback of revision")
    assert statuses(cluster, namespace) == ["superseded", "superseded", "deployed"]

    cluster.helm("uninstall", "r", "--wait", "-n", namespace)
    assert "NotFound" in cluster.kubectl("get", "ship", "r", check=False)
    assert cluster.kubectl("get", "crd", "ships.charted.example", "-o", "name").strip()


def test_a_release_is_tested_and_a_failed_test_is_said(cluster, namespace, chart):
    cluster.helm("install", "r", chart, "--no-hooks", "-n", namespace)

    said = cluster.helm("test", "r", "--logs", "-n", namespace)
    assert "the release was tested" in said and "Succeeded" in said

    cluster.helm("upgrade", "r", chart, "--no-hooks", "--set", "test=false", "-n", namespace)
    assert "Failed" in cluster.helm("test", "r", "-n", namespace, check=False)


def test_a_failed_upgrade_is_rolled_back_and_a_failed_install_removed(cluster, namespace, chart):
    cluster.helm("install", "r", chart, "--no-hooks", "--wait", "--timeout", "180s", "-n", namespace)
    never = ("--set", "ready=false", "--no-hooks", "--rollback-on-failure", "--wait")

    # Not by a deadline for progress: as upstream, "exceeded" stands until the way back has progressed; helm may see it.
    slow = (*never, "--set", "ships=5", "--timeout", "30s")
    said = cluster.helm("upgrade", "r", chart, *slow, "-n", namespace, check=False)

    assert "has been rolled back due to rollback-on-failure being set" in said
    assert ships(cluster) == 1 and statuses(cluster, namespace)[-1] == "deployed"
    past = (*never, "--set", "deadline=4", "--timeout", "180s")
    said = cluster.helm("install", "second", chart, *past, "-n", namespace, check=False)
    assert "has been uninstalled due to rollback-on-failure being set" in said
    assert cluster.kubectl("get", "ship", "-o", "name").split() == ["ship.charted.example/r"]


def test_what_the_server_refuses_fails_the_release_with_the_reason(cluster, namespace, chart):
    cluster.helm("install", "r", chart, "--no-hooks", "-n", namespace)

    said = cluster.helm("upgrade", "r", chart, "--set", "ships=99", "--no-hooks", "-n", namespace, check=False)

    assert "spec.count: Invalid value" in said and "less than or equal to 9" in said
    assert ships(cluster) == 1 and statuses(cluster, namespace) == ["deployed", "failed"]
    again = cluster.helm("upgrade", "r", chart, "--set", "ships=3", "--no-hooks", "-n", namespace)
    assert "has been upgraded" in again and ships(cluster) == 3


def test_a_client_side_release_becomes_a_server_side_one(cluster, namespace, chart):
    cluster.helm("install", "r", chart, "--server-side=false", "--no-hooks", "-n", namespace)

    cluster.helm("upgrade", "r", chart, "--server-side=true", "--set", "ships=4", "--no-hooks", "-n", namespace)

    assert ships(cluster) == 4
    rendered = cluster.helm(
        "upgrade", "r", chart, "--dry-run=server", "--set", "ships=5", "--no-hooks", "-n", namespace
    )
    assert "count: 5" in rendered and ships(cluster) == 4
