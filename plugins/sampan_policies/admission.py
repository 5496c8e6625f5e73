"""The rules MutatingAdmissionPolicy and ValidatingAdmissionPolicy: which requests they are asked about.

A policy may take as long as its budgets allow, and authorizers may wait: so both run on the pool. What evaluates
policies is loaded with the first one that is bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sampan.contracts.admission import Review
from sampan.contracts.kinds import Object, Resource
from sampan.contracts.serving import Cluster
from sampan_machinery.resources import (
    MUTATING_ADMISSION_POLICIES,
    MUTATING_ADMISSION_POLICY_BINDINGS,
    VALIDATING_ADMISSION_POLICIES,
    VALIDATING_ADMISSION_POLICY_BINDINGS,
)
from sampan_policies.active import ActivePolicies
from sampan_policies.figures import Observe, unobserved

if TYPE_CHECKING:
    from sampan_policies.mutating import MutatingPolicy
    from sampan_policies.validating import ValidatingPolicy


class ValidatingPolicies:
    name = "ValidatingAdmissionPolicy"
    operations = frozenset({"*"})
    mutates = False
    priority = 840  # before webhooks, as upstream
    blocking = True
    watches = (VALIDATING_ADMISSION_POLICIES, VALIDATING_ADMISSION_POLICY_BINDINGS)

    def __init__(self, cluster: Cluster, observe: Observe = unobserved) -> None:
        self._cluster, self._observe = cluster, observe
        self._active = ActivePolicies(cluster, *self.watches, _validating)

    def concerns(self, resources: Sequence[Resource], subresource: str, operation: str) -> bool:
        return self._active.concerns(resources, subresource, operation)

    def admit(self, review: Review) -> None:
        from sampan_policies.denials import validate

        validate(review, self._active.all(), self._cluster.decide, self._observe)


class MutatingPolicies:
    name = "MutatingAdmissionPolicy"
    operations = frozenset({"CREATE", "UPDATE", "CONNECT"})
    mutates = True
    priority = 840  # after sampan's own, before webhooks, as upstream
    blocking = True
    reinvokes = True
    second_round = True
    watches = (MUTATING_ADMISSION_POLICIES, MUTATING_ADMISSION_POLICY_BINDINGS)

    def __init__(self, cluster: Cluster, observe: Observe = unobserved) -> None:
        self._cluster, self._observe = cluster, observe
        self._active = ActivePolicies(cluster, *self.watches, _mutating)

    def concerns(self, resources: Sequence[Resource], subresource: str, operation: str) -> bool:
        return self._active.concerns(resources, subresource, operation)

    def admit(self, review: Review) -> None:
        from sampan_policies.mutations import mutate

        mutate(review, self._active.all(), self._cluster.decide, self._observe)


def _validating(obj: Object) -> ValidatingPolicy:
    from sampan_policies.validating import ValidatingPolicy

    return ValidatingPolicy(obj)


def _mutating(obj: Object) -> MutatingPolicy:
    from sampan_policies.mutating import MutatingPolicy

    return MutatingPolicy(obj)
