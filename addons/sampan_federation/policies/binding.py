"""The binding of an object: what its policy says, for placement and for Works. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from sampan.contracts.kinds import Object, Resource
from sampan_federation.interpreter.replicas import Replicas
from sampan_federation.names import (
    CPP_ID,
    CPP_NAME,
    CRB_ID,
    POLICY_MARKS,
    PP_ID,
    PP_NAME,
    PP_NAMESPACE,
    RB_ID,
    binding_name,
)
from sampan_federation.placement.grouping import groups_of
from sampan_federation.resources import CLUSTER_RESOURCE_BINDINGS, RESOURCE_BINDINGS
from sampan_machinery.metadata import annotations_of, controller_ref, labels_of

#: On a binding: what its template looked like when it was last taken over, without status.
HASH = "federation.sampan.dev/template-hash"
#: Of a binding's spec: what the policy and the template say. All else is others'.
OURS = (
    "resource", "replicas", "replicaRequirements", "placement", "propagateDeps", "conflictResolution", "schedulerName",
    "failover", "preserveResourcesOnDeletion", "workloadAffinityGroups",
)  # fmt: skip


def resource_of(template: Object) -> Resource:
    return RESOURCE_BINDINGS if template["metadata"].get("namespace") else CLUSTER_RESOURCE_BINDINGS


def template_hash(template: Object) -> str:
    """Of all that is propagated; neither status nor what we or the server write changes it."""
    marks = {name: value for name, value in annotations_of(template).items() if name not in POLICY_MARKS}
    labels = {name: value for name, value in labels_of(template).items() if name not in POLICY_MARKS}
    body = {name: value for name, value in template.items() if name not in ("metadata", "status")}
    encoded = msgspec.json.encode([labels, marks, body], order="deterministic")
    return hashlib.sha256(encoded).hexdigest()[:16]


def policy_marks(policy: Object) -> tuple[dict[str, str], dict[str, str]]:
    """(labels, annotations) by which an object or a binding names its policy."""
    metadata = policy["metadata"]
    if metadata.get("namespace"):
        return {PP_ID: metadata["uid"]}, {PP_NAMESPACE: metadata["namespace"], PP_NAME: metadata["name"]}
    return {CPP_ID: metadata["uid"]}, {CPP_NAME: metadata["name"]}


def marks_patch(obj: Mapping[str, Any], policy: Object | None) -> dict[str, Any] | None:
    """The merge patch that makes an object name this policy, or none; None: it does already."""
    labels, annotations = policy_marks(policy) if policy else ({}, {})
    changed = {
        "labels": _difference(labels_of(obj), labels),
        "annotations": _difference(annotations_of(obj), annotations),
    }
    changed = {name: value for name, value in changed.items() if value}
    return {"metadata": changed} if changed else None


def _difference(present: Mapping[str, str], wanted: Mapping[str, str]) -> dict[str, str | None]:
    found: dict[str, str | None] = {name: None for name in POLICY_MARKS if name in present and name not in wanted}
    found.update((name, value) for name, value in wanted.items() if present.get(name) != value)
    return found


def spec_of(template: Object, policy: Object, demand: Replicas | None) -> dict[str, Any]:
    """What the policy and the template say of the binding's spec."""
    metadata, said = template["metadata"], policy.get("spec") or {}
    reference = {
        "apiVersion": template["apiVersion"], "kind": template["kind"], "name": metadata["name"],
        "uid": metadata.get("uid", ""), "resourceVersion": metadata.get("resourceVersion", ""),
    }  # fmt: skip
    if metadata.get("namespace"):
        reference["namespace"] = metadata["namespace"]
    spec: dict[str, Any] = {
        "resource": reference,
        "placement": said.get("placement") or {},
        "propagateDeps": bool(said.get("propagateDeps")),
        "conflictResolution": said.get("conflictResolution") or "Abort",
        "schedulerName": said.get("schedulerName") or "default-scheduler",
    }
    if demand is not None:
        spec["replicas"] = demand.number
        if demand.requirements:
            spec["replicaRequirements"] = {**demand.requirements, "namespace": metadata.get("namespace", "")}
    groups = groups_of(template, spec["placement"]) if metadata.get("namespace") else {}
    if groups:
        spec["workloadAffinityGroups"] = groups
    for name in ("failover", "preserveResourcesOnDeletion"):
        if said.get(name) is not None:
            spec[name] = said[name]
    return spec


def new_binding(template: Object, policy: Object, demand: Replicas | None) -> Object:
    labels, annotations = policy_marks(policy)
    metadata = template["metadata"]
    resource = resource_of(template)
    identity = RB_ID if resource.namespaced else CRB_ID
    spec = spec_of(template, policy, demand)
    if suspension := suspension_of(policy, {}):
        spec["suspension"] = suspension
    return {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": {
            "name": binding_name(template["kind"], metadata["name"]),
            **({"namespace": metadata["namespace"]} if metadata.get("namespace") else {}),
            "labels": {**labels, identity: metadata.get("uid", "")},
            "annotations": {**annotations, HASH: template_hash(template)},
            "ownerReferences": [controller_ref(template)],
        },
        "spec": spec,
    }


def updated_binding(binding: Object, template: Object, policy: Object, demand: Replicas | None) -> Object | None:
    """The binding as it has to be; None: it is so already. With ``activationPreference: Lazy`` a changed policy has no
    effect until its template changes too."""
    found = new_binding(template, policy, demand)
    before, spec = binding.get("spec") or {}, found["spec"]
    same_template = annotations_of(binding).get(HASH) == annotations_of(found)[HASH]
    lazy = (policy.get("spec") or {}).get("activationPreference") == "Lazy"
    if same_template and lazy and before.get("placement") is not None:
        return None
    if same_template and (before.get("resource") or {}).get("uid") == spec["resource"]["uid"]:
        spec["resource"]["resourceVersion"] = before["resource"].get("resourceVersion", "")
    others = {name: value for name, value in before.items() if name not in (*OURS, "suspension")}
    suspension = suspension_of(policy, before.get("suspension") or {})
    merged = {**others, **spec, **({"suspension": suspension} if suspension else {})}
    metadata = binding["metadata"]
    labels = {k: v for k, v in labels_of(binding).items() if k not in POLICY_MARKS} | found["metadata"]["labels"]
    marks = {k: v for k, v in annotations_of(binding).items() if k not in POLICY_MARKS} | found["metadata"][
        "annotations"
    ]
    owners = found["metadata"]["ownerReferences"]
    if (
        merged == before and labels == labels_of(binding) and marks == annotations_of(binding)
        and owners == metadata.get("ownerReferences")
    ):  # fmt: skip
        return None
    return {
        **binding, "spec": merged,
        "metadata": {**metadata, "labels": labels, "annotations": marks, "ownerReferences": owners},
    }  # fmt: skip


def suspension_of(policy: Object, before: Mapping[str, Any]) -> dict[str, Any]:
    """The policy's, with what others have said of scheduling."""
    said = (policy.get("spec") or {}).get("suspension") or {}
    scheduling = {"scheduling": before["scheduling"]} if "scheduling" in before else {}
    return {**said, **scheduling}
