"""pods/eviction: deleting a pod as a drain does, with the condition that says why.

Knows no PodDisruptionBudget: that rule is admission's, which may refuse an eviction, store what it uses of a budget,
and add a precondition. Source: upstream's eviction subresource, policy/v1 Eviction, KEP-3329.
"""

from __future__ import annotations

import time
from typing import Any

from sampan.contracts.kinds import Object
from sampan.contracts.serving import Call
from sampan.errors import BadRequest, Conflict, TooManyRequests
from sampan_machinery import problems
from sampan_machinery.media import decode_body
from sampan_machinery.metadata import get_path, now_text, set_condition
from sampan_pods.binding import SUCCESS

_UNREADABLE = "ignoreStoreReadErrorWithClusterBreakingPotential"
_AGAIN = 10  # seconds


def evict(call: Call) -> Any:
    body = call.body()
    options: Object = body.get("deleteOptions") or {}
    if (body.get("metadata") or {}).get("name") != call.name:
        raise BadRequest("name in URL does not match name in Eviction object")
    if options.get(_UNREADABLE):
        why = "can not be set for pod eviction, try after removing the option"
        found = [problems.invalid(f"deleteOptions.{_UNREADABLE}", True, why)]
        raise problems.as_error(found, group="policy", kind="Eviction", name=call.name)
    wanted: Object = options.get("preconditions") or {}
    try:
        _evict(call, options, wanted)
    except Conflict as error:
        if wanted.get("resourceVersion") and not _asked_for_revision(call):
            # Admission has judged another state of the pod than the one that is there now.
            raise TooManyRequests("The pod has changed while it was evicted.", retry_after=_AGAIN) from error
        raise
    return SUCCESS


def _evict(call: Call, options: Object, wanted: Object) -> None:
    if call.dry_run or "All" in (options.get("dryRun") or ()):
        _check(call.target(), wanted)
        return

    def mark(pod: Object) -> Object | None:
        _check(pod, wanted)
        return pod if _mark(pod) else None

    marked = call.cluster.update(call.resource, call.name, call.namespace, mark, subresource="status")
    meta = marked["metadata"]
    call.cluster.delete(
        call.resource, call.name, call.namespace, grace=options.get("gracePeriodSeconds"), uid=meta["uid"],
        revision=meta["resourceVersion"] if wanted.get("resourceVersion") else "",
        propagation=options.get("propagationPolicy") or "", user=call.user,
    )  # fmt: skip


def _check(pod: Object, wanted: Object) -> None:
    """Raises Conflict where a precondition does not hold."""
    name, meta = pod["metadata"]["name"], pod["metadata"]
    for key, word, then in (
        ("uid", "UID", "The object might have been deleted and then recreated"),
        ("resourceVersion", "ResourceVersion", "The object might have been modified"),
    ):
        if wanted.get(key) and wanted[key] != meta[key]:
            why = f"the {word} in the precondition ({wanted[key]}) does not match the {word} in record ({meta[key]})."
            raise Conflict(f'Operation cannot be fulfilled on Pod "{name}": {why} {then}', kind="Pod", name=name)


def _asked_for_revision(call: Call) -> bool:
    """Whether the client itself, not admission, has named a resourceVersion."""
    data, media = call.raw_body(), call.headers.get("content-type", "").partition(";")[0].strip()
    sent = decode_body(data, media or "application/json") if data else {}
    return bool(get_path(sent, "deleteOptions", "preconditions", "resourceVersion"))


def _mark(pod: Object) -> bool:
    return set_condition(
        pod.setdefault("status", {}), "DisruptionTarget", "True", now=now_text(time.time()),
        reason="EvictionByEvictionAPI", message="Eviction API: evicting",
        observedGeneration=pod["metadata"].get("generation"),
    )  # fmt: skip
