"""A host's object without what only the host's API server knows: what can be applied on another cluster.

Source: Karmada's documentation of Work (fields that are not propagated). Pure functions.
"""

from __future__ import annotations

from collections.abc import Callable

from sampan.contracts.kinds import Object
from sampan_federation.interpreter import kinds
from sampan_federation.interpreter.kinds import KindName, kind_of
from sampan_federation.interpreter.reading import mapping
from sampan_machinery.metadata import annotations_of, copy, remove_path

_OWN = (
    "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "finalizers", "generateName", "generation",
    "managedFields", "ownerReferences", "resourceVersion", "selfLink", "uid",
)  # fmt: skip
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_JOB_LABELS = ("controller-uid", "batch.kubernetes.io/controller-uid", "job-name", "batch.kubernetes.io/job-name")


def pruned(obj: Object) -> Object:
    """A copy to propagate."""
    kept: Object = copy({name: value for name, value in obj.items() if name != "status"})
    metadata = kept.setdefault("metadata", {})
    for name in _OWN:
        metadata.pop(name, None)
    _drop_annotations(kept, _LAST_APPLIED)
    rule = RULES.get(kind_of(kept))
    if rule is not None:
        rule(kept)
    return kept


def _drop_annotations(obj: Object, *names: str) -> None:
    annotations = obj["metadata"].get("annotations")
    if isinstance(annotations, dict):
        for name in names:
            annotations.pop(name, None)
        if not annotations:
            del obj["metadata"]["annotations"]


def _deployment(obj: Object) -> None:
    _drop_annotations(obj, "deployment.kubernetes.io/revision", "deployment.kubernetes.io/revision-history")


def _job(obj: Object) -> None:
    """Without the selector that the host made, and without a time to live: a member that removed the finished Job would
    see it created again."""
    remove_path(obj, ("spec", "ttlSecondsAfterFinished"))
    if mapping(obj, "spec").get("manualSelector") is True:
        return
    for path in (("spec", "selector", "matchLabels"), ("spec", "template", "metadata", "labels")):
        for label in _JOB_LABELS:
            remove_path(obj, (*path, label))
    if not mapping(obj, "spec", "selector", "matchLabels"):
        remove_path(obj, ("spec", "selector"))


def _service(obj: Object) -> None:
    """Each member allocates its own addresses; None means headless and stays."""
    spec = obj.get("spec")
    if isinstance(spec, dict) and spec.get("clusterIP") != "None":
        for name in ("clusterIP", "clusterIPs"):
            spec.pop(name, None)


def _service_account(obj: Object) -> None:
    tokens = f"{obj['metadata'].get('name')}-token-"
    secrets = [each for each in obj.get("secrets") or () if not str(each.get("name")).startswith(tokens)]
    if secrets:
        obj["secrets"] = secrets
    else:
        obj.pop("secrets", None)


def _secret(obj: Object) -> None:
    if obj.get("type") == "kubernetes.io/service-account-token":
        _drop_annotations(obj, "kubernetes.io/service-account.uid")
        obj.pop("data", None)


def _claim(obj: Object) -> None:
    """Without what the host's volume controller wrote; a volume that the user names stays."""
    if "pv.kubernetes.io/bound-by-controller" in annotations_of(obj):
        remove_path(obj, ("spec", "volumeName"))
    _drop_annotations(
        obj, "volume.kubernetes.io/selected-node", "pv.kubernetes.io/bind-completed",
        "pv.kubernetes.io/bound-by-controller", "volume.kubernetes.io/storage-provisioner",
        "volume.beta.kubernetes.io/storage-provisioner",
    )  # fmt: skip


def _pod(obj: Object) -> None:
    """The node is the member's choice, and so is the token that its service account gets."""
    spec = obj.get("spec")
    if not isinstance(spec, dict):
        return
    spec.pop("nodeName", None)
    tokens = [
        each["name"] for each in spec.get("volumes") or () if str(each.get("name")).startswith("kube-api-access-")
    ]
    if not tokens:
        return
    spec["volumes"] = [each for each in spec["volumes"] if each["name"] not in tokens]
    for container in (*(spec.get("containers") or ()), *(spec.get("initContainers") or ())):
        if container.get("volumeMounts"):
            container["volumeMounts"] = [m for m in container["volumeMounts"] if m.get("name") not in tokens]


RULES: dict[KindName, Callable[[Object], None]] = {
    kinds.DEPLOYMENT: _deployment,
    kinds.JOB: _job,
    kinds.SERVICE: _service,
    kinds.SERVICE_ACCOUNT: _service_account,
    kinds.SECRET: _secret,
    kinds.CLAIM: _claim,
    kinds.POD: _pod,
}
