"""Which objects the pods of a node refer to. No graph of the whole cluster is kept. A yes is cached with the pod that
refers to the object, and that pod is checked again each time; a no is found by reading the node's pods in one
namespace, and cached until any pod changes. So the cache grows with what nodes ask for, and an answer is never older
than the watch cache. DESIGN.md says what it costs."""

from __future__ import annotations

from sampan.contracts.kinds import Object
from sampan.contracts.serving import Reader
from sampan_machinery.resources import PERSISTENT_VOLUMES as VOLUMES
from sampan_machinery.resources import PODS, RESOURCE_SLICES
from sampan_machinery.resources import VOLUME_ATTACHMENTS as ATTACHMENTS
from sampan_machinery.selectors import escape
from sampan_nodeauth.references import Reference, of_pod

_NODE_SECRETS = ("nodeExpandSecretRef", "nodePublishSecretRef", "nodeStageSecretRef")
_MOST = 50_000  # remembered answers of either sort; some 15 MB at worst


class NodeReferences:
    """Thread-safe: each cache is replaced as a whole or by single entries, never emptied in place."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._witnesses: dict[tuple[str, str, Reference], str] = {}  # (node, namespace, object) → the pod naming it
        self._named: dict[tuple[str, str], frozenset[Reference]] = {}  # (node, namespace) → all that is named there
        self._generation = -1

    def is_named(self, node: str, plural: str, namespace: str, name: str) -> bool:
        """Whether a pod on that node names that object of its namespace."""
        wanted = Reference(plural, name)
        pod = self._witnesses.get((node, namespace, wanted))
        if pod is not None and self._does_name(self._reader.get(PODS, pod, namespace), node, wanted):
            return True
        return wanted in self._all_named(node, namespace)

    def pod_is_here(self, node: str, namespace: str, name: str) -> bool:
        """Whether that pod is bound to that node."""
        return _node(self._reader.get(PODS, name, namespace)) == node

    def volume_is_claimed(self, node: str, name: str) -> bool:
        """Whether a PersistentVolume belongs to a claim that a pod on that node uses."""
        volume = self._reader.get(VOLUMES, name) or {}
        claim = (volume.get("spec") or {}).get("claimRef") or {}
        return bool(claim.get("name")) and self.is_named(
            node, "persistentvolumeclaims", claim.get("namespace") or "", claim["name"]
        )

    def is_secret_of_volume(self, node: str, namespace: str, name: str) -> bool:
        """Whether a CSI volume that a pod on that node uses names that Secret for its node."""
        return any(
            (reference.get("namespace"), reference.get("name")) == (namespace, name)
            and self.volume_is_claimed(node, volume["metadata"]["name"])
            for volume in self._reader.list(VOLUMES)
            for field in _NODE_SECRETS
            if (reference := ((volume.get("spec") or {}).get("csi") or {}).get(field))
        )

    def attaches_here(self, node: str, name: str) -> bool:
        """Whether a VolumeAttachment is about that node."""
        return _node(self._reader.get(ATTACHMENTS, name)) == node

    def slice_is_here(self, node: str, name: str) -> bool:
        """Whether a ResourceSlice is about devices of that node alone."""
        return _node(self._reader.get(RESOURCE_SLICES, name)) == node

    @staticmethod
    def _does_name(pod: Object | None, node: str, wanted: Reference) -> bool:
        return pod is not None and _node(pod) == node and wanted in of_pod(pod)

    def _all_named(self, node: str, namespace: str) -> frozenset[Reference]:
        generation = self._reader.generation(PODS)  # before reading: what changes meanwhile is read again next time
        if generation != self._generation or len(self._named) >= _MOST:
            self._named, self._generation = {}, generation
        memory = self._named
        found = memory.get((node, namespace))
        if found is None:
            found = memory[(node, namespace)] = self._read(node, namespace)
        return found

    def _read(self, node: str, namespace: str) -> frozenset[Reference]:
        found: set[Reference] = set()
        if len(self._witnesses) >= _MOST:
            self._witnesses = {}
        witnesses = self._witnesses
        for pod in self._reader.list(PODS, namespace, fields=f"spec.nodeName={escape(node)}"):
            for one in of_pod(pod):
                found.add(one)
                witnesses[(node, namespace, one)] = pod["metadata"]["name"]
        return frozenset(found)


def _node(obj: Object | None) -> str | None:
    """spec.nodeName of a Pod or VolumeAttachment; None, equal to no name, where there is none."""
    return ((obj or {}).get("spec") or {}).get("nodeName") or None
