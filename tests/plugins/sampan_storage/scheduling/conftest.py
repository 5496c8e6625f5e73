"""Claims, volumes and nodes in few words, and a store of them that answers as VolumeObjects does."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from sampan_storage.binding import BIND_COMPLETED
from sampan_storage.matching import class_of_volume
from sampan_storage.scheduling.reservations import ClaimKey

WAITS = {"metadata": {"name": "wait"}, "provisioner": "x.test/p", "volumeBindingMode": "WaitForFirstConsumer"}
AT_ONCE = {"metadata": {"name": "now"}, "provisioner": "x.test/p", "volumeBindingMode": "Immediate"}
NO_PROVISIONER = {**WAITS, "metadata": {"name": "static"}, "provisioner": "kubernetes.io/no-provisioner"}


class Known:
    def __init__(self):
        self.claims, self.volumes, self.nodes, self.drivers = {}, {}, {}, {}
        self.classes = {one["metadata"]["name"]: one for one in (WAITS, AT_ONCE, NO_PROVISIONER)}
        self.capacity, self.attached = [], []
        self.synced, self.stopped = True, False
        self.claim, self.volume, self.storage_class = self.claims.get, self.volumes.get, self.classes.get
        self.driver, self.csi_node = self.drivers.get, self.nodes.get

    def unbound_volumes(self, storage_class):
        return [one for one in self.volumes.values() if class_of_volume(one) == storage_class]

    def capacities(self):
        return self.capacity

    def attachments(self):
        return self.attached

    def ready(self):
        return self.synced

    def start(self, client):
        self.client = client

    def stop(self):
        self.stopped = True


class Build:
    def __init__(self, known):
        self.known = known
        self.revision = 0

    def _meta(self, name, **more):
        self.revision += 1
        return {"name": name, "uid": f"uid-{name}", "resourceVersion": str(self.revision), **more}

    def claim(self, name="data", *, volume="", storage_class="wait", size="1Gi", modes=("ReadWriteOnce",), **meta):
        annotations = {BIND_COMPLETED: "yes"} if volume else {}
        annotations |= meta.pop("annotations", {})
        found = {
            "metadata": self._meta(name, namespace="default", annotations=annotations, **meta),
            "spec": {"storageClassName": storage_class, "accessModes": list(modes), "volumeName": volume,
                     "resources": {"requests": {"storage": size}}},
            "status": {"phase": "Bound" if volume else "Pending"},
        }  # fmt: skip
        self.known.claims[ClaimKey("default", name)] = found
        return found

    def volume(self, name="pv", *, on="", storage_class="wait", size="1Gi", labels=None, **spec):
        if on:
            terms = [{"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": [on]}]}]
            spec["nodeAffinity"] = {"required": {"nodeSelectorTerms": terms}}
        found = {
            "metadata": self._meta(name, labels=labels or {}),
            "spec": {"storageClassName": storage_class, "accessModes": ["ReadWriteOnce"],
                     "capacity": {"storage": size}, **spec},
            "status": {"phase": "Available"},
        }  # fmt: skip
        self.known.volumes[name] = found
        return found

    def pod(self, *claims, name="web", **volumes):
        listed = [{"name": claim, "persistentVolumeClaim": {"claimName": claim}} for claim in claims]
        listed += [{"name": kind, kind: source} for kind, source in volumes.items()]
        return {
            "metadata": {"name": name, "namespace": "default", "uid": f"uid-{name}"},
            "spec": {"containers": [], "volumes": listed},
        }

    def node(self, name="n", *pods, row=0, **labels):
        found = {"kubernetes.io/hostname": name, **{key.replace("_", "/"): one for key, one in labels.items()}}
        return SimpleNamespace(name=name, row=row, object={"metadata": {"name": name, "labels": found}}, pods=pods)


@pytest.fixture
def known():
    return Known()


@pytest.fixture
def build(known):
    return Build(known)


@pytest.fixture
def ask(known):
    """ask(plugin, pod, *nodes): why each node will not do ("" where it does), or the one reason for all."""

    def asked(plugin, pod, *nodes):
        snapshot = SimpleNamespace(node=lambda row: nodes[row])
        snapshot = type("Snapshot", (), {"__len__": lambda self: len(nodes), "node": lambda self, row: nodes[row]})()
        state = {}
        refusal = plugin.pre_filter(state, pod, snapshot)
        if refusal is not None:
            assert refusal.unresolvable
            return refusal.reason
        return [verdict.reason if (verdict := plugin.filter(state, pod, node)) else "" for node in nodes]

    return asked
