"""The agent with the exec runtime and an API that is a dict."""

import base64
import copy
import io
import json
import shutil
import sys
import tarfile
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest

from sampan.contracts.components import Contributed
from sampan.contracts.options import ClusterOptions
from sampan.errors import NotFound
from sampan_exec.runtime import ExecRuntime
from sampan_machinery import schema
from sampan_machinery.patches import strategic
from sampan_machinery.resources import CONFIG_MAPS, PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES, PODS, SECRETS
from sampan_node import agent
from sampan_node.agent import Agent
from sampan_node.clock import Clock
from sampan_node.devices import PodDevices
from sampan_node.host import Host
from sampan_node.pod import termination
from sampan_node.pod.worker import Worker
from sampan_node.volumes.volumes import unmount_all
from sampan_runtime.contracts import Edits, RuntimeFailure
from sampan_volumes.contracts import MountedVolume

PATIENCE = 60.0


class FakeApi:
    """get, list, create, patch (merge) and delete of objects in memory; tells a listener of pods' changes."""

    def __init__(self):
        self.objects, self.changed = {}, threading.Condition()
        self.listener = lambda old, new: None
        self.revision = 0
        self.history = []
        self.informers = []

    def informer(self, client, resource, **where):
        """What follows one object, by name."""
        found = SimpleNamespace(
            resource=resource, **where, start=lambda: self.informers.append(found),
            stop=lambda: self.informers.remove(found),
        )  # fmt: skip
        return found

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
        for one in list(self.informers):
            if one.resource == resource and one.fields == f"metadata.name={obj['metadata']['name']}":
                one.on_change(old, obj)
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

    def patch(self, resource, name, patch, namespace="", *, how="merge", **_):
        with self.changed:
            obj = self.get(resource, name, namespace)
            node = schema.load().node("", "v1", "Pod")
            return self.put(resource, strategic.apply(obj, patch, node) if how == "strategic" else {**obj, **patch})

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
        recorder = SimpleNamespace(
            event=lambda about, type, reason, message, field="": self.events.append((reason, message))
        )
        self.host = Host(
            client=self.api, runtime=ExecRuntime(self.home / "exec"), events=recorder, clock=Clock(),
            pool=ThreadPoolExecutor(4), home=self.home, name="n1", ip="127.0.0.1",
            allocatable={"cpu": "2", "memory": "4Gi"},
            options=ClusterOptions(dns_ip="10.96.0.10", cluster_domain="cluster.local"), informer=self.api.informer,
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
        unmount_all(self.home / "pods")

    def reopen(self):
        """Another agent over the same home, which knows no pods yet; containers run on."""
        self.agent.stop()
        self.host.clock.stop()
        self.host.runtime.close()
        self.open()

    def restart(self):
        self.reopen()
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


class Listed:
    """An informer whose first list has come when it is started."""

    def __init__(self, api, on_change):
        self.api, self.on_change = api, on_change

    def start(self):
        for obj in self.api.list(PODS).items:
            self.on_change(None, copy.deepcopy(obj))

    def wait_synced(self, timeout):
        return True

    def stop(self):
        self.api = None


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


def test_no_other_user_of_the_machine_sees_what_pods_have(cluster):
    cluster.run("sleep 1000")
    cluster.api.until(lambda: cluster.state()["ready"])

    assert (cluster.home / "pods").stat().st_mode & 0o077 == 0


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


def _ready(cluster):
    return next(c["status"] for c in cluster.status()["conditions"] if c["type"] == "Ready")


def _call_lost(cluster):
    """As the node life cycle does with the pods of a node that it has not heard of."""
    condition = {"type": "Ready", "status": "False", "reason": "NodeNotReady"}
    cluster.api.patch(PODS, "web", {"status": {"conditions": [condition]}}, "default", how="strategic")


def _running(cluster):
    cluster.run("sleep 1000")
    cluster.api.until(lambda: _ready(cluster) == "True")
    worker = cluster.agent.find("default", "web")
    worker.join(PATIENCE)
    return worker


def test_a_pod_that_was_called_lost_while_the_watch_was_dead_is_ready_again_once_the_api_is_back(cluster):
    _running(cluster)
    cluster.api.listener = lambda old, new: None
    _call_lost(cluster)
    assert _ready(cluster) == "False"

    cluster.agent.look_again()

    cluster.api.until(lambda: _ready(cluster) == "True", "ready again")


def test_a_later_state_that_the_watch_tells_before_a_write_is_answered_is_not_forgotten(cluster, monkeypatch):
    worker = _running(cluster)
    patch, calls = cluster.api.patch, []

    def late(*given, **options):
        written = patch(*given, **options)
        calls.append(written)
        if len(calls) == 1:
            monkeypatch.setattr("sampan_node.pod.worker.DISPUTE", 0.05)
            patch(PODS, "web", {"status": {"conditions": [lost]}}, "default", how="strategic")
        return written

    lost = {"type": "Ready", "status": "False", "reason": "NodeNotReady"}
    monkeypatch.setattr(worker._host.client, "patch", late)
    patch(PODS, "web", {"status": {"conditions": [lost]}}, "default", how="strategic")

    cluster.api.until(lambda: len(calls) > 1 and _ready(cluster) == "True", "ready again")


def test_a_node_that_is_still_called_lost_is_contradicted_once_a_while(cluster):
    worker = _running(cluster)
    begun, writes = time.monotonic(), []

    def again(old, new):
        cluster.agent.changed(old, new)
        if new and any(c["type"] == "Ready" and c["status"] == "True" for c in new["status"]["conditions"]):
            writes.append(new)
            if len(writes) < 50:
                _call_lost(cluster)

    cluster.api.listener = again
    _call_lost(cluster)

    cluster.api.until(lambda: len(writes) > 1, "a second time")
    worker.join(PATIENCE)
    assert len(writes) <= 2 + time.monotonic() - begun


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


def test_what_was_ready_before_a_restart_is_told_as_it_is_before_anything_is_started(cluster, monkeypatch):
    cluster.run("sleep 1000")
    before = cluster.api.until(lambda: cluster.state()["ready"] and cluster.state()["containerID"])
    cluster.agent.stop()
    for sandbox in cluster.host.runtime.sandboxes():  # as `sampan down` does: the API is not told
        cluster.host.runtime.remove_sandbox(sandbox.id)
    told = []
    run = ExecRuntime.run_sandbox
    monkeypatch.setattr(
        ExecRuntime, "run_sandbox", lambda *given: (told.append(copy.deepcopy(cluster.status())), run(*given))[1]
    )

    cluster.restart()
    cluster.api.until(lambda: cluster.state()["ready"] and cluster.state()["containerID"] != before)

    first = told[0]
    assert first["containerStatuses"][0]["state"] == {"waiting": {"reason": "ContainerCreating"}}
    assert "containerID" not in first["containerStatuses"][0]
    assert {c["type"]: c["status"] for c in first["conditions"]}["Ready"] == "False"


def test_an_agent_has_started_when_every_pod_is_told_of_but_a_stuck_one_is_not_waited_for(cluster, monkeypatch, caplog):
    cluster.run("sleep 1000", name="good")
    cluster.run("sleep 1000", name="stuck")
    stuck = cluster.api.get(PODS, "stuck", "default")["metadata"]["uid"]
    cluster.api.until(lambda: cluster.state(name="good")["ready"] and cluster.state(name="stuck")["ready"])
    hold, see = threading.Event(), Worker.see
    monkeypatch.setattr(
        Worker, "see", lambda self: (self.pod["metadata"]["uid"] == stuck and hold.wait(), see(self))[1]
    )
    monkeypatch.setattr(agent, "TOLD_WITHIN", 0.2)
    wait_told = agent.Agent._wait_told

    def wait_told_after_the_good(self, workers):  # which may need longer than that on a slow machine
        for worker in workers:
            assert worker.pod["metadata"]["uid"] == stuck or worker.told.wait(PATIENCE)
        wait_told(self, workers)

    monkeypatch.setattr(agent.Agent, "_wait_told", wait_told_after_the_good)
    monkeypatch.setattr(agent, "Informer", lambda *_, on_change, **__: Listed(cluster.api, on_change))

    cluster.reopen()
    cluster.agent.start()

    told = {worker.pod["metadata"]["name"]: worker.told.is_set() for worker in cluster.agent.workers()}
    assert told == {"good": True, "stuck": False}
    assert "no status could be told within 0.2 s of pods/default/stuck" in caplog.text
    hold.set()
    assert all(worker.told.wait(PATIENCE) for worker in cluster.agent.workers())


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


@pytest.mark.parametrize("target", ["{outside}", "../../../../../outside", ".."])
def test_a_sub_path_behind_a_planted_link_is_refused_and_makes_nothing(cluster, target):
    outside = cluster.home / "outside"
    outside.mkdir()
    plant = {"name": "plant", "image": "busybox:1", "command": ["/bin/sh", "-c", f"ln -s {target} $V/link"],
             "volumeMounts": [{"name": "v", "mountPath": "/v"}]}  # fmt: skip
    plant["command"][2] = (
        plant["command"][2]
        .format(outside=outside)
        .replace("$V", "/v" if cluster.host.runtime.has_mounts else "$SAMPAN_MOUNT_ROOT/v")
    )
    mounts = [{"name": "v", "mountPath": "/m", "subPath": "link/planted/deep"}]
    cluster.run(
        "sleep 1000", volumes=[{"name": "v", "emptyDir": {}}], initContainers=[plant], c0={"volumeMounts": mounts}
    )

    cluster.api.until(lambda: cluster.state()["state"]["waiting"]["reason"] == "CreateContainerConfigError")

    assert cluster.state()["state"]["waiting"]["message"] == (
        'failed to prepare subPath for volumeMount "v" of container "c0": link/planted/deep: leads out of its volume'
    )
    assert not list(cluster.home.rglob("planted"))


@pytest.mark.root
@pytest.mark.parametrize("kind", ["configMap", "secret", "downwardAPI", "projected"])
def test_what_the_node_writes_into_a_volume_no_container_can_write(cluster, kind):
    cluster.api.objects["configmaps", "default", "conf"] = {"metadata": {"name": "conf"}, "data": {"k": "v"}}
    cluster.api.objects["secrets", "default", "conf"] = {"metadata": {"name": "conf"}, "data": {"k": "dg=="}}
    labels = {"items": [{"path": "k", "fieldRef": {"fieldPath": "metadata.labels"}}]}
    sources = {"configMap": {"name": "conf"}, "secret": {"secretName": "conf"}, "downwardAPI": labels,
               "projected": {"sources": [{"downwardAPI": labels}]}}  # fmt: skip
    mounts = [{"name": "v", "mountPath": "/v"}, {"name": "v", "mountPath": "/sub", "subPath": "k"}]
    script = "cat /v/k; for f in /v/new /v/k /sub; do (: > $f) 2>&1 | grep -o 'Read-only file system'; done"

    cluster.run(
        script, volumes=[{"name": "v", kind: sources[kind]}], restartPolicy="Never", c0={"volumeMounts": mounts}
    )

    cluster.api.until(lambda: cluster.status()["phase"] in ("Succeeded", "Failed"))
    assert cluster.said().decode().count("Read-only file system") == 3


@pytest.mark.parametrize(
    ("script", "policy", "wanted"),
    [
        ("i=0; while [ $i -lt 500 ]; do echo 0123456789; i=$((i+1)); done >$F; echo END >>$F; exit 0", "File", 4096),
        ("echo bye >$F; echo log; exit 1", "FallbackToLogsOnError", "bye\n"),
        ("i=0; while [ $i -lt 100 ]; do i=$((i+1)); echo line $i; done; exit 1", "FallbackToLogsOnError", 80),
        ("i=0; while [ $i -lt 99 ]; do i=$((i+1)); echo $i$A; done; exit 1", "FallbackToLogsOnError", 2048),
        ("echo log; exit 0", "FallbackToLogsOnError", None),
        ("echo log; exit 1", "File", None),
    ],
)
def test_a_termination_message_is_the_end_of_what_was_left(cluster, script, policy, wanted):
    env = [{"name": "A", "value": "x" * 60}]
    path = "/dev/termination-log" if cluster.host.runtime.has_mounts else "$SAMPAN_MOUNT_ROOT/dev/termination-log"
    more = {"env": env, "terminationMessagePolicy": policy}
    cluster.run(f"F={path}; {script}", restartPolicy="Never", c0=more)

    cluster.api.until(lambda: cluster.status()["phase"] in ("Succeeded", "Failed"))

    found = cluster.state()["state"]["terminated"].get("message")
    if wanted == 80:
        assert found == "".join(f"line {number}\n" for number in range(21, 101))
    elif isinstance(wanted, int):
        assert len(found) == wanted and found.endswith(("END\n", "99" + "x" * 60 + "\n"))
    else:
        assert found == wanted


def test_messages_of_many_containers_share_what_one_pod_may_say():
    assert len(termination.fitted("x" * 4096, 3)) == 4096
    assert len(termination.fitted("x" * 4096, 6)) == 2048
    assert termination.fitted("é" * 2048, 7).encode().startswith("é".encode() * 877)


IMAGE_VOLUME = {"name": "v", "image": {"reference": "registry.example/data:1", "pullPolicy": "IfNotPresent"}}


def test_an_image_volume_is_refused_in_words_where_there_are_no_images(cluster):
    mount = {"name": "v", "mountPath": "/v"}
    cluster.run("sleep 1000", "sleep 1000", volumes=[IMAGE_VOLUME], c0={"volumeMounts": [mount]})

    cluster.api.until(lambda: cluster.state()["state"]["waiting"]["reason"] == "CreateContainerError")

    text = 'failed to mount image volume "v": image registry.example/data:1 cannot be a volume'
    assert cluster.state()["state"]["waiting"]["message"].startswith(text)
    assert any(reason == "Failed" and text in message for reason, message in cluster.events)
    cluster.api.until(lambda: cluster.state(1)["ready"], "the container that does not mount it")


@pytest.mark.root
def test_an_image_volume_shows_the_image_s_files_read_only(cluster, monkeypatch):
    saved = []

    def save_image(reference):
        saved.append(reference)
        inner, outer = io.BytesIO(), io.BytesIO()
        files = {"data.json": b"kitten.jpg", "etc/os-release": b"Alpine Linux"}
        manifest = b'[{"Layers": ["layer.tar"]}]'
        for target, contents in ((inner, files), (outer, {"manifest.json": manifest, "layer.tar": b""})):
            with tarfile.open(fileobj=target, mode="w") as tar:
                for name, data in contents.items():
                    info = tarfile.TarInfo(name)
                    data = data or inner.getvalue()
                    info.size = len(data)
                    tar.addfile(info, io.BytesIO(data))
        return [outer.getvalue()]

    monkeypatch.setattr(cluster.host.runtime, "save_image", save_image)
    mounts = [{"name": "v", "mountPath": "/v"}, {"name": "v", "mountPath": "/sub", "subPath": "etc"}]
    script = "cat /v/data.json /sub/os-release; (: > /v/new) 2>&1 | grep -o 'Read-only file system'"
    more = {f"c{index}": {"volumeMounts": mounts} for index in (0, 1)}
    cluster.run(script, script, volumes=[IMAGE_VOLUME], restartPolicy="Never", **more)

    cluster.api.until(lambda: cluster.status()["phase"] in ("Succeeded", "Failed"))

    assert cluster.said() == b"kitten.jpgAlpine LinuxRead-only file system\n"
    assert saved == ["registry.example/data:1"]
    cluster.ask_to_go()
    cluster.api.until(lambda: not cluster.api.objects)
    assert list((cluster.home / "pods").iterdir()) == []


def test_a_sub_path_that_an_image_does_not_have_is_not_made(cluster, monkeypatch):
    monkeypatch.setattr("sampan_node.volumes.unpacking.unpack", lambda saved, place: place.mkdir(parents=True))
    monkeypatch.setattr(cluster.host.runtime, "save_image", lambda reference: [])
    mounts = [{"name": "v", "mountPath": "/v", "subPath": "none"}]

    pod = cluster.run("sleep 1000", volumes=[IMAGE_VOLUME], c0={"volumeMounts": mounts})

    cluster.api.until(lambda: cluster.state()["state"]["waiting"]["reason"] == "CreateContainerConfigError")
    assert "none: No such file or directory" in cluster.state()["state"]["waiting"]["message"]
    assert list((cluster.home / "pods" / pod["metadata"]["uid"] / "volumes/image/v").iterdir()) == []


def test_a_missing_config_map_is_waited_for(cluster):
    env = [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "later", "key": "a"}}}]
    cluster.run("sleep 1000", c0={"env": env})
    cluster.api.until(lambda: cluster.state()["state"]["waiting"]["reason"] == "CreateContainerConfigError")

    cluster.api.objects["configmaps", "default", "later"] = {"metadata": {"name": "later"}, "data": {"a": "1"}}

    cluster.api.until(lambda: cluster.state()["ready"])


def test_a_pod_waits_for_its_claim_and_gets_the_volume(cluster, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    claim = {
        "metadata": {"name": "data", "namespace": "default", "uid": "c1"}, "spec": {"volumeName": "pv"},
        "status": {"phase": "Pending"},
    }  # fmt: skip
    volume = {"metadata": {"name": "pv"}, "spec": {"claimRef": {"uid": "c1"}, "local": {"path": str(data)}}}
    cluster.api.put(PERSISTENT_VOLUME_CLAIMS, claim)
    cluster.api.put(PERSISTENT_VOLUMES, volume)
    mounts = [{"name": "v", "mountPath": "/data"}, {"name": "v", "mountPath": "/part", "subPath": "part"}]
    cluster.run(
        "echo kept > /data/file; echo deep > /part/file; sleep 1000", c0={"volumeMounts": mounts},
        volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}],
    )  # fmt: skip
    cluster.api.until(lambda: "FailedMount" in [reason for reason, _ in cluster.events])
    assert cluster.state()["state"] == {"waiting": {"reason": "ContainerCreating"}}

    cluster.api.put(PERSISTENT_VOLUME_CLAIMS, {**claim, "status": {"phase": "Bound"}})

    cluster.api.until(lambda: cluster.status()["phase"] == "Running")
    cluster.api.until(lambda: (data / "part" / "file").exists())
    assert (data / "file").read_text() == "kept\n"
    cluster.ask_to_go()
    cluster.api.until(lambda: ("pods", "default", "web") not in cluster.api.objects)
    assert (data / "part" / "file").read_text() == "deep\n"


def test_a_pod_past_its_deadline_fails(cluster):
    cluster.run("sleep 1000", activeDeadlineSeconds=1)

    cluster.api.until(lambda: cluster.status()["phase"] == "Failed")

    assert cluster.status()["reason"] == "DeadlineExceeded"
    cluster.api.until(lambda: not [one for one in cluster.host.runtime.containers() if one.state == "running"])


def test_what_a_volume_shows_changes_with_its_config_map(cluster):
    cluster.api.put(CONFIG_MAPS, {"metadata": {"name": "conf", "namespace": "default"}, "data": {"color": "blue"}})
    conf = {"name": "conf", "configMap": {"name": "conf"}}
    pod = cluster.run("sleep 1000", volumes=[conf])
    file = cluster.home / "pods" / pod["metadata"]["uid"] / "volumes/configMap/conf/color"
    cluster.api.until(lambda: cluster.state()["ready"] and cluster.api.informers)
    assert file.read_text() == "blue"

    cluster.api.put(CONFIG_MAPS, {"metadata": {"name": "conf", "namespace": "default"}, "data": {"color": "red"}})

    cluster.api.until(lambda: file.read_text() == "red")
    cluster.ask_to_go()
    cluster.api.until(lambda: not cluster.api.informers, "the end of the watch")


def test_conditions_of_other_writers_stay(cluster):
    probe = {"exec": {"command": ["/bin/true"]}, "periodSeconds": 1, "initialDelaySeconds": 1}
    cluster.run("sleep 1000", c0={"readinessProbe": probe})
    cluster.api.until(lambda: cluster.state()["state"]["running"])
    cluster.api.listener = lambda old, new: None  # the agent does not hear of it
    theirs = {"type": "example.com/Seen", "status": "True"}
    cluster.api.patch(PODS, "web", {"status": {"conditions": [theirs]}}, "default", how="strategic")

    cluster.api.until(lambda: cluster.state()["ready"])

    assert theirs in cluster.status()["conditions"]
    ready = next(one for one in cluster.status()["conditions"] if one["type"] == "Ready")
    assert ready["status"] == "True" and "message" not in ready and "reason" not in ready


def test_the_generation_that_was_seen_is_in_the_status_and_in_every_condition(cluster):
    cluster.run("sleep 1000")
    cluster.api.until(lambda: cluster.state()["ready"])

    for generation in (2, 3, 4):
        pod = cluster.api.get(PODS, "web", "default")
        pod["metadata"]["generation"] = generation
        pod["spec"]["activeDeadlineSeconds"] = 5000 - generation
        cluster.api.put(PODS, pod)

    cluster.api.until(lambda: cluster.status()["observedGeneration"] == 4)
    assert {one["type"]: one["observedGeneration"] for one in cluster.status()["conditions"]} == dict.fromkeys(
        ("PodScheduled", "PodReadyToStartContainers", "Initialized", "ContainersReady", "Ready"), 4
    )


def test_a_pod_that_does_not_fit_fails_and_nothing_of_it_starts(cluster):
    cluster.run("sleep 1000", name="big", c0={"resources": {"requests": {"cpu": "1500m"}}})
    cluster.api.until(lambda: cluster.state(name="big")["ready"])

    cluster.run("sleep 1000", name="other", c0={"resources": {"requests": {"cpu": "600m"}}})

    cluster.api.until(lambda: cluster.status("other")["phase"] == "Failed")
    assert cluster.status("other")["reason"] == "OutOfcpu"
    assert cluster.status("other")["observedGeneration"] == 1
    assert "requested: 600, used: 1500, capacity: 2000" in cluster.status("other")["message"]
    cluster.ask_to_go("other")
    cluster.api.until(lambda: ("pods", "default", "other") not in cluster.api.objects)
    assert len(cluster.host.runtime.containers()) == 1


def test_a_pod_that_had_ended_does_not_run_again(cluster):
    pod = cluster.run("exit 0", restartPolicy="Never")
    cluster.api.until(lambda: cluster.status()["phase"] == "Succeeded")
    ended = copy.deepcopy(cluster.status()["containerStatuses"])
    for sandbox in cluster.host.runtime.sandboxes():
        cluster.host.runtime.remove_sandbox(sandbox.id)

    cluster.restart()

    worker = cluster.agent.worker(pod["metadata"]["uid"])
    worker.join(PATIENCE)
    assert cluster.host.runtime.containers() == []
    assert (cluster.status()["phase"], cluster.status()["containerStatuses"]) == ("Succeeded", ended)
    cluster.ask_to_go()
    cluster.api.until(lambda: not cluster.api.objects)


def test_a_shorter_grace_counts_while_the_container_is_being_stopped(cluster):
    cluster.run("trap '' TERM; while :; do sleep 0.05; done", terminationGracePeriodSeconds=300)
    cluster.api.until(lambda: cluster.state()["ready"])
    cluster.ask_to_go(grace=300)
    cluster.api.until(lambda: ("Killing", "Stopping container c0") in cluster.events)

    cluster.ask_to_go(grace=1)

    cluster.api.until(lambda: not cluster.api.objects)


def test_hooks_run_after_the_start_and_before_the_end(cluster):
    hooks = {
        "postStart": {"exec": {"command": ["/bin/sh", "-c", "touch begun"]}},
        "preStop": {"exec": {"command": ["/bin/sh", "-c", "echo last > $OUT/stopped"]}},
    }
    env = [{"name": "OUT", "value": str(cluster.home)}]
    cluster.run("while ! test -f begun; do sleep 0.02; done; sleep 1000", c0={"lifecycle": hooks, "env": env})
    cluster.api.until(lambda: cluster.state()["ready"])

    cluster.ask_to_go()

    cluster.api.until(lambda: not cluster.api.objects)
    assert (cluster.home / "stopped").read_text() == "last\n"


def test_a_container_whose_post_start_hook_fails_is_stopped_and_restarted(cluster):
    hook = {"postStart": {"exec": {"command": ["/bin/sh", "-c", "exit 3"]}}}
    cluster.run("sleep 1000", c0={"lifecycle": hook})

    cluster.api.until(lambda: cluster.state()["restartCount"] >= 1)

    assert ("FailedPostStartHook", "PostStartHook failed") in cluster.events


def test_a_startup_probe_holds_back_the_others(cluster):
    probes = {
        "startupProbe": {
            "exec": {"command": ["/bin/sh", "-c", "test -f $OUT/up"]}, "periodSeconds": 1, "failureThreshold": 1000,
        },
        "livenessProbe": {
            "exec": {"command": ["/bin/sh", "-c", "test -f $OUT/well"]}, "periodSeconds": 1, "failureThreshold": 1,
        },
    }  # fmt: skip
    env = [{"name": "OUT", "value": str(cluster.home)}]
    cluster.run("sleep 1.2; touch $OUT/well; touch $OUT/up; sleep 1000", c0={**probes, "env": env})

    cluster.api.until(lambda: cluster.state()["started"])
    assert cluster.state()["restartCount"] == 0
    (cluster.home / "well").unlink()
    cluster.api.until(lambda: cluster.state()["restartCount"] == 1)

    started = [s["containerStatuses"][0]["started"] for s in cluster.api.history if s.get("containerStatuses")]
    assert True in started and started[0] is False


@pytest.mark.parametrize("kind", ["httpGet", "tcpSocket"])
def test_probes_reach_the_pod_s_address(cluster, kind):
    serve = (
        f"{sys.executable} -c 'import http.server as h, os; "
        'h.HTTPServer((os.environ["IP"], 8099), h.SimpleHTTPRequestHandler).serve_forever()\''
    )
    env = [{"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}]
    ports = [{"name": "http", "containerPort": 8099}]
    probe = {kind: {"port": "http"}, "periodSeconds": 1}
    cluster.run(serve, c0={"env": env, "ports": ports, "readinessProbe": probe})

    cluster.api.until(lambda: cluster.state()["ready"])


def test_a_container_left_without_its_sandbox_is_removed_too(cluster):
    cluster.run("sleep 1000")
    cluster.api.until(lambda: cluster.state()["ready"])
    sandbox = cluster.host.runtime.sandboxes()[0]
    shutil.rmtree(cluster.home / "exec" / "sandboxes" / sandbox.id)
    cluster.api.objects.clear()
    cluster.restart()

    cluster.agent.remove_orphans()

    for worker in cluster.agent.workers():
        assert worker.finished.wait(PATIENCE)
    assert cluster.host.runtime.containers() == []


class Claimed:
    """Devices that are ready once ``failure`` is taken away."""

    name = "test"

    def __init__(self, cluster):
        self.cluster, self.failure, self.released_at = cluster, "no driver yet", []

    def prepare(self, pod):
        if self.failure:
            raise RuntimeFailure("FailedPrepareDynamicResources", self.failure)

    def names(self, pod, container):
        return ["test.example/gpu=a"]

    def release(self, pod):
        self.released_at.append(self.cluster.status()["phase"])

    def close(self):
        pass


def test_a_container_waits_for_its_devices_and_they_are_given_back_before_the_pod_is_called_over(cluster, monkeypatch):
    specification = {
        "kind": "test.example/gpu", "devices": [{"name": "a", "containerEdits": {"env": ["GPU=there"]}}],
    }  # fmt: skip
    monkeypatch.setattr("sampan_runtime.cdi.DIRECTORIES", (cluster.home / "cdi",))
    (cluster.home / "cdi").mkdir()
    (cluster.home / "cdi" / "gpu.json").write_text(json.dumps(specification))
    claimed = Claimed(cluster)
    cluster.host.devices = PodDevices([Contributed("test", [claimed])])
    cluster.run("echo GPU is $GPU", restartPolicy="Never")
    told = ("FailedPrepareDynamicResources", "no driver yet")
    cluster.api.until(lambda: told in cluster.events)
    assert cluster.state()["state"]["waiting"]["reason"] == "ContainerCreating"

    claimed.failure = ""

    cluster.api.until(lambda: cluster.status()["phase"] == "Succeeded")
    assert cluster.said() == b"GPU is there\n"
    assert claimed.released_at and "Succeeded" not in claimed.released_at[:1]


class Chosen(Claimed):
    """A device for one pod, chosen when the pod is admitted."""

    def __init__(self, cluster):
        super().__init__(cluster)
        self.failure, self.admitted = "", []

    def names(self, pod, container):
        return []

    def admit(self, pod):
        if self.admitted and not self.released_at:
            return "Allocate failed due to no device, which is unexpected"
        self.admitted.append(pod["metadata"]["name"])
        return ""

    def edits(self, pod, container):
        return Edits((("GPU", "a"), ("OWN", "plugin")))

    def release(self, pod):
        self.released_at.append(pod["metadata"]["name"])


def test_a_pod_whose_devices_cannot_be_had_fails_and_one_that_has_them_gets_its_variables(cluster):
    chosen = Chosen(cluster)
    cluster.host.devices = PodDevices([Contributed("test", [chosen])])
    cluster.run("echo $GPU $OWN; sleep 1000", c0={"env": [{"name": "OWN", "value": "pod"}]})
    cluster.api.until(lambda: cluster.state()["ready"])

    cluster.run("sleep 1000", name="other")

    cluster.api.until(lambda: cluster.status("other")["phase"] == "Failed")
    assert cluster.status("other")["reason"] == "UnexpectedAdmissionError"
    why = "Pod was rejected: Allocate failed due to no device, which is unexpected"
    assert cluster.status("other")["message"] == why
    assert ("UnexpectedAdmissionError", why) in cluster.events
    assert chosen.admitted == ["web"] and len(cluster.host.runtime.containers()) == 1
    cluster.api.until(lambda: cluster.said() == b"a pod\n")


class Following:
    """A plugin's volumes: directories, of which each look is noted."""

    kind = "test"

    def __init__(self):
        self.looks = 0

    def mount(self, use, folder):
        folder.mkdir(parents=True, exist_ok=True)
        return MountedVolume(folder)

    def unmount(self, folder):
        pass

    def refresh(self, use, folder):
        self.looks += 1

    def close(self):
        pass


def test_what_plugins_mounted_is_looked_at_now_and_then_while_the_pod_runs(cluster, monkeypatch):
    monkeypatch.setattr("sampan_node.pod.worker.FOLLOW", 0.05)
    following = cluster.host.mounters = {"test": Following()}
    cluster.run("sleep 1000", volumes=[{"name": "v", "test": {}}])

    cluster.api.until(lambda: following["test"].looks > 1)


def test_an_evicted_pod_has_the_time_that_its_threshold_gives_and_is_said_to_be_disrupted(cluster):
    pod = cluster.run("trap '' TERM; while :; do sleep 0.05; done", terminationGracePeriodSeconds=1000)
    cluster.api.until(lambda: cluster.state()["ready"])
    worker = cluster.agent.worker(pod["metadata"]["uid"])
    assert not worker.is_stopped()

    worker.evict("The node was low on resource: memory. ", 0, disrupted=True)
    worker.poke()

    cluster.api.until(lambda: cluster.status()["phase"] == "Failed")
    status = cluster.status()
    assert (status["reason"], status["message"]) == ("Evicted", "The node was low on resource: memory. ")
    (found,) = [one for one in status["conditions"] if one["type"] == "DisruptionTarget"]
    assert (found["status"], found["reason"]) == ("True", "TerminationByKubelet")
    assert found["message"] == status["message"]
    assert worker.is_stopped()


def test_a_pod_ends_with_its_node_and_says_so(cluster):
    pod = cluster.run("trap 'exit 0' TERM; while :; do sleep 0.05; done", restartPolicy="Always")
    cluster.api.until(lambda: cluster.state()["ready"])
    worker = cluster.agent.worker(pod["metadata"]["uid"])
    assert worker.is_active()

    worker.shut_down("Terminated", "gone", 2)

    cluster.api.until(lambda: cluster.status()["phase"] == "Failed")
    assert (cluster.status()["reason"], cluster.status()["message"]) == ("Terminated", "gone")
    assert "DisruptionTarget" in [one["type"] for one in cluster.status()["conditions"]]
    assert worker.is_stopped() and not worker.is_active()


def test_a_pod_that_is_ending_ends_sooner_when_its_node_goes_down(cluster):
    pod = cluster.run("trap '' TERM; while :; do sleep 0.05; done", terminationGracePeriodSeconds=1000)
    cluster.api.until(lambda: cluster.state()["ready"])
    cluster.ask_to_go(grace=1000)
    cluster.api.until(lambda: ("Killing", "Stopping container c0") in cluster.events)

    cluster.agent.worker(pod["metadata"]["uid"]).shut_down("Terminated", "gone", 0)

    cluster.api.until(lambda: not cluster.api.objects)


def test_what_programs_of_the_node_give_comes_after_the_pod_s_own_secrets(cluster):
    auth = {"a.example": {"username": "program", "password": "p"}}
    answer = {
        "kind": "CredentialProviderResponse", "apiVersion": "credentialprovider.kubelet.k8s.io/v1",
        "cacheKeyType": "Image", "auth": auth,
    }  # fmt: skip
    provider = {"name": "p", "apiVersion": answer["apiVersion"], "matchImages": ["a.example"],
                "defaultCacheDuration": "0s"}  # fmt: skip
    config = {"apiVersion": "kubelet.config.k8s.io/v1", "kind": "CredentialProviderConfig", "providers": [provider]}
    (cluster.home / "providers.json").write_text(json.dumps(config))
    (cluster.home / "p").write_text(f"#!/bin/sh\ncat >/dev/null\necho '{json.dumps(answer)}'\n")
    (cluster.home / "p").chmod(0o700)
    given = SimpleNamespace(imageCredentialProviderConfig="providers.json", imageCredentialProviderBinDir=".")
    secret = {"auths": {"a.example": {"username": "secret", "password": "s"}}}
    data = {".dockerconfigjson": base64.b64encode(json.dumps(secret).encode()).decode()}
    cluster.api.put(SECRETS, {"metadata": {"name": "s", "namespace": "default"}, "data": data})
    pod = {"metadata": {"namespace": "default"}, "spec": {"imagePullSecrets": [{"name": "s"}]}}

    cluster.host.provided = agent.credential_providers(cluster.host, given, cluster.home)

    assert [one["username"] for one in cluster.host.credentials(pod, "a.example/app:1")] == ["secret", "program"]
