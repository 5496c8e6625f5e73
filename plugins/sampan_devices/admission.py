"""Who may write what of a claim: access for administrators, allocations, and what drivers say about devices.

Upstream asks in the strategies of these kinds, so that a refusal is a 422 with the field's path. Source:
pkg/registry/resource (meaning, words); KEP-5018, KEP-4817.
"""

from __future__ import annotations

from collections.abc import Sequence

from sampan.contracts.access import Attributes, Decision, User
from sampan.contracts.admission import Review
from sampan.contracts.kinds import Object, Problem
from sampan.contracts.serving import Cluster, Reader
from sampan_devices.allocations import device_id, results_of
from sampan_machinery.equality import same
from sampan_machinery.metadata import get_path, labels_of
from sampan_machinery.problems import as_error, forbidden
from sampan_machinery.resources import NAMESPACES, RESOURCE_CLAIM_TEMPLATES, RESOURCE_CLAIMS, RESOURCE_SLICES

ADMIN_LABEL = "resource.kubernetes.io/admin-access"
NODE_NAME = "authentication.kubernetes.io/node-name"
#: Upstream asks for the verb of the request; a review does not say which of the two it was.
_VERBS = ("update", "patch")
_WHY = f"admin access to devices requires the `{ADMIN_LABEL}: true` label on the containing namespace"


class AdminAccess:
    """Only namespaces with a label may have claims that ignore what others have allocated."""

    name = "DeviceAdminAccess"
    operations = frozenset({"CREATE", "UPDATE"})
    resources = frozenset({RESOURCE_CLAIMS.group_resource, RESOURCE_CLAIM_TEMPLATES.group_resource})
    subresources = frozenset({"", "status"})
    mutates = False
    priority = 500

    def admit(self, review: Review) -> None:
        path = _asked(review)
        if path and not _is_admin(review.reader, review.namespace):
            raise _refusal(review, [forbidden(path, _WHY)])


class DriverWarning:
    """Tells who makes a ResourceSlice of a driver's name in upper case; never refuses."""

    name = "DeviceDriverWarning"
    operations = frozenset({"CREATE"})
    resources = frozenset({RESOURCE_SLICES.group_resource})
    subresources = frozenset({""})
    mutates = False
    priority = 500

    def admit(self, review: Review) -> None:
        driver = get_path(review.object or {}, "spec", "driver", default=None) or ""
        if driver != driver.lower():
            why = f'driver names should be lowercase; "{driver}" contains uppercase characters'
            review.warnings.append(f"spec.driver: {why}")


class ClaimStatusWriters:
    """An allocation is written by who may bind claims, what is said about a device by its driver."""

    name = "ResourceClaimStatusWriters"
    operations = frozenset({"UPDATE"})
    resources = frozenset({RESOURCE_CLAIMS.group_resource})
    subresources = frozenset({"status"})
    mutates = False
    priority = 500

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def admit(self, review: Review) -> None:
        new, old = ((each or {}).get("status") or {} for each in (review.object, review.old))
        found = self._binding(review.user, new, old)
        if new.get("allocation") is not None:
            found += self._drivers(review, new, old)
        if found:
            raise _refusal(review, found)

    def _binding(self, user: User, new: Object, old: Object) -> list[Problem]:
        is_same = all(same(new.get(field), old.get(field)) for field in ("allocation", "reservedFor"))
        appears = (new.get("allocation") is None) != (old.get("allocation") is None)  # an empty one counts
        if (is_same and not appears) or any(self._may(user, verb, "binding") for verb in _VERBS):
            return []
        what = 'changing status.allocation or status.reservedFor requires resource="resourceclaims/binding"'
        return [forbidden("status.allocation", f'{what}, verb="update" permission: {_denied(user, "binding", "", "")}')]

    def _drivers(self, review: Review, new: Object, old: Object) -> list[Problem]:
        nodes = ["arbitrary-node"]
        if _is_on(review.user, new.get("allocation") or {}):
            nodes.insert(0, "associated-node")
        told = [f"{node}:update" for node in nodes]
        allowed = [f"{node}:{verb}" for node in nodes for verb in _VERBS]
        found = []
        for driver in sorted(changed_drivers(new, old)):
            if not any(self._may(review.user, verb, "driver", review.namespace, driver) for verb in allowed):
                denied = _denied(review.user, "driver", review.namespace, driver, told[0])
                what = f'changing status.devices requires resource="resourceclaims/driver", verb="[{" ".join(told)}]"'
                found.append(forbidden("status.devices", f"{what} permission: {denied}"))
        return found

    def _may(self, user: User, verb: str, subresource: str, namespace: str = "", name: str = "") -> bool:
        group, version, plural, *_ = RESOURCE_CLAIMS
        asked = Attributes(user, verb, group, version, plural, subresource, namespace, name)
        return self._cluster.decide(asked)[0] is Decision.ALLOW


def changed_drivers(new: Object, old: Object) -> set[str]:
    """The drivers of the devices about which something else is said now."""
    before = {device_id(each): each for each in old.get("devices") or ()}
    changed = set()
    for each in new.get("devices") or ():
        was = before.pop(device_id(each), None)
        if was is None or not same(was, each):
            changed.add(each.get("driver") or "")
    return changed | {each.get("driver") or "" for each in before.values()}


def _asked(review: Review) -> str:
    """The path of the first request for admin access; "" where there is none that is new."""
    obj = review.object or {}
    if review.subresource == "status":
        before = results_of((review.old or {}).get("status") or {})
        if any(each.get("adminAccess") for each in before):
            return ""
        path, found = "status.allocation.devices.results", [*results_of(obj.get("status") or {})]
    elif review.old is not None:
        return ""  # the spec never changes
    else:
        spec = get_path(obj, "spec", "spec", default=None) or obj.get("spec") or {}
        requests = get_path(spec, "devices", "requests", default=()) or ()
        path, found = "spec.devices.requests", [each.get("exactly") or {} for each in requests]
    first = next((index for index, each in enumerate(found) if each.get("adminAccess")), None)
    return "" if first is None else f"{path}[{first}].adminAccess"


def _is_admin(reader: Reader, namespace: str) -> bool:
    found = reader.get(NAMESPACES, namespace)
    return found is not None and labels_of(found).get(ADMIN_LABEL) == "true"


def _is_on(user: User, allocation: Object) -> bool:
    """Whether that is a service account whose token is of a pod on the node of the allocation."""
    nodes = tuple(user.extra.get(NODE_NAME) or ())
    return user.name.startswith("system:serviceaccount:") and len(nodes) == 1 and nodes[0] == _node(allocation)


def _node(allocation: Object) -> str:
    """The one node that the allocation is for, where it says so by name."""
    terms: Sequence[Object] = get_path(allocation, "nodeSelector", "nodeSelectorTerms", default=()) or ()
    fields = (terms[0].get("matchFields") or []) if len(terms) == 1 and not terms[0].get("matchExpressions") else []
    if len(fields) != 1 or (fields[0].get("key"), fields[0].get("operator")) != ("metadata.name", "In"):
        return ""
    values = fields[0].get("values") or []
    return values[0] if len(values) == 1 else ""


def _denied(user: User, subresource: str, namespace: str, name: str, verb: str = "update") -> str:
    """As the API server words a request that was not allowed."""
    named = f' "{name}"' if name else ""
    where = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
    return (
        f'resourceclaims.resource.k8s.io{named} is forbidden: User "{user.name}" cannot {verb} resource '
        f'"resourceclaims/{subresource}" in API group "resource.k8s.io" {where}'
    )


def _refusal(review: Review, found: list[Problem]) -> Exception:
    return as_error(found, group=review.kind.group, kind=review.kind.kind, name=review.name)
