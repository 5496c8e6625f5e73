"""The agent with the exec runtime and an API that is a dict."""

import copy
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest

from sampan.errors import NotFound
from sampan_exec.runtime import ExecRuntime
from sampan_node.agent import Agent
from sampan_node.clock import Clock
from sampan_node.host import Host
from sampan_node.resources import PODS

PATIENCE = 15


class FakeApi:
    """get, list, create, patch (merge) and delete of objects in memory; tells a listener of pods' changes."""

    def __init__(self):
        self.objects, self.changed = {}, threading.Condition()
        self.listener = lambda old, new: None
        self.revision = 0
        self.history = []

    def put(self, resource, obj):
        with self.changed:
            self.revision += 1
            obj["metadata"]["resourceVersion"] = str(self.revision)
            key = resource.plural, obj["metadata"].get("namespace", ""), obj["metadata"]["name"]
            old, self.objects[key] = self.objects.get(key), obj
            if resource == PODS:
                self.history.append(copy.deepcopy(obj.get("status") or {}))
            self.changed.notify_all()
        if resource == PODS:
            self.listener(old, copy.deepcopy(obj))
        return copy.deepcopy(obj)

    def get(self, resource, name, namespace="", **_):
        try:
            return copy.deepcopy(self.objects[resource.plural, namespace, name])
        except KeyError:
            raise NotFound(name) from None

    def list(self, resource, namespace="", **_):
        found = [
            o for (plural, ns, _), o in self.objects.items() if plural == resource.plural and namespace in ("", ns)
        ]
        return SimpleNamespace(items=found)

    def create(self, resource, obj, namespace="", *, subresource="", name=""):
        if subresource == "token":
            return {"status": {"token": f"token-of-{name}", "expirationTimestamp": "2099-01-01T00:00:00Z"}}
        return self.put(resource, obj)

    def patch(self, resource, name, patch, namespace="", **_):
        obj = self.get(resource, name, namespace)
        for key, value in patch.get("status", {}).items():
            obj.setdefault("status", {})[key] = value
        return self.put(resource, obj)

    def delete(self, resource, name, namespace="", **options):
        with self.changed:
            old = self.objects.pop((resource.plural, namespace, name))
            self.changed.notify_all()
        self.listener(old, None)
        return old

    def until(self, seen, what=""):
        deadline = time.monotonic() + PATIENCE
        with self.changed:
            while True:
                try:
                    found = seen()
                except (KeyError, IndexError):
                    found = None
                if found:
                    return found
                left = deadline - time.monotonic()
                assert left > 0, f"never seen: {what}; {[o.get('status') for o in self.objects.values()]}"
                self.changed.wait(min(left, 0.5))


class Cluster:
    def __init__(self, home: Path):
        self.api, self.events = FakeApi(), []
        self.home = home
        self.open()

    def open(self):
        recorder = SimpleNamespace(event=lambda about, type, reason, message: self.events.append((reason, message)))
        self.host = Host(
            client=self.api, runtime=ExecRuntime(self.home / "exec"), events=recorder, clock=Clock(),
            pool=ThreadPoolExecutor(4), home=self.home, name="n1", ip="127.0.0.1",
            allocatable={"cpu": "2", "memory": "4Gi"},
            options={"dns_ip": "10.96.0.10", "cluster_domain": "cluster.local"},
        )  # fmt: skip
        self.agent = Agent(self.host)
        self.api.listener = self.agent.changed
        threading.Thread(target=self.agent._listen, daemon=True).start()

    def close(self):
        self.api.listener = lambda old, new: None
        self.agent.stop()
        self.host.clock.stop()
        self.host.pool.shutdown(wait=False, cancel_futures=True)
        for sandbox in self.host.runtime.sandboxes():
            self.host.runtime.remove_sandbox(sandbox.id)
        self.host.runtime.close()

    def restart(self):
        """Another agent over the same home; containers run on."""
        self.agent.stop()
        self.host.clock.stop()
        self.host.runtime.close()
        self.open()
        for obj in self.api.list(PODS).items:
            self.agent.changed(None, copy.deepcopy(obj))

    def run(self, *scripts, name="web", **spec):
        containers = [
            {
                "name": f"c{index}",
                "image": "busybox:1",
                "command": ["/bin/sh", "-c", script],
                **spec.pop(f"c{index}", {}),
            }
            for index, script in enumerate(scripts)
        ]
        pod = {
            "kind": "Pod", "apiVersion": "v1",
            "metadata": {"name": name, "namespace": "default", "uid": str(uuid.uuid4()), "generation": 1,
                         "labels": {"app": "web"}},
            "spec": {"nodeName": "n1", "restartPolicy": "Always", "containers": containers,
                     "terminationGracePeriodSeconds": 2, **spec},
            "status": {"phase": "Pending", "qosClass": "BestEffort"},
        }  # fmt: skip
        self.api.put(PODS, pod)
        return pod

    def status(self, name="web"):
        return self.api.objects["pods", "default", name]["status"]

    def state(self, index=0, name="web"):
        return self.status(name)["containerStatuses"][index]

    def ask_to_go(self, name="web", grace=2):
        pod = self.api.get(PODS, name, "default")
        pod["metadata"] |= {"deletionTimestamp": "2026-01-01T00:00:00Z", "deletionGracePeriodSeconds": grace}
        self.api.put(PODS, pod)

    def said(self, name="web", container="c0"):
        uid = self.api.get(PODS, name, "default")["metadata"]["uid"]
        one = max((c for c in self.host.runtime.containers(uid) if c.name == container), key=lambda c: c.attempt)
        return b"".join(line for *_, line in self.host.runtime.logs(one.id, follow=False, since=0, tail=-1))


@pytest.fixture
def cluster(tmp_path):
    cluster = Cluster(tmp_path)
    yield cluster
    cluster.close()


def test_a_pod_runs_and_its_status_says_so(cluster):
    cluster.run("sleep 1000")

    cluster.api.until(lambda: cluster.state()["ready"], "ready")

    status = cluster.status()
    assert status["phase"] == "Running"
    assert status["podIP"].startswith("127.")
    assert status["qosClass"] == "BestEffort"
    assert status["observedGeneration"] == 1
    assert {c["type"]: c["status"] for c in status["conditions"]} == {
        "PodScheduled": "True", "PodReadyToStartContainers": "True", "Initialized": "True", "ContainersReady": "True",
        "Ready": "True",
    }  # fmt: skip
    assert [reason for reason, _ in cluster.events] == ["Pulled", "Created", "Started"]


def test_a_deleted_pod_is_stopped_then_removed(cluster):
    cluster.run("trap 'exit 0' TERM; while :; do sleep 0.05; done")
    cluster.api.until(lambda: cluster.state()["ready"])

    cluster.ask_to_go()

    cluster.api.until(lambda: not cluster.api.objects)
    assert cluster.host.runtime.sandboxes() == []
    assert ("Killing", "Stopping container c0") in cluster.events
    assert list((cluster.home / "pods").iterdir()) == []


@pytest.mark.parametrize(
    ("policy", "script", "phase"),
    [("Never", "exit 0", "Succeeded"), ("Never", "exit 3", "Failed"), ("OnFailure", "exit 0", "Succeeded")],
)
def test_a_pod_that_ends_has_its_phase(cluster, policy, script, phase):
    cluster.run(script, restartPolicy=policy)

    cluster.api.until(lambda: cluster.status()["phase"] == phase, phase)

    assert cluster.state()["state"]["terminated"]["exitCode"] == int(script[-1])


def test_a_failing_container_is_restarted_and_then_backs_off(cluster):
    cluster.run("exit 1")

    cluster.api.until(lambda: cluster.state()["state"].get("waiting", {}).get("reason") == "CrashLoopBackOff")

    assert cluster.state()["restartCount"] == 1
    assert cluster.state()["lastState"]["terminated"]["exitCode"] == 1
    assert cluster.status()["phase"] == "Running"


def test_init_containers_run_one_after_the_other(cluster):
    init = [{"name": f"i{n}", "image": "busybox:1", "command": ["/bin/sh", "-c", "exit 0"]} for n in (1, 2)]
    cluster.run("sleep 1000", initContainers=init)

    cluster.api.until(lambda: cluster.state()["ready"])

    assert [one["ready"] for one in cluster.status()["initContainerStatuses"]] == [True, True]
    waiting = [s["containerStatuses"][0]["state"] for s in cluster.api.history if s.get("containerStatuses")]
    assert waiting[0] == {"waiting": {"reason": "PodInitializing"}}


def test_a_failed_init_container_fails_a_pod_that_never_restarts(cluster):
    init = [{"name": "i1", "image": "busybox:1", "command": ["/bin/sh", "-c", "exit 1"]}]
    cluster.run("sleep 1000", initContainers=init, restartPolicy="Never")

    cluster.api.until(lambda: cluster.status()["phase"] == "Failed")

    condition = next(c for c in cluster.status()["conditions"] if c["type"] == "Initialized")
    assert condition["message"] == "containers with incomplete status: [i1]"


def test_a_sidecar_starts_first_and_runs_on(cluster):
    sidecar = [
        {"name": "s", "image": "busybox:1", "command": ["/bin/sh", "-c", "sleep 1000"], "restartPolicy": "Always"}
    ]
    cluster.run("exit 0", initContainers=sidecar, restartPolicy="Never")

    cluster.api.until(lambda: cluster.status()["phase"] == "Succeeded")

    assert not [one for one in cluster.host.runtime.containers() if one.state == "running"]


def test_a_restarted_agent_leaves_containers_alone(cluster):
    cluster.run("sleep 1000")
    before = cluster.api.until(lambda: cluster.state()["ready"] and cluster.state()["containerID"])

    cluster.restart()
    cluster.ask_to_go()
    cluster.api.until(lambda: not cluster.api.objects)

    ids = {s["containerStatuses"][0].get("containerID") for s in cluster.api.history if s.get("containerStatuses")}
    assert ids - {None} == {before}


def test_pods_that_the_api_has_no_more_are_removed(cluster):
    cluster.run("sleep 1000")
    cluster.api.until(lambda: cluster.state()["ready"])
    cluster.api.objects.clear()
    cluster.restart()

    cluster.agent.remove_orphans()

    for worker in cluster.agent.workers():
        assert worker.finished.wait(PATIENCE)
    assert cluster.host.runtime.sandboxes() == []


def test_readiness_and_liveness_probes_are_obeyed(cluster):
    probes = {
        "readinessProbe": {"exec": {"command": ["/bin/sh", "-c", "exit 1"]}, "periodSeconds": 1},
        "livenessProbe": {"exec": {"command": ["/bin/sh", "-c", "exit 1"]}, "periodSeconds": 1, "failureThreshold": 1},
    }
    cluster.run("trap 'exit 0' TERM; while :; do sleep 0.05; done", c0=probes)

    cluster.api.until(lambda: cluster.state()["restartCount"] == 1, "a restart")

    assert not any(s["containerStatuses"][0]["ready"] for s in cluster.api.history if s.get("containerStatuses"))
    assert any(reason == "Unhealthy" for reason, _ in cluster.events)


def test_volumes_env_and_token_reach_the_container(cluster):
    if not cluster.host.runtime.has_mounts:
        return
    cluster.api.objects["configmaps", "default", "conf"] = {"metadata": {"name": "conf"}, "data": {"color": "blue"}}
    volumes = [
        {"name": "conf", "configMap": {"name": "conf"}},
        {"name": "scratch", "emptyDir": {}},
        {"name": "token", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}},
    ]
    mounts = [
        {"name": "conf", "mountPath": "/etc/conf", "readOnly": True},
        {"name": "scratch", "mountPath": "/scratch"},
        {"name": "token", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "readOnly": True},
    ]
    env = [
        {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        {"name": "URL", "value": "http://$(IP)/"},
        {"name": "COLOR", "valueFrom": {"configMapKeyRef": {"name": "conf", "key": "color"}}},
    ]
    script = (
        "cat /etc/conf/color; echo; cat /var/run/secrets/kubernetes.io/serviceaccount/token; echo; echo $URL $COLOR;"
        "echo done > /dev/termination-log; head -1 /etc/hosts; echo x > /scratch/x"
    )
    cluster.run(script, restartPolicy="Never", volumes=volumes, c0={"volumeMounts": mounts, "env": env})

    cluster.api.until(lambda: cluster.status()["phase"] == "Succeeded", "success")

    ip = cluster.status()["podIP"]
    assert cluster.said().decode().splitlines() == [
        "blue", "token-of-default", f"http://{ip}/ blue", "# Kubernetes-managed hosts file."
    ]  # fmt: skip
    assert cluster.state()["state"]["terminated"]["message"] == "done\n"


def test_a_missing_config_map_is_waited_for(cluster):
    env = [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "later", "key": "a"}}}]
    cluster.run("sleep 1000", c0={"env": env})
    cluster.api.until(lambda: cluster.state()["state"]["waiting"]["reason"] == "CreateContainerConfigError")

    cluster.api.objects["configmaps", "default", "later"] = {"metadata": {"name": "later"}, "data": {"a": "1"}}

    cluster.api.until(lambda: cluster.state()["ready"])


def test_a_pod_past_its_deadline_fails(cluster):
    cluster.run("sleep 1000", activeDeadlineSeconds=1)

    cluster.api.until(lambda: cluster.status()["phase"] == "Failed")

    assert cluster.status()["reason"] == "DeadlineExceeded"
    cluster.api.until(lambda: not [one for one in cluster.host.runtime.containers() if one.state == "running"])
