"""Emptying a namespace that is being deleted: pods first, then all the rest, then the namespace itself.

Which kinds there are is asked of the API each time, so custom resources and aggregated APIs are emptied as well.
This reconciler calls the API while it decides (see ClientReconciler). Source: KEP-5080 (ordered deletion).
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from sampan.contracts.kinds import Object, Resource
from sampan.contracts.reconciling import Action, Key, Observed, Requeue
from sampan.errors import Conflict, MethodNotAllowed, NotFound, StatusError
from sampan_machinery.resources import NAMESPACES, PODS
from sampan_namespaces.conditions import DeletionProgress, conditions
from sampan_namespaces.resources import FINALIZER, is_terminating

if TYPE_CHECKING:
    from sampan_client import Client

log = logging.getLogger(__name__)

_AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

#: Dependents are in the namespace too: none is kept as an orphan, whatever the kind's default is.
_BACKGROUND = "Background"
#: Seconds until content that was left is looked at again: soon at first, for most of it goes at once.
_SOON, _LATER, _PATIENCE = 0.3, 3.0, 10.0


def empty(key: Key, client: Client, observed: Observed) -> Iterable[Action]:
    """One round for one namespace."""
    seen = observed.get(NAMESPACES, key.name)
    if seen is None or not is_terminating(seen):
        return ()
    try:
        namespace = client.get(NAMESPACES, key.name)  # its conditions may be newer than what the informer has
    except NotFound:
        return ()
    if not is_terminating(namespace) or FINALIZER not in (namespace.get("spec") or {}).get("finalizers", ()):
        return ()
    progress = sweep(client, key.name, observed.now - _since(namespace))
    try:
        namespace = _tell(client, namespace, progress, observed.now)
        if progress.done:
            _finalize(client, namespace)
            return ()
    except NotFound:
        return ()
    except Conflict:
        return (Requeue(0.05),)
    return (Requeue(_SOON if observed.now - _since(namespace) < _PATIENCE else _LATER),)


def sweep(client: Client, namespace: str, waited: float) -> DeletionProgress:
    """Delete what can be deleted now and say what is left; while pods are left nothing else is touched. ``waited`` is
    for how many seconds the namespace has been ending."""
    pods = _clear(client, PODS, namespace, waited)
    if pods.remaining or pods.failures:
        why = [f"failed to delete pods for namespace: {namespace}, err: {failure}" for failure in pods.failures]
        return replace(pods, failures=why)
    resources, undiscovered = discover(client)
    failures: list[str] = []
    remaining: Counter[str] = Counter()
    finalizers: Counter[str] = Counter()
    for resource in resources:
        left = _clear(client, resource, namespace, waited)
        failures.extend(left.failures)
        remaining.update(left.remaining)
        finalizers.update(left.finalizers)
    return DeletionProgress(undiscovered, failures, remaining, finalizers)


def discover(client: Client) -> tuple[list[Resource], str]:
    """Every namespaced resource that can be listed and deleted, once per group; and what could not be learnt."""
    found: dict[tuple[str, str], Resource] = {}
    stale: list[str] = []
    for path in ("/api", "/apis"):
        answer = client.request("GET", path, headers={"Accept": _AGGREGATED})
        resources, missing = deletable(json.loads(answer.body))
        stale.extend(missing)
        for resource in resources:
            found.setdefault((resource.group, resource.plural), resource)
    return list(found.values()), _undiscovered(stale)


def _undiscovered(stale: Sequence[str]) -> str:
    if not stale:
        return ""
    parts = ", ".join(f"{each}: stale GroupVersion discovery: {each}" for each in sorted(stale))
    known = f"unable to retrieve the complete list of server APIs: {parts}"
    return f"Discovery failed for some groups, {len(stale)} failing: {known}"


def deletable(discovery: Object) -> tuple[list[Resource], list[str]]:
    """Resources named by an APIGroupDiscoveryList that a namespace's deletion must empty; and the group versions of
    which a server that is away may hold some."""
    found: dict[tuple[str, str], Resource] = {}
    stale = []
    for group in discovery.get("items") or ():
        name = (group.get("metadata") or {}).get("name") or ""
        for version in group.get("versions") or ():
            resources = version.get("resources") or ()
            kept = [said for said in resources if _can_be_emptied(said)]
            if version.get("freshness") == "Stale" and (kept or not resources):
                stale.append(f"{name}/{version['version']}")
            for said in kept:
                kind = (said.get("responseKind") or {}).get("kind") or ""
                resource = Resource(name, version["version"], said["resource"], kind, True)
                found.setdefault((name, said["resource"]), resource)
    return list(found.values()), stale


def _can_be_emptied(said: Object) -> bool:
    """Whether a namespace can hold objects of that resource: what cannot be deleted is not kept (metrics)."""
    return said.get("scope") == "Namespaced" and {"list", "delete"} <= set(said.get("verbs") or ())


def _clear(client: Client, resource: Resource, namespace: str, waited: float) -> DeletionProgress:
    try:
        if not client.list(resource, namespace).items:
            return DeletionProgress()
        _delete_all(client, resource, namespace)
        return _left(resource, client.list(resource, namespace).items, waited)
    except (NotFound, MethodNotAllowed):
        return DeletionProgress()  # the kind went away in between (a CRD), or cannot be emptied
    except StatusError as error:
        log.warning("namespace %s: %s cannot be emptied: %s", namespace, resource.group_resource, error)
        return DeletionProgress(failures=(str(error),))


def _delete_all(client: Client, resource: Resource, namespace: str) -> None:
    try:
        client.delete_collection(resource, namespace, propagation=_BACKGROUND)
    except MethodNotAllowed:
        for item in client.list(resource, namespace).items:
            try:
                client.delete(resource, item["metadata"]["name"], namespace, propagation=_BACKGROUND)
            except NotFound:
                continue


def _left(resource: Resource, items: Sequence[Object], waited: float) -> DeletionProgress:
    if not items:
        return DeletionProgress()
    finalizers = Counter(name for item in items for name in item["metadata"].get("finalizers") or ())
    name = f"{resource.plural}.{resource.group}"  # with the dot for the core group too: clients match these words
    failures = []
    if not finalizers and waited >= grace_of(items):
        version = f"{resource.group}/{resource.version}, Resource={resource.plural}"
        where = items[0]["metadata"].get("namespace", "")
        failures.append(f"unexpected items still remain in namespace: {where} for gvr: {version}")
    return DeletionProgress(failures=failures, remaining={name: len(items)}, finalizers=finalizers)


def grace_of(items: Sequence[Object]) -> float:
    """Seconds that pods among them may take to end; nothing else has a period."""
    running = [each for each in items if (each.get("status") or {}).get("phase") not in ("Succeeded", "Failed")]
    return max(((each.get("spec") or {}).get("terminationGracePeriodSeconds") or 0 for each in running), default=0)


def _tell(client: Client, namespace: Object, progress: DeletionProgress, now: float) -> Object:
    status = namespace.get("status") or {}
    old = status.get("conditions") or []
    new = conditions(progress, old, now)
    if new == old or (progress.done and not old):
        return namespace  # an empty namespace is deleted at once, without a condition
    changed = {**namespace, "status": {**status, "conditions": new}}
    return client.update(NAMESPACES, changed, subresource="status")


def _finalize(client: Client, namespace: Object) -> None:
    kept = [name for name in namespace["spec"]["finalizers"] if name != FINALIZER]
    client.update(NAMESPACES, {**namespace, "spec": {"finalizers": kept}}, subresource="finalize")


def _since(namespace: Object) -> float:
    return datetime.fromisoformat(namespace["metadata"]["deletionTimestamp"]).timestamp()
