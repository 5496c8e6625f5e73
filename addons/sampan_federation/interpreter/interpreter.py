"""What a kind means, asked in one place: customizations first, then plugins, then the built-in rules, as in Karmada.

Thread-safe: the rules are replaced as a whole. Must not know where they come from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sampan.contracts.kinds import Object
from sampan_federation.interpreter import aggregation, dependencies, health, reflection, replicas, retention
from sampan_federation.interpreter.kinds import KindName, kind_of
from sampan_federation.interpreter.reading import bounded
from sampan_federation.interpreter.replicas import Replicas
from sampan_federation.interpreter.rules import RuleFailed, Rules

RulesByKind = Mapping[KindName, Rules]


class Interpreter:
    def __init__(self, plugins: RulesByKind | None = None) -> None:
        self._plugins: RulesByKind = plugins or {}
        self._customized: RulesByKind = {}

    def customize(self, rules: RulesByKind) -> None:
        """Use these customizations from now on."""
        self._customized = rules

    def replicas(self, obj: Object) -> Replicas | None:
        """Raises RuleFailed, or BadRequest for a quantity that is none. None: a kind without replicas."""
        rule = self._rule(obj, "replicas")
        return rule(obj) if rule is not None else replicas.replicas_of(obj)

    def revise(self, obj: Object, number: int) -> Object:
        rule = self._rule(obj, "revise")
        return rule(obj, number) if rule is not None else replicas.revised(obj, number)

    def retain(self, desired: Object, observed: Object) -> Object:
        rule = self._rule(desired, "retain")
        if rule is None:
            return retention.retained(desired, observed)
        return rule(retention.with_metadata(desired, observed), observed)  # type: ignore[no-any-return]

    def health(self, observed: Object) -> str:
        rule = self._rule(observed, "health")
        if rule is None:
            return health.health_of(observed)
        try:
            return health.HEALTHY if rule(observed) else health.UNHEALTHY
        except RuleFailed:
            return health.UNKNOWN

    def reflect(self, observed: Object) -> Any:
        rule = self._rule(observed, "reflect")
        return bounded(rule(observed)) if rule is not None else reflection.reflected(observed)

    def aggregate(self, obj: Object, reported: Sequence[Object], *, now: str) -> Object | None:
        """The new status; None if it stays."""
        rule = self._rule(obj, "aggregate")
        if rule is None:
            return aggregation.aggregated(obj, reported, now=now)
        new = bounded(rule(obj, reported))
        return None if new is None or new == (obj.get("status") or {}) else new

    def dependencies(self, obj: Object) -> list[Object]:
        rule = self._rule(obj, "dependencies")
        return rule(obj) if rule is not None else dependencies.dependencies_of(obj)

    def _rule(self, obj: Object, name: str) -> Callable[..., Any] | None:
        kind = kind_of(obj)
        for source in (self._customized, self._plugins):
            rules = source.get(kind)
            rule: Callable[..., Any] | None = getattr(rules, name) if rules is not None else None
            if rule is not None:
                return rule
        return None
