"""The agent with the exec runtime and an API that is a dict."""

import copy
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest

from sampan.contracts.options import ClusterOptions
from sampan.errors import NotFound
from sampan_exec.runtime import ExecRuntime
from sampan_machinery import schema
from sampan_machinery.patches import strategic
from sampan_machinery.resources import PODS
from sampan_node.agent import Agent
from sampan_node.clock import Clock
from sampan_node.host import Host
from sampan_node.volumes.volumes import unmount_all

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


@pytest.fixture
def cluster(tmp_path):
    cluster = Cluster(tmp_path)
    yield cluster
    cluster.close()
