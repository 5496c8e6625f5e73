"""The controller of ResourceClaims: makes claims from templates, reserves claims for pods that got their node from
another client than the scheduler, takes reservations of pods that are done back, and frees devices that no pod needs.

Keys are the names of claims, and ``pod/NAME`` for a pod that may need claims: pods without claims cost nothing. Pure,
but for the last question about a reservation. Source: upstream's controller of this name, its wording too (KEP-4381).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from sampan.contracts.kinds import Object
from sampan.contracts.reconciling import Action, Create, Emit, Key, Observed, Patch, Remove, Update
from sampan.errors import NotFound, StatusError
from sampan_client import Client
from sampan_devices import limits
from sampan_machinery.metadata import (
    controller_of,
    controller_ref,
    copy,
    has_finalizer,
    is_controlled_by,
    is_deleting,
    remove_finalizer,
)
from sampan_machinery.resources import PODS
from sampan_machinery.resources import RESOURCE_CLAIM_TEMPLATES as TEMPLATES
from sampan_machinery.resources import RESOURCE_CLAIMS as CLAIMS
from sampan_podspec.device_claims import (
    FINALIZER,
    MADE_FOR,
    ClaimUse,
    allocation_of,
    claim_uses,
    is_done,
    is_reserved_for,
    not_made_for,
    reservation,
    reservations,
    uses_claims,
)

POD = "pod/"  # no name of a claim has a slash
LONGEST_BASE = 57  # bytes of a claim's name before its random letters, as upstream


def reconcile(key: Key, client: Client, observed: Observed) -> list[Action]:
    if key.name.startswith(POD):
        pod = observed.get(PODS, key.name.removeprefix(POD), key.namespace)
        return [] if pod is None or is_deleting(pod) else decide_pod(pod, observed)
    claim = observed.get(CLAIMS, key.name, key.namespace)
    if claim is None:
        return []
    kept = [each for each in reservations(claim) if _is_needed(each, key.namespace, client, observed)]
    changed = freed(claim, kept)
    if changed is not None:
        claim = client.update(CLAIMS, changed, subresource="status")
    return decide_claim(claim, observed, changed=changed is not None)


def keys_of_pod(pod: Object, observed: Observed) -> Iterable[Key]:
    if uses_claims(pod):
        namespace = pod["metadata"]["namespace"]
        yield Key(namespace, POD + pod["metadata"]["name"])
        for use in claim_uses(pod):
            if use.claim is not None:
                yield Key(namespace, use.claim)
    extended = (pod.get("status") or {}).get("extendedResourceClaimStatus") or {}
    if name := extended.get("resourceClaimName"):
        yield Key(pod["metadata"]["namespace"], name)


def keys_of_claim(claim: Object, observed: Observed) -> Iterable[Key]:
    """Itself, and the pods that have a node already and wait for a reservation."""
    namespace = claim["metadata"]["namespace"]
    yield Key(namespace, claim["metadata"]["name"])
    owner = controller_of(claim)
    if owner is not None and owner.get("kind") == "Pod":
        yield Key(namespace, POD + owner["name"])


def keys_of_template(template: Object, observed: Observed) -> Iterable[Key]:
    """Pods that wait for it."""
    metadata = template["metadata"]
    for pod in observed.list(PODS, metadata["namespace"]):
        named = (each.get("resourceClaimTemplateName") for each in pod["spec"].get("resourceClaims") or ())
        if metadata["name"] in named:
            yield Key(metadata["namespace"], POD + pod["metadata"]["name"])


def decide_pod(pod: Object, observed: Observed) -> list[Action]:
    """Claims from templates, then their names in the pod's status, then reservations."""
    actions: list[Action] = []
    named = []
    templates = {
        each["name"]: each.get("resourceClaimTemplateName") for each in pod["spec"].get("resourceClaims") or ()
    }
    for use in claim_uses(pod):
        template = templates.get(use.name)
        if template is None or not _is_missing(use, pod, observed):
            continue
        claim = _made_before(use, pod, observed)
        if claim is None:
            found = observed.get(TEMPLATES, template, pod["metadata"]["namespace"])
            if found is None:
                return [*actions, _failed(pod, use.name, f'resource claim template "{template}": not found')]
            claim = _from_template(use.name, pod, found, observed)
            actions.append(Create(CLAIMS, claim, on_failure=_reporter(pod, use.name)))
        named.append({"name": use.name, "resourceClaimName": claim["metadata"]["name"]})
    if named:
        metadata = pod["metadata"]
        patch = {"metadata": {"uid": metadata["uid"]}, "status": {"resourceClaimStatuses": named}}
        actions.append(Patch(PODS, metadata["name"], metadata["namespace"], patch, "strategic", "status"))
    return [*actions, *_reserve(pod, observed)]


def _is_missing(use: ClaimUse, pod: Object, observed: Observed) -> bool:
    claim = observed.get(CLAIMS, use.claim, pod["metadata"]["namespace"]) if use.claim else None
    return claim is None or not is_controlled_by(claim, pod)


def _made_before(use: ClaimUse, pod: Object, observed: Observed) -> Object | None:
    """The claim that was made and that the pod's status does not name yet."""
    for claim in observed.owned(CLAIMS, pod["metadata"]["uid"]):
        if (claim["metadata"].get("annotations") or {}).get(MADE_FOR) == use.name and not is_deleting(claim):
            return claim
    return None


def _from_template(name: str, pod: Object, template: Object, observed: Observed) -> Object:
    spec = template.get("spec") or {}
    meta = spec.get("metadata") or {}
    return {
        "apiVersion": CLAIMS.api_version,
        "kind": CLAIMS.kind,
        "metadata": {
            "name": _base(pod["metadata"]["name"], name) + observed.name_suffix(),
            "namespace": pod["metadata"]["namespace"],
            "annotations": {**(meta.get("annotations") or {}), MADE_FOR: name},
            **({"labels": dict(meta["labels"])} if meta.get("labels") else {}),
            "ownerReferences": [controller_ref(pod, api_version="v1", kind="Pod")],
        },
        "spec": copy(spec.get("spec") or {}),
    }


def _base(pod: str, name: str) -> str:
    whole = f"{pod}-{name}-"
    if len(whole) <= LONGEST_BASE:
        return whole
    return f"{pod[: len(pod) * LONGEST_BASE // len(whole)]}-{name[: len(name) * LONGEST_BASE // len(whole)]}"


def _reporter(pod: Object, name: str) -> Callable[[StatusError], Iterator[Action]]:
    def refused(error: StatusError) -> Iterator[Action]:
        yield _failed(pod, name, f"create ResourceClaim: {error}")

    return refused


def _failed(pod: Object, name: str, why: str) -> Emit:
    about = {"apiVersion": "v1", "kind": "Pod", **pod}
    return Emit(about, "Warning", "FailedResourceClaimCreation", f"PodResourceClaim {name}: {why}")


def _reserve(pod: Object, observed: Observed) -> Iterator[Action]:
    """For a pod that has a node, and that the scheduler has not reserved its claims for."""
    if not pod["spec"].get("nodeName") or is_done(pod):
        return
    for use in claim_uses(pod):
        claim = observed.get(CLAIMS, use.claim, pod["metadata"]["namespace"]) if use.claim else None
        if claim is None or allocation_of(claim) is None or is_reserved_for(claim, pod):
            continue
        if use.made and not is_controlled_by(claim, pod):
            yield _failed(pod, use.name, not_made_for(claim, pod))
        elif len(reservations(claim)) < limits.RESERVATIONS:
            status = {**claim["status"], "reservedFor": [*reservations(claim), reservation(pod)]}
            yield Update(CLAIMS, {**claim, "status": status}, "status")


def freed(claim: Object, kept: list[Object]) -> Object | None:
    """The claim with the reservations that are still needed, and without its allocation where there are none or it is
    being deleted; None: it stays as it is. Devices that another controller allocated (no finalizer) are its own."""
    changes = len(kept) < len(reservations(claim))
    frees = has_finalizer(claim, FINALIZER) and not kept and (changes or is_deleting(claim))
    if not changes and not (frees and allocation_of(claim) is not None):
        return None
    status = {**(claim.get("status") or {}), "reservedFor": kept}
    if frees:
        status.pop("allocation", None)
    return {**claim, "status": status}


def decide_claim(claim: Object, observed: Observed, *, changed: bool) -> list[Action]:
    """What is left once reservations are as they should be. ``changed``: some have just been taken back. Otherwise a
    claim keeps its finalizer, for the scheduler adds it before it writes the allocation."""
    if reservations(claim):
        return []
    metadata = claim["metadata"]
    actions: list[Action] = []
    if has_finalizer(claim, FINALIZER) and allocation_of(claim) is None and (changed or is_deleting(claim)):
        without = {**claim, "metadata": copy(metadata)}
        remove_finalizer(without, FINALIZER)
        actions.append(Update(CLAIMS, without))
    if not is_deleting(claim) and _is_left_over(claim, observed):
        actions.append(Remove(CLAIMS, metadata["name"], metadata["namespace"], uid=metadata["uid"]))
    return actions


def _is_left_over(claim: Object, observed: Observed) -> bool:
    """Made for a pod that is done and still there; with the pod itself it goes by garbage collection."""
    owner = controller_of(claim)
    if owner is None or owner.get("kind") != "Pod":
        return False
    pod = observed.get(PODS, owner["name"], claim["metadata"]["namespace"])
    return pod is not None and (pod["metadata"]["uid"] != owner["uid"] or is_done(pod))


def _is_needed(consumer: Object, namespace: str, client: Client, observed: Observed) -> bool:
    """The API is asked where the informer does not know the pod: the scheduler may have been faster."""
    if consumer.get("apiGroup") or consumer.get("resource") != "pods":
        return True
    pod = observed.get(PODS, consumer["name"], namespace)
    if pod is None:
        try:
            pod = client.get(PODS, consumer["name"], namespace)
        except NotFound:
            return False
    return pod["metadata"]["uid"] == consumer["uid"] and not is_done(pod)
