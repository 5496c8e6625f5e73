"""The pytest fixture: a cluster with a clock of its own, its kubeconfig, and a namespace for each test."""

from __future__ import annotations

import subprocess
import sys
import urllib.request

import pytest

from sampan.contracts.kinds import Resource

DEPLOYMENTS = Resource("apps", "v1", "deployments", "Deployment")
CRON_JOBS = Resource("batch", "v1", "cronjobs", "CronJob")
JOBS = Resource("batch", "v1", "jobs", "Job")
NODES = Resource("", "v1", "nodes", "Node", False)
PODS = Resource("", "v1", "pods", "Pod")
STATEFUL_SETS = Resource("apps", "v1", "statefulsets", "StatefulSet")
CLAIMS = Resource("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim")
EVENTS = Resource("", "v1", "events", "Event")

TEMPLATE = "metadata: {labels: {app: web}}, spec: {containers: [{name: main, image: x}]}"
WEB = f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec: {{replicas: 10, selector: {{matchLabels: {{app: web}}}}, template: {{{TEMPLATE}}}}}
"""
STORE = f"""
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: store}}
spec:
  serviceName: store
  replicas: 2
  selector: {{matchLabels: {{app: web}}}}
  template: {{{TEMPLATE}}}
  volumeClaimTemplates:
  - metadata: {{name: data}}
    spec: {{accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 1Gi}}}}}}
"""
TICK = """
apiVersion: batch/v1
kind: CronJob
metadata: {name: tick}
spec:
  schedule: "*/5 * * * *"
  jobTemplate:
    spec:
      ttlSecondsAfterFinished: 120
      template: {spec: {restartPolicy: Never, containers: [{name: main, image: x}]}}
"""


def test_a_deployment_becomes_available_without_waiting_for_anything(sampan_cluster):
    sampan_cluster.apply(WEB)
    sampan_cluster.settle()

    found = sampan_cluster.client.get(DEPLOYMENTS, "web", sampan_cluster.namespace)
    assert found["status"]["availableReplicas"] == 10
    nodes = {pod["spec"]["nodeName"] for pod in sampan_cluster.client.list(PODS, sampan_cluster.namespace).items}
    assert nodes == {"node-1", "node-2"}


def test_an_hour_makes_a_cron_job_fire_twelve_times_and_its_jobs_go_after_their_time(sampan_cluster):
    sampan_cluster.apply(TICK)

    sampan_cluster.clock.advance(3600)

    events = sampan_cluster.client.list(EVENTS, sampan_cluster.namespace).items
    made = [
        each for each in events if each["reason"] == "SuccessfulCreate" and each["involvedObject"]["name"] == "tick"
    ]
    assert len(made) == 12
    left = sampan_cluster.client.list(JOBS, sampan_cluster.namespace).items
    assert len(left) <= 1


def test_an_hour_of_a_cron_job_is_few_turns(sampan_new_cluster):
    """What an hour costs, counted: heartbeats and timers, no polling."""
    sampan_new_cluster.apply(TICK)
    sampan_new_cluster.settle()
    engine, turns = sampan_new_cluster.cluster.engine, 0
    turn = engine.turn

    def counted():
        nonlocal turns
        turns += 1
        return turn()

    engine.turn = counted
    sampan_new_cluster.clock.advance(3600)

    assert turns < 6000


def test_a_job_that_runs_too_long_fails_at_its_deadline(sampan_cluster):
    sampan_cluster.apply("""
apiVersion: batch/v1
kind: Job
metadata: {name: slow}
spec:
  activeDeadlineSeconds: 600
  template:
    metadata: {annotations: {pod-completes.hollow.sampan.dev/delay: 1h}}
    spec: {restartPolicy: Never, containers: [{name: main, image: x}]}
""")
    sampan_cluster.clock.advance(590)
    before = sampan_cluster.client.get(JOBS, "slow", sampan_cluster.namespace)["status"]
    sampan_cluster.clock.advance(20)
    after = sampan_cluster.client.get(JOBS, "slow", sampan_cluster.namespace)["status"]

    assert before["active"] == 1
    assert {"DeadlineExceeded"} == {each["reason"] for each in after["conditions"] if each["type"] == "Failed"}


def test_a_lost_node_is_unreachable_after_its_grace_and_its_pods_are_replaced(sampan_new_cluster):
    cluster = sampan_new_cluster
    cluster.apply(WEB)
    cluster.settle()
    cluster.client.patch(NODES, "node-1", {"metadata": {"annotations": {"hollow.sampan.dev/lost": "true"}}})

    cluster.clock.advance(60)
    ready = [each for each in cluster.client.get(NODES, "node-1")["status"]["conditions"] if each["type"] == "Ready"]
    assert ready[0]["status"] == "Unknown"

    cluster.clock.advance(330)  # the default toleration of unreachable nodes is 300 s
    pods = cluster.client.list(PODS, "default").items
    alive = [pod for pod in pods if not pod["metadata"].get("deletionTimestamp")]
    assert len(alive) == 10
    assert {pod["spec"]["nodeName"] for pod in alive} == {"node-2"}


def test_a_stateful_set_gets_volumes_for_its_claims(sampan_cluster):
    sampan_cluster.apply(STORE)

    sampan_cluster.clock.advance(30)

    found = sampan_cluster.client.get(STATEFUL_SETS, "store", sampan_cluster.namespace)
    assert found["status"]["readyReplicas"] == 2
    claims = sampan_cluster.client.list(CLAIMS, sampan_cluster.namespace).items
    assert [(each["metadata"]["name"], each["status"]["phase"]) for each in claims] == [
        ("data-store-0", "Bound"),
        ("data-store-1", "Bound"),
    ]


def test_each_test_has_a_namespace_of_its_own(sampan_cluster):
    assert sampan_cluster.namespace.startswith("test-")
    assert sampan_cluster.client.list(PODS, sampan_cluster.namespace).items == []


def test_the_http_port_is_for_those_with_the_token_alone(sampan_cluster):
    url = f"{sampan_cluster.url}/api/v1/namespaces/{sampan_cluster.namespace}/pods"
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {sampan_cluster.token}"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert b"PodList" in answer.read()

    with pytest.raises(urllib.error.HTTPError, match=r"401|403"):
        urllib.request.urlopen(url, timeout=60)


def test_a_client_library_watches_over_the_port(sampan_cluster):
    import kubernetes

    kubernetes.config.load_kube_config(sampan_cluster.kubeconfig)
    core = kubernetes.client.CoreV1Api()
    sampan_cluster.apply("{apiVersion: v1, kind: ConfigMap, metadata: {name: one}, data: {a: b}}")

    watch = kubernetes.watch.Watch()
    for event in watch.stream(core.list_namespaced_config_map, sampan_cluster.namespace, timeout_seconds=120):
        if event["object"].metadata.name == "one":
            watch.stop()
            break

    assert core.read_namespaced_config_map("one", sampan_cluster.namespace).data == {"a": "b"}


def test_nothing_is_imported_until_a_test_asks_for_a_cluster():
    heavy = ("sampan_server", "falcon", "msgspec", "yaml", "cryptography")
    code = f"import sys, sampan_testing.fixtures; print([each for each in sys.modules if each.startswith({heavy})])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
