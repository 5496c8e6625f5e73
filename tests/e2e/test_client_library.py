"""The official `kubernetes` client, unmodified."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator

import pytest
from clusters import Cluster, until

kubernetes = pytest.importorskip("kubernetes", reason="the official client is in the extra dev: pip install -e .[dev]")
from kubernetes.stream import portforward, stream  # noqa: E402 - after the check above

# The library leaves the socket of an exec open; whichever test runs when it is collected would be blamed.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture
def cluster(exec_cluster: Cluster) -> Cluster:
    return exec_cluster


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """What the library has left open is collected with the test that used it, and not in a test of another file."""
    yield
    for thread in threading.enumerate():
        if thread.name.startswith("Kubernetes port forward proxy"):
            thread.join(150)
    gc.collect()


@pytest.fixture
def api(cluster):
    configuration = kubernetes.client.Configuration()
    kubernetes.config.load_kube_config(str(cluster.home / "kubeconfig"), client_configuration=configuration)
    with kubernetes.client.ApiClient(configuration) as client:
        yield client


def test_objects_round_trip_with_their_types(api, namespace):
    core = kubernetes.client.CoreV1Api(api)
    body = kubernetes.client.V1ConfigMap(
        metadata=kubernetes.client.V1ObjectMeta(generate_name="made-"), data={"k": "v"}
    )

    made = core.create_namespaced_config_map(namespace, body)
    read = core.read_namespaced_config_map(made.metadata.name, namespace)
    core.patch_namespaced_config_map(made.metadata.name, namespace, {"data": {"k": "w"}})

    assert made.metadata.name.startswith("made-") and read.data == {"k": "v"}
    assert core.read_namespaced_config_map(made.metadata.name, namespace).data == {"k": "w"}
    with pytest.raises(kubernetes.client.ApiException) as refused:
        core.replace_namespaced_config_map(made.metadata.name, namespace, read)
    assert refused.value.status == 409


def test_a_watch_delivers_events_in_order(api, namespace):
    core = kubernetes.client.CoreV1Api(api)
    start = core.list_namespaced_config_map(namespace).metadata.resource_version
    seen = []

    def watch() -> None:
        for event in kubernetes.watch.Watch().stream(
            core.list_namespaced_config_map, namespace, resource_version=start, timeout_seconds=120
        ):
            seen.append((event["type"], event["object"].metadata.name))
            if event["type"] == "DELETED":
                return

    thread = threading.Thread(target=watch)
    thread.start()
    core.create_namespaced_config_map(namespace, {"metadata": {"name": "a"}})
    core.patch_namespaced_config_map("a", namespace, {"data": {"x": "y"}})
    core.delete_namespaced_config_map("a", namespace)
    thread.join(150)

    assert seen == [("ADDED", "a"), ("MODIFIED", "a"), ("DELETED", "a")]


def test_exec_over_the_library_s_websocket(cluster, api, namespace):
    core = kubernetes.client.CoreV1Api(api)
    cluster.apply(cluster.pod("box", "while true; do sleep 0.2; done"))
    until(lambda: core.read_namespaced_pod("box", namespace).status.phase == "Running")

    answer = stream(
        core.connect_get_namespaced_pod_exec,
        "box",
        namespace,
        command=["echo", "hello"],
        stdout=True,
        stderr=True,
        stdin=False,
        tty=False,
    )

    assert answer.strip() == "hello"
    assert core.read_namespaced_pod_log("box", namespace) == ""


def test_ports_are_forwarded_over_the_library_s_websocket(cluster, api, namespace):
    core = kubernetes.client.CoreV1Api(api)
    script = "echo forwarded > index.html; exec busybox httpd -f -p $IP:8080 -h ."  # /tmp is the machine's
    env = [{"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}]
    probe = {"tcpSocket": {"port": 8080}, "periodSeconds": 1}
    cluster.apply(cluster.pod("web", script, container={"env": env, "readinessProbe": probe}))
    cluster.kubectl("wait", "pod/web", "--for=condition=Ready", "--timeout=120s")

    forward = portforward(core.connect_get_namespaced_pod_portforward, "web", namespace, ports="8080,8081")
    sock = forward.socket(8080)
    sock.settimeout(90)
    sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
    answer = b"".join(iter(lambda: sock.recv(4096), b""))

    assert answer.endswith(b"forwarded\n")
    until(lambda: "refused" in (forward.error(8081) or ""), why="it comes on a channel of its own")
    assert forward.error(8080) is None
    forward.close()


def test_deployments_scale_through_the_library(api, namespace, cluster):
    apps = kubernetes.client.AppsV1Api(api)
    template = {
        "metadata": {"labels": {"a": "b"}},
        "spec": {
            "containers": [{"name": "c", "image": "i", "command": ["sleep", "1000"]}],
            "terminationGracePeriodSeconds": 0,
        },
    }
    apps.create_namespaced_deployment(
        namespace, {"metadata": {"name": "d"}, "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": template}}
    )

    apps.patch_namespaced_deployment_scale("d", namespace, {"spec": {"replicas": 2}})

    until(lambda: apps.read_namespaced_deployment_status("d", namespace).status.ready_replicas == 2)
    assert apps.read_namespaced_deployment_scale("d", namespace).status.replicas == 2
