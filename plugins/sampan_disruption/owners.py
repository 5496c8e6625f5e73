"""The scale that the owners of pods want: from informers for the workloads, by the scale subresource for others."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sampan.contracts.kinds import Object
from sampan.contracts.reconciling import Observed
from sampan.errors import NotFound, StatusError
from sampan_client.scales import NoSuchTarget, Targets
from sampan_disruption.budgets import Scale
from sampan_machinery.metadata import controller_of, get_path
from sampan_machinery.resources import DEPLOYMENTS, REPLICA_SETS, REPLICATION_CONTROLLERS, STATEFUL_SETS

#: Kinds that are read from informers, by group and kind.
OWNERS = {(each.group, each.kind): each for each in (DEPLOYMENTS, REPLICA_SETS, REPLICATION_CONTROLLERS, STATEFUL_SETS)}
OwnerScale = tuple[str, int]  # uid of the owner, replicas
Ask = Callable[[Object, str], OwnerScale | None]  # of an owner reference in a namespace


class ScaleUnknown(Exception):
    """A pod's owner has no scale, or it cannot be read."""


def scale_of(pods: Sequence[Object], observed: Observed, ask: Ask) -> Scale:
    """The sum over all owners; raises ScaleUnknown. ``ask`` answers for kinds that have no informer."""
    scales: dict[str, int] = {}
    looked: set[str] = set()
    unmanaged = False
    for pod in pods:
        reference = controller_of(pod)
        if reference is None:
            unmanaged = True
        elif reference["uid"] not in looked:
            looked.add(reference["uid"])
            found = _owner_scale(reference, pod["metadata"]["namespace"], observed, ask)
            if found is None:
                raise ScaleUnknown(f'found no controllers for pod "{pod["metadata"]["name"]}"')
            scales[found[0]] = found[1]
    return Scale(sum(scales.values()), unmanaged)


def _owner_scale(reference: Object, namespace: str, observed: Observed, ask: Ask) -> OwnerScale | None:
    resource = OWNERS.get((str(reference.get("apiVersion", "")).rpartition("/")[0], reference.get("kind", "")))
    if resource is None:
        return ask(reference, namespace)
    owner = observed.get(resource, reference["name"], namespace)
    if owner is None or owner["metadata"]["uid"] != reference["uid"]:
        return None
    above = controller_of(owner) if resource is REPLICA_SETS else None
    if above is not None and above.get("kind") == DEPLOYMENTS.kind:
        return _owner_scale(above, namespace, observed, ask)
    return reference["uid"], int(get_path(owner, "spec", "replicas", default=1))


def by_subresource(targets: Targets) -> Ask:
    """Asks the API server."""

    def ask(reference: Object, namespace: str) -> OwnerScale | None:
        try:
            resource = targets.resource(reference)
            if not targets.has_scale(resource):
                raise ScaleUnknown(f"{resource.group_resource} does not implement the scale subresource")
            _, scale = targets.scale(reference, namespace)
        except NotFound:
            return None
        except (NoSuchTarget, StatusError) as error:
            raise ScaleUnknown(str(error)) from error
        if scale["metadata"].get("uid") != reference["uid"]:
            return None
        return reference["uid"], int(get_path(scale, "spec", "replicas", default=0))

    return ask
