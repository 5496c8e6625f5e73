"""The rule ResourceQuota: a write that uses more than a quota of its namespace has left is refused; else the use is
counted in the same commit, so that no two writes pass one quota together."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from sampan.contracts.admission import Review
from sampan.contracts.kinds import Object
from sampan.contracts.serving import Reader
from sampan_machinery.resources import PERSISTENT_VOLUME_CLAIMS, PODS, RESOURCE_QUOTAS, SERVICES
from sampan_quota.charging import Refused, charge
from sampan_quota.limitedresources import require_covered
from sampan_quota.resourcequota import warnings
from sampan_quota.scopes import has_deadline
from sampan_quota.settings import LimitedResource
from sampan_quota.usage import CLAIMS, IGNORED, evaluator_of

_LAST = 980  # nothing refuses a write that is counted already


class Quotas:
    """The quotas of a namespace. Namespaces without any are remembered until some quota changes."""

    def __init__(self) -> None:
        self._without: tuple[int, set[str]] = (-1, set())

    def of(self, reader: Reader, namespace: str) -> list[Object]:
        generation = reader.generation(RESOURCE_QUOTAS)  # before reading: what changes meanwhile is read again
        at, without = self._without
        if at != generation:
            without = set()
            self._without = (generation, without)
        if namespace in without:
            return []
        found = reader.list(RESOURCE_QUOTAS, namespace)
        if not found:
            without.add(namespace)
        return found


class _Counting:
    """What the three rules below share: they differ in the writes that they are asked about."""

    mutates = False
    priority = _LAST

    def __init__(
        self, quotas: Quotas, limited: Sequence[LimitedResource] = (), clock: Callable[[], float] = time.time
    ) -> None:
        self._quotas = quotas
        self._limited = limited
        self._clock = clock

    def admit(self, review: Review) -> None:
        name = review.kind.resource.group_resource
        if not review.namespace or review.object is None or name in IGNORED:
            return
        quotas = self._quotas.of(review.reader, review.namespace)
        if not (quotas or self._limited) or not self._concerns(review):
            return
        facts = (evaluator_of(name), review.object, review.old, self._clock())
        try:
            if self._limited:
                require_covered(self._limited, name, facts[0], quotas, *facts[1:])
            review.also_update += charge(quotas, *facts, limited=review.subresource != "status")
        except Refused as refused:
            raise review.forbidden(str(refused)) from refused

    def _concerns(self, review: Review) -> bool:
        return True


class QuotaOfCreates(_Counting):
    """New objects of every kind."""

    name = "ResourceQuota"
    operations = frozenset({"CREATE"})
    subresources = frozenset({""})


class QuotaOfUpdates(_Counting):
    """Changed objects of the kinds that are more than a number: a Service gets a node port, a pod is resized."""

    name = "ResourceQuotaUpdates"
    operations = frozenset({"UPDATE"})
    resources = frozenset({
        PODS.group_resource, SERVICES.group_resource, PERSISTENT_VOLUME_CLAIMS.group_resource, CLAIMS,
    })  # fmt: skip
    subresources = frozenset({"", "resize"})
    may_be_absent = True

    def _concerns(self, review: Review) -> bool:
        if review.kind.resource.group_resource != PODS.group_resource or review.subresource:
            return True
        return has_deadline(review.object or {}) != has_deadline(review.old or {})


class QuotaOfClaimStatus(_Counting):
    """The status of a PersistentVolumeClaim, where it tells of more storage or another class of attributes."""

    name = "ResourceQuotaClaimStatus"
    operations = frozenset({"UPDATE"})
    resources = frozenset({PERSISTENT_VOLUME_CLAIMS.group_resource})
    subresources = frozenset({"status"})
    may_be_absent = True

    def _concerns(self, review: Review) -> bool:
        fields = ("allocatedResources", "currentVolumeAttributesClassName", "modifyVolumeStatus")
        new, old = (((obj or {}).get("status") or {}) for obj in (review.object, review.old))
        return any(new.get(field) != old.get(field) for field in fields)


class QuotaAdvice:
    """Warns of a new quota that is not what its writer means."""

    name = "ResourceQuotaAdvice"
    operations = frozenset({"CREATE"})
    resources = frozenset({RESOURCE_QUOTAS.group_resource})
    subresources = frozenset({""})
    mutates = False
    priority = _LAST

    def admit(self, review: Review) -> None:
        review.warnings += [text for text in warnings(review.object or {}) if text not in review.warnings]
