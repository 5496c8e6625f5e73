"""The Work of a binding for one cluster: the host's object, with the cluster's replicas and overrides.

Source: Karmada's documentation and API reference (ResourceBinding, Work). Pure functions.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sampan.contracts.kinds import Object
from sampan_federation.interpreter.interpreter import Interpreter
from sampan_federation.interpreter.kinds import JOB, kind_of
from sampan_federation.interpreter.pruning import pruned
from sampan_federation.interpreter.reading import mapping
from sampan_federation.interpreter.replicas import divided_completions
from sampan_federation.interpreter.retention import with_record
from sampan_federation.overrides.policies import override
from sampan_federation.works import names
from sampan_machinery.metadata import annotations_of, copy, get_path, labels_of, set_path

WORK_API = "work.karmada.io/v1alpha1"


class Target(NamedTuple):
    """A cluster of the binding, and the replicas that it gets."""

    cluster: str
    replicas: int


class Policies(NamedTuple):
    """The override policies of the host: of all clusters' scope, and namespaced."""

    cluster_scoped: Sequence[Object] = ()
    namespaced: Sequence[Object] = ()


def targets_of(binding: Object) -> list[Target]:
    """Where the binding's object goes: spec.clusters, and where an object that requires it goes."""
    spec = binding.get("spec") or {}
    found: dict[str, Target] = {}
    required = [each for snapshot in spec.get("requiredBy") or () for each in snapshot.get("clusters") or ()]
    for each in (*(spec.get("clusters") or ()), *required):
        found.setdefault(each["name"], Target(each["name"], int(each.get("replicas") or 0)))
    return list(found.values())


def kept_clusters(binding: Object) -> set[str]:
    """Clusters whose Works stay: the targets, and those that are evicted gracefully, until that task is done."""
    kept = {target.cluster for target in targets_of(binding)}
    for task in (binding.get("spec") or {}).get("gracefulEvictionTasks") or ():
        if task.get("purgeMode") not in ("Directly", "Immediately"):
            kept.add(task["fromCluster"])
    return kept


def render(
    template: Object, binding: Object, target: Target, cluster: Object, policies: Policies, interpreter: Interpreter,
    state: Mapping[str, str] = {},
) -> Object:  # fmt: skip
    """The Work. ``state``: labels that its object gets of the cluster that it came from. Raises OverrideFailed, or
    RuleFailed."""
    manifest = _sized(template, binding, target, interpreter)
    manifest = _labelled(manifest, template, binding, state)
    changed = override(manifest, cluster, policies.cluster_scoped, policies.namespaced)
    manifest = pruned(changed.manifest)
    name = names.work_name(template["kind"], template["metadata"]["name"], template["metadata"].get("namespace", ""))
    namespace = names.execution_namespace(target.cluster)
    conflict = _conflict_resolution(template, binding)
    identity = names.work_id(namespace, name)
    metadata = manifest["metadata"]
    metadata["labels"] = {**(metadata.get("labels") or {}), names.MANAGED: "true", names.WORK_ID: identity}
    metadata["annotations"] = {
        **(metadata.get("annotations") or {}),
        names.UID: str(template["metadata"].get("uid", "")),
        names.WORK_NAMESPACE: namespace,
        names.WORK_NAME: name,
        names.CONFLICT: conflict,
    }
    applied = {
        names.APPLIED_CLUSTER_OVERRIDES: changed.cluster_policies,
        names.APPLIED_OVERRIDES: changed.policies,
    }
    spec: Object = {"workload": {"manifests": [with_record(manifest)]}}
    if is_suspended(binding, target.cluster):
        spec["suspendDispatching"] = True
    if (binding.get("spec") or {}).get("preserveResourcesOnDeletion"):
        spec["preserveResourcesOnDeletion"] = True
    return {
        "apiVersion": WORK_API,
        "kind": "Work",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": {names.WORK_ID: identity, **_binding_label(binding)},
            "annotations": {
                **_binding_annotations(binding),
                names.CONFLICT: conflict,
                **{key: value for key, value in applied.items() if value},
                **({names.STATE: json.dumps(dict(state), sort_keys=True)} if state else {}),
            },
            "finalizers": [names.WORK_FINALIZER],
        },
        "spec": spec,
    }


def state_of(binding: Object, cluster: str, present: Object | None) -> Mapping[str, str]:
    """Labels with the state of a workload that has come to the cluster by failover. They stay for as long as its Work
    does: a controller of the member may read them at any time."""
    for task in reversed((binding.get("spec") or {}).get("gracefulEvictionTasks") or []):
        if task.get("preservedLabelState") and cluster not in (task.get("clustersBeforeFailover") or ()):
            return dict(task["preservedLabelState"])
    try:
        kept = json.loads(annotations_of(present or {}).get(names.STATE) or "{}")
    except ValueError:
        return {}
    return {str(key): str(value) for key, value in kept.items()} if isinstance(kept, dict) else {}


def is_suspended(binding: Object, cluster: str) -> bool:
    suspension = mapping(binding, "spec", "suspension")
    if suspension.get("dispatching"):
        return True
    return cluster in (mapping(suspension, "dispatchingOnClusters").get("clusterNames") or ())


def _sized(template: Object, binding: Object, target: Target, interpreter: Interpreter) -> Object:
    """The template with the replicas that the scheduler gave this cluster, whatever the template says."""
    spec = binding.get("spec") or {}
    if not spec.get("replicas") and not spec.get("replicaRequirements"):
        return template
    sized = interpreter.revise(template, target.replicas)
    completions = get_path(template, "spec", "completions")
    divided = get_path(spec, "placement", "replicaScheduling", "replicaSchedulingType") == "Divided"
    if kind_of(template) == JOB and divided and type(completions) is int:
        shares = divided_completions(completions, {each.cluster: each.replicas for each in targets_of(binding)})
        sized = copy(sized)
        set_path(sized, ("spec", "completions"), shares[target.cluster])
    return sized


def _labelled(manifest: Object, template: Object, binding: Object, state: Mapping[str, str]) -> Object:
    """With the state and the labels and annotations that lead back to the binding, before overrides, as in Karmada."""
    metadata = dict(manifest["metadata"])
    metadata["labels"] = {**labels_of(manifest), **state, **_binding_label(binding)}
    annotations = {**annotations_of(manifest), **_binding_annotations(binding)}
    generation = template["metadata"].get("generation")
    if generation:
        annotations[names.GENERATION] = str(generation)
    metadata["annotations"] = annotations
    return {**manifest, "metadata": metadata}


def _binding_label(binding: Object) -> dict[str, str]:
    key = names.BINDING_ID if binding["metadata"].get("namespace") else names.CLUSTER_BINDING_ID
    value = labels_of(binding).get(key) or binding["metadata"].get("uid", "")
    return {key: value} if value else {}


def _binding_annotations(binding: Object) -> dict[str, str]:
    metadata = binding["metadata"]
    if metadata.get("namespace"):
        return {names.BINDING_NAMESPACE: metadata["namespace"], names.BINDING_NAME: metadata["name"]}
    return {names.CLUSTER_BINDING_NAME: metadata["name"]}


def binding_of(work: Object) -> tuple[str, str] | None:
    """(namespace, name) of the binding that made the Work, the namespace "" for a ClusterResourceBinding; None for a
    Work that was made by other means."""
    annotations = annotations_of(work)
    if names.BINDING_NAME in annotations and names.BINDING_NAMESPACE in annotations:
        return annotations[names.BINDING_NAMESPACE], annotations[names.BINDING_NAME]
    if names.CLUSTER_BINDING_NAME in annotations:
        return "", annotations[names.CLUSTER_BINDING_NAME]
    return None


def _conflict_resolution(template: Object, binding: Object) -> str:
    """overwrite or abort: the template's annotation before the policy's field."""
    given = annotations_of(template).get(names.CONFLICT)
    if given in ("overwrite", "abort"):
        return str(given)
    return "overwrite" if (binding.get("spec") or {}).get("conflictResolution") == "Overwrite" else "abort"


def is_rendered(work: Object, present: Object) -> bool:
    """Whether the present Work says all that the rendered one does."""
    return (
        work["spec"] == present.get("spec")
        and _holds(labels_of(present), labels_of(work))
        and _holds(annotations_of(present), annotations_of(work))
        and not _left_over(annotations_of(present), annotations_of(work))
        and set(work["metadata"]["finalizers"]) <= set(present["metadata"].get("finalizers") or ())
    )  # fmt: skip


def updated(work: Object, present: Object) -> Object:
    """The present Work, changed to what was rendered; labels, annotations and finalizers of others stay."""
    metadata = dict(present["metadata"])
    left_over = _left_over(annotations_of(present), annotations_of(work))
    kept = {key: value for key, value in annotations_of(present).items() if key not in left_over}
    metadata["annotations"] = {**kept, **annotations_of(work)}
    metadata["labels"] = {**labels_of(present), **labels_of(work)}
    finalizers = present["metadata"].get("finalizers") or []
    metadata["finalizers"] = [*finalizers, *(f for f in work["metadata"]["finalizers"] if f not in finalizers)]
    return {**present, "metadata": metadata, "spec": work["spec"]}


def _holds(present: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return all(present.get(key) == value for key, value in wanted.items())


def _left_over(present: Iterable[str], wanted: Iterable[str]) -> set[str]:
    """Annotations of overrides that are applied no more."""
    return {names.APPLIED_OVERRIDES, names.APPLIED_CLUSTER_OVERRIDES} & (set(present) - set(wanted))
