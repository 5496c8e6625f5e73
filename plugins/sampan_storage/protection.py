"""Protection of storage objects in use: each kind's finalizer is added where it is missing, and removed from an object
that is being deleted once nothing uses it. Pure, but for the last question about a claim.

Source: upstream's pvc-protection, pv-protection and vac-protection controllers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from sampan.contracts.kinds import Object, Resource
from sampan.contracts.reconciling import Action, Key, Observed, Update
from sampan_client import Client
from sampan_machinery.metadata import add_finalizer, copy, get_path, is_deleting, remove_finalizer
from sampan_machinery.resources import PERSISTENT_VOLUME_CLAIMS as CLAIMS
from sampan_machinery.resources import PERSISTENT_VOLUMES as VOLUMES
from sampan_machinery.resources import PODS
from sampan_machinery.resources import VOLUME_ATTRIBUTES_CLASSES as CLASSES
from sampan_storage.admission import PROTECTION

InUse = Callable[[Object, Observed], bool]


def decider(resource: Resource, in_use: InUse) -> Callable[[Key, Observed], list[Action]]:
    """The decision for a kind; ``in_use`` is asked of objects that are being deleted."""
    finalizer = PROTECTION[resource.group_resource]

    def decide(key: Key, observed: Observed) -> list[Action]:
        found = observed.get(resource, key.name, key.namespace)
        if found is None:
            return []
        changed = {**found, "metadata": copy(found["metadata"])}
        if is_deleting(found):
            done = remove_finalizer(changed, finalizer) and not in_use(found, observed)
        else:
            done = add_finalizer(changed, finalizer)
        return [Update(resource, changed)] if done else []

    return decide


def reconcile_claim(key: Key, client: Client, observed: Observed) -> list[Action]:
    """As decided; before a claim is let go the API is asked for its pods: the informer may not show the newest yet."""
    actions = decide_claim(key, observed)
    claim = observed.get(CLAIMS, key.name, key.namespace)
    if (
        actions
        and claim is not None
        and is_deleting(claim)
        and used_by(key.name, client.list(PODS, key.namespace).items)
    ):
        return []  # the informer will show that pod, and its end
    return actions


def claims_of(pod: Object) -> Iterator[str]:
    """The names of the claims that a pod uses, its own ephemeral ones too."""
    for volume in get_path(pod, "spec", "volumes", default=()) or ():
        if (source := volume.get("persistentVolumeClaim")) is not None:
            yield source.get("claimName") or ""
        elif volume.get("ephemeral") is not None:
            yield f"{pod['metadata']['name']}-{volume['name']}"


def claim_in_use(claim: Object, observed: Observed) -> bool:
    """By a pod on a node, finished or not; one that has no node will not start with a claim that goes."""
    return used_by(claim["metadata"]["name"], observed.list(PODS, claim["metadata"]["namespace"]))


def used_by(name: str, pods: Iterable[Object]) -> bool:
    return any(pod["spec"].get("nodeName") and name in claims_of(pod) for pod in pods)


def volume_in_use(volume: Object, observed: Observed) -> bool:
    return bool(get_path(volume, "status", "phase", default="") == "Bound")


def class_in_use(attributes: Object, observed: Observed) -> bool:
    """By a volume, or by a claim that has it, wants it, or is about to get it."""
    name = attributes["metadata"]["name"]
    volumes = (get_path(each, "spec", "volumeAttributesClassName", default=None) for each in observed.list(VOLUMES))
    return name in volumes or any(name in classes_of(claim) for claim in observed.list(CLAIMS))


def classes_of(claim: Object) -> set[str]:
    """The VolumeAttributesClasses that a claim names anywhere."""
    paths = (
        ("spec", "volumeAttributesClassName"),
        ("status", "currentVolumeAttributesClassName"),
        ("status", "modifyVolumeStatus", "targetVolumeAttributesClassName"),
    )
    return {name for path in paths if (name := get_path(claim, *path, default=None))}


decide_claim = decider(CLAIMS, claim_in_use)
decide_volume = decider(VOLUMES, volume_in_use)
decide_class = decider(CLASSES, class_in_use)


def keys_of_pod(pod: Object, observed: Observed) -> Iterable[Key]:
    """The claims that a changed pod may have freed."""
    return [Key(pod["metadata"]["namespace"], name) for name in claims_of(pod)]


def keys_of_claim(claim: Object, observed: Observed) -> Iterable[Key]:
    """The classes that a changed claim may have freed."""
    return [Key("", name) for name in classes_of(claim)]


def keys_of_volume(volume: Object, observed: Observed) -> Iterable[Key]:
    """The class that a changed volume may have freed."""
    name = get_path(volume, "spec", "volumeAttributesClassName", default=None)
    return [Key("", name)] if name else []
