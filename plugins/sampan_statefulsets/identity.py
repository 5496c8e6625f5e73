"""Who a pod of a StatefulSet is: its ordinal, its name, its labels, and the pod that is made for an ordinal. Pure."""

from __future__ import annotations

import re

from sampan.contracts.kinds import Object
from sampan_machinery.metadata import get_path, labels_of
from sampan_podspec.history import REVISION_LABEL
from sampan_podspec.templates import pod_from
from sampan_statefulsets.claims import claim_name, claim_templates

NAME_LABEL = "statefulset.kubernetes.io/pod-name"
INDEX_LABEL = "apps.kubernetes.io/pod-index"
_NAME = re.compile(r"(.*)-([0-9]{1,10})", re.ASCII)


def parent_and_ordinal(name: str) -> tuple[str, int]:
    """("", -1) for a name that no StatefulSet gives."""
    match = _NAME.fullmatch(name)
    if match is None or int(match[2]) >= 2**31:
        return "", -1
    return match[1], int(match[2])


def ordinal_of(pod: Object) -> int:
    return parent_and_ordinal(pod["metadata"]["name"])[1]


def is_member(owner: Object, pod: Object) -> bool:
    """Whether the pod's name is one that this StatefulSet gives."""
    name: str = owner["metadata"]["name"]
    return parent_and_ordinal(pod["metadata"]["name"])[0] == name


def first_ordinal(owner: Object) -> int:
    return int(get_path(owner, "spec", "ordinals", "start", default=0))


def replicas_of(owner: Object) -> int:
    return int(get_path(owner, "spec", "replicas", default=1))


def is_wanted(owner: Object, pod: Object) -> bool:
    """Whether the pod's ordinal is in the range of the StatefulSet."""
    first = first_ordinal(owner)
    return first <= ordinal_of(pod) < first + replicas_of(owner)


def has_identity(owner: Object, pod: Object) -> bool:
    name: str = pod["metadata"]["name"]
    return is_member(owner, pod) and labels_of(pod).get(NAME_LABEL) == name


def identity_labels(pod: Object) -> dict[str, str]:
    name = pod["metadata"]["name"]
    return {NAME_LABEL: name, INDEX_LABEL: str(parent_and_ordinal(name)[1])}


def revision_of(pod: Object) -> str:
    return labels_of(pod).get(REVISION_LABEL, "")


def new_pod(owner: Object, template: Object, revision: str, ordinal: int) -> Object:
    """The pod of an ordinal, as it is created; it has no status yet."""
    pod = pod_from(template, owner, "")
    name = f"{owner['metadata']['name']}-{ordinal}"
    pod["metadata"]["name"] = name
    pod["metadata"]["labels"] = {
        **labels_of(pod),
        **identity_labels(pod),
        REVISION_LABEL: revision,
    }
    spec = pod["spec"]
    spec["hostname"] = name
    if owner["spec"].get("serviceName"):
        spec["subdomain"] = owner["spec"]["serviceName"]
    claims = claim_templates(owner)
    if claims:
        own = [
            {"name": each, "persistentVolumeClaim": {"claimName": claim_name(owner, each, ordinal)}} for each in claims
        ]
        spec["volumes"] = own + [volume for volume in spec.get("volumes") or () if volume.get("name") not in claims]
    return pod
