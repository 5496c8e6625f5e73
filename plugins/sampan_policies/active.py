"""The policies that have bindings: read from the watch cache, and again when a policy or binding has changed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from sampan.contracts.kinds import Object, Resource
from sampan.contracts.serving import Reader
from sampan_admission.criteria import Criteria
from sampan_admission.rules import is_exempt

if TYPE_CHECKING:
    from sampan_policies.policy import Policy

P = TypeVar("P", bound="Policy")


class Binding(NamedTuple):
    name: str
    criteria: Criteria | None  # None: wherever the policy matches
    param_ref: Mapping[str, Any] | None
    actions: Sequence[str]  # of a validating one


class Bound(NamedTuple, Generic[P]):
    policy: P
    bindings: Sequence[Binding]


class ActivePolicies(Generic[P]):
    """Of one sort. What was compiled of a policy is kept until the policy changes."""

    def __init__(self, reader: Reader, policies: Resource, bindings: Resource, make: Callable[[Object], P]) -> None:
        self._reader, self._policies, self._bindings, self._make = reader, policies, bindings, make
        self._lock = threading.Lock()
        self._seen: tuple[int, int] = (-1, -1)
        self._found: Sequence[Bound[P]] = ()
        self._made: dict[tuple[str, str], P] = {}  # by uid and generation

    def all(self) -> Sequence[Bound[P]]:
        """Ordered by the policies' names, and bindings by theirs."""
        now = (self._reader.generation(self._policies), self._reader.generation(self._bindings))
        if now != self._seen:
            with self._lock:
                if now != self._seen:
                    self._found = self._read()
                    self._seen = now
        return self._found

    def concerns(self, resources: Sequence[Resource], subresource: str, operation: str) -> bool:
        """Whether a policy that is bound names such requests. ``resources``: the kind in all versions."""
        if any(map(is_exempt, resources)):
            return False
        return any(bound.policy.criteria.concerns(resources, subresource, operation) for bound in self.all())

    def _read(self) -> Sequence[Bound[P]]:
        bindings: dict[str, list[Binding]] = {}
        for each in sorted(self._reader.list(self._bindings), key=_name):
            spec = each.get("spec") or {}
            bindings.setdefault(str(spec.get("policyName") or ""), []).append(_binding(each))
        if not bindings:
            self._made = {}
            return ()
        made: dict[tuple[str, str], P] = {}
        found: list[Bound[P]] = []
        for obj in sorted(self._reader.list(self._policies), key=_name):
            if _name(obj) not in bindings:
                continue
            meta = obj["metadata"]
            key = (str(meta.get("uid")), str(meta.get("generation")))
            made[key] = policy = self._made.get(key) or self._make(obj)
            found.append(Bound(policy, bindings[policy.name]))
        self._made = made
        return found


def _binding(obj: Object) -> Binding:
    spec = obj.get("spec") or {}
    match = spec.get("matchResources")
    return Binding(
        _name(obj), None if match is None else Criteria.of_policy(match), spec.get("paramRef"),
        tuple(spec.get("validationActions") or ()),
    )  # fmt: skip


def _name(obj: Object) -> str:
    return str(obj["metadata"]["name"])
