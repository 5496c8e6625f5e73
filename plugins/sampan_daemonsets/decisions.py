"""What a DaemonSet decides: a pod on each node that suits, of the present template in the end. Pure but for the memory
of pods that have failed.

Source: the behaviour of upstream's daemon set controller and conformance 4.4.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sampan.contracts.kinds import Object
from sampan.contracts.reconciling import Action, Create, Emit, Key, Observed, Remove, Requeue, Update
from sampan_daemonsets import rolling
from sampan_daemonsets.backoff import FailedPods
from sampan_daemonsets.kind import GENERATION
from sampan_daemonsets.nodes import Fit, fit, on_node, target_of, tolerations
from sampan_daemonsets.revisions import forgotten, revisions_of
from sampan_daemonsets.rolling import allows_surge
from sampan_daemonsets.status import GENERATION_LABEL, by_age, min_ready, status_of
from sampan_machinery.metadata import annotations_of, get_path, is_deleting, labels_of
from sampan_machinery.resources import DAEMON_SETS, NODES, PODS
from sampan_podspec.adoption import adopt_and_release
from sampan_podspec.history import REVISION_LABEL
from sampan_podspec.states import available_in, is_available, ready_since
from sampan_podspec.templates import pod_from

_BURST = 250  # pods created or deleted in one decision
_NOWHERE = Fit(False, False)
_ENDED = ("Succeeded", "Failed")


@dataclass(frozen=True)
class Daemons:
    """A DaemonSet, its nodes and its pods at one moment."""

    owner: Object
    hash: str
    fits: Mapping[str, Fit]  # by node
    pods: Mapping[str, Sequence[Object]]  # by node
    observed: Observed
    failed: FailedPods


@dataclass
class Wanted:
    """Pods to make and to delete, and what goes with it."""

    nodes: list[str] = field(default_factory=list)
    deleted: list[Object] = field(default_factory=list)
    others: list[Action] = field(default_factory=list)


class Controller:
    """One for the process; ``decide`` is what a Reconciler calls."""

    def __init__(self) -> None:
        self._failed = FailedPods()

    def decide(self, key: Key, observed: Observed) -> list[Action]:
        owner = observed.get(DAEMON_SETS, key.name, key.namespace)
        if owner is None or is_deleting(owner):
            return []
        mine, adoptions = adopt_and_release(owner, PODS, observed)
        if adoptions:
            return adoptions  # decided again with what they have changed
        revisions = revisions_of(owner, mine, observed)
        if revisions.adoptions:
            return revisions.adoptions
        fits = {node["metadata"]["name"]: fit(owner, node) for node in observed.list(NODES)}
        daemons = Daemons(owner, revisions.hash, fits, _by_node(mine), observed, self._failed)
        wanted = _managed(daemons)
        if not wanted.nodes and not wanted.deleted:
            wanted = _updated(daemons, wanted)
        actions = [*revisions.writes, *_report(daemons), *_performed(daemons, wanted)]
        actions += forgotten(owner, revisions.old, mine)
        wait = available_in(mine, min_ready(owner), observed.now)
        return actions if wait is None else [*actions, Requeue(wait)]


def _by_node(pods: Sequence[Object]) -> dict[str, list[Object]]:
    """Pods that have ended and are being deleted count no more."""
    found: dict[str, list[Object]] = {}
    for pod in pods:
        gone = get_path(pod, "status", "phase") in _ENDED and is_deleting(pod)
        if not gone and (node := target_of(pod)):
            found.setdefault(node, []).append(pod)
    return found


def _managed(daemons: Daemons) -> Wanted:
    """One pod on each node that suits, none elsewhere."""
    wanted = Wanted()
    for node, found in daemons.fits.items():
        pods = daemons.pods.get(node, ())
        if found.runs and not pods:
            wanted.nodes.append(node)
        elif found.stays:
            _keep_one(daemons, node, pods, wanted)
        else:
            wanted.deleted += [pod for pod in pods if not is_deleting(pod)]
    for node, pods in daemons.pods.items():  # of a node that is gone: a pod that never got there
        if node not in daemons.fits:
            wanted.deleted += [pod for pod in pods if not get_path(pod, "spec", "nodeName") and not is_deleting(pod)]
    return wanted


def _keep_one(daemons: Daemons, node: str, pods: Sequence[Object], wanted: Wanted) -> None:
    running = []
    for pod in by_age([pod for pod in pods if not is_deleting(pod)]):
        phase = get_path(pod, "status", "phase")
        if phase in _ENDED:
            _replace(daemons, node, pod, phase, wanted)
        else:
            running.append(pod)
    if not allows_surge(daemons.owner):
        wanted.deleted += running[1:]
    elif len(running) > 1:
        wanted.deleted += _surplus(daemons, running)
    elif not running and daemons.fits[node].runs and pods:
        wanted.nodes.append(node)


def _replace(daemons: Daemons, node: str, pod: Object, phase: str, wanted: Wanted) -> None:
    """Delete a pod that has ended; one that keeps failing with growing pauses."""
    owner, meta = daemons.owner, pod["metadata"]
    where = f"daemon pod {meta['namespace']}/{meta['name']} on node {node}"
    if phase == "Succeeded":
        text = f"Found succeeded {where}, will try to delete it"
        wanted.others.append(Emit(owner, "Normal", "SucceededDaemonPod", text))
    else:
        generation = get_path(owner, "status", "observedGeneration", default=0)
        wait = daemons.failed.replace_in((owner["metadata"]["uid"], generation, node), daemons.observed.now)
        if wait:
            wanted.others.append(Requeue(wait))
            return
        text = f"Found failed {where}, will try to kill it"
        wanted.others.append(Emit(owner, "Warning", "FailedDaemonPod", text))
    wanted.deleted.append(pod)


def _surplus(daemons: Daemons, running: Sequence[Object]) -> list[Object]:
    """While an update surges a node may have one new and one old pod; the old one goes when it is not ready any more,
    or when the new one is available."""
    new = [pod for pod in running if labels_of(pod).get(REVISION_LABEL) == daemons.hash]
    old = [pod for pod in running if pod not in new]
    surplus = [*new[1:], *old[1:]]
    if new and old:
        ready = ready_since(old[0]) is not None
        if not ready or is_available(new[0], min_ready(daemons.owner), daemons.observed.now):
            surplus.append(old[0])
    return surplus


def _updated(daemons: Daemons, wanted: Wanted) -> Wanted:
    """The next step of a rolling update."""
    if get_path(daemons.owner, "spec", "updateStrategy", "type") != "RollingUpdate":
        return wanted
    right = [node for node, found in daemons.fits.items() if found.runs]
    wrong = [node for node in daemons.pods if not daemons.fits.get(node, _NOWHERE).runs]
    pairs = [
        rolling.pair(daemons.owner, node, daemons.pods.get(node, ()), daemons.hash, daemons.fits.get(node, _NOWHERE))
        for node in (*right, *wrong)
    ]
    changes = rolling.changes(daemons.owner, pairs, len(right), daemons.observed.now)
    return Wanted(changes.nodes, changes.deleted, wanted.others)


def _report(daemons: Daemons) -> Iterator[Action]:
    status = status_of(daemons.owner, daemons.fits, daemons.pods, daemons.hash, daemons.observed.now)
    if status != (daemons.owner.get("status") or {}):
        yield Update(DAEMON_SETS, {**daemons.owner, "status": status}, "status")


def _performed(daemons: Daemons, wanted: Wanted) -> Iterator[Action]:
    owner = daemons.owner
    yield from wanted.others
    for pod in wanted.deleted[:_BURST]:
        meta = pod["metadata"]
        yield Remove(PODS, meta["name"], meta["namespace"], uid=meta["uid"], event_on=owner)
    for node in wanted.nodes[:_BURST]:
        yield Create(PODS, new_pod(daemons, node), event_on=owner)


def new_pod(daemons: Daemons, node: str) -> Object:
    owner = daemons.owner
    pod = pod_from(owner["spec"]["template"], owner, daemons.observed.name_suffix())
    labels = {**labels_of(pod), REVISION_LABEL: daemons.hash}
    if generation := annotations_of(owner).get(GENERATION):
        labels[GENERATION_LABEL] = generation
    pod["metadata"]["labels"] = labels
    spec = pod["spec"]
    spec["tolerations"] = tolerations(spec)
    spec["affinity"] = on_node(spec.get("affinity"), node)
    return pod
