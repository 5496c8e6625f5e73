"""Privilege escalation is refused: a user may grant only rights that the user has, by the rules of a role or by the
role that a binding names.

The verbs ``escalate`` (on roles) and ``bind`` (on the role named) lift it. Source: RBAC documentation, "privilege
escalation prevention and bootstrapping".
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from sampan.contracts.access import Attributes, Decision, User
from sampan.contracts.admission import Review
from sampan.contracts.kinds import Object
from sampan.contracts.serving import Cluster
from sampan.errors import NotFound
from sampan_machinery.resources import CLUSTER_ROLE_BINDINGS as CLUSTER_BINDINGS
from sampan_machinery.resources import CLUSTER_ROLES, ROLES
from sampan_machinery.resources import ROLE_BINDINGS as BINDINGS
from sampan_rbac.coverage import TooManyRules, parts, uncovered
from sampan_rbac.index import Index
from sampan_rbac.resources import GROUP, MASTERS
from sampan_rbac.rules import Rule, compiled

MOST_SHOWN = 1000  # parts of rules in an error message
_EVERYTHING = Rule(frozenset("*"), frozenset("*"), frozenset("*"), frozenset(), ())


class Escalation:
    """Admits a role or binding only if its writer already holds what it grants."""

    name = "RBACEscalation"
    operations = frozenset({"CREATE", "UPDATE"})
    resources = frozenset({f"*.{GROUP}"})
    mutates = False
    priority = 500

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._index = Index(cluster)

    def admit(self, review: Review) -> None:
        kind, new = review.kind, review.object
        if new is None or MASTERS in review.user.groups:
            return
        changed = _changed(review.old or {}, new)
        if kind.plural in (ROLES.plural, CLUSTER_ROLES.plural):
            if changed & {"rules", "aggregationRule"}:
                self._admit_role(review, new, review.old or {})
        elif kind.plural in (BINDINGS.plural, CLUSTER_BINDINGS.plural) and changed & {"roleRef", "subjects"}:
            self._admit_binding(review, new)

    def _admit_role(self, review: Review, new: Object, old: Object) -> None:
        if self._may(review.user, "escalate", review.kind.plural, review.namespace, review.name):
            return
        aggregation = new.get("aggregationRule")
        if aggregation and aggregation != old.get("aggregationRule"):
            missing = self._missing(review, [_EVERYTHING])
            if missing:
                raise review.forbidden("must have cluster-admin privileges to use an aggregationRule")
        if missing := self._missing(review, compiled(new.get("rules"))):
            raise review.forbidden(_grants(review.user, missing))

    def _admit_binding(self, review: Review, new: Object) -> None:
        role = new.get("roleRef") or {}
        kind, name = role.get("kind", ""), role.get("name", "")
        resource = CLUSTER_ROLES if kind == "ClusterRole" else ROLES
        if self._may(review.user, "bind", resource.plural, review.namespace, name):
            return
        self._index.refresh()
        rules = self._index.role(kind, name, review.namespace)
        if rules is None:
            raise NotFound(
                f'{resource.group_resource} "{name}" not found', group=GROUP, kind=resource.plural, name=name
            )
        if missing := self._missing(review, rules):
            raise review.forbidden(_grants(review.user, missing))

    def _missing(self, review: Review, wanted: Sequence[Rule]) -> list[Rule]:
        self._index.refresh()
        granted = self._index.granted(review.user.name, review.user.groups, review.namespace)
        try:
            return uncovered([rule for found in granted for rule in found.rules], wanted)
        except TooManyRules:
            raise review.forbidden(
                "it has too many rules to compare them with what its writer holds; divide it into several roles"
            ) from None

    def _may(self, user: User, verb: str, plural: str, namespace: str, name: str) -> bool:
        asked = Attributes(user, verb, GROUP, "v1", plural, "", namespace, name)
        return self._cluster.decide(asked)[0] is Decision.ALLOW


def _changed(old: Object, new: Object) -> set[str]:
    return {key for key in (*old, *new) if old.get(key) != new.get(key)}


def _grants(user: User, missing: Sequence[Rule]) -> str:
    lines = "\n".join(_shown(missing))
    groups = f" (groups={_quoted(user.groups)})" if user.groups else ""
    return f'user "{user.name}"{groups} is attempting to grant RBAC permissions not currently held:\n{lines}'


def _shown(missing: Sequence[Rule]) -> list[str]:
    """Parts that differ only in the verb are one line, as upstream prints them; of very many, the first ones."""
    verbs: dict[tuple[frozenset[str], frozenset[str], frozenset[str], tuple[str, ...]], list[str]] = {}
    every = parts(missing)
    for part in islice(every, MOST_SHOWN):
        verbs.setdefault(part[1:], []).extend(part.verbs)
    more = next(every, None) is not None
    lines = []
    for (groups, resources, names, paths), held in verbs.items():
        said = [
            f"{label}:{_quoted(sorted(values))}"
            for label, values in (
                ("APIGroups", groups), ("Resources", resources), ("ResourceNames", names), ("NonResourceURLs", paths),
            )
            if values
        ]  # fmt: skip
        lines.append("{" + ", ".join([*said, f"Verbs:{_quoted(sorted(held))}"]) + "}")
    return [*sorted(lines), *(["and more"] if more else [])]


def _quoted(words: Sequence[str]) -> str:
    return f"[{' '.join(chr(34) + word + chr(34) for word in words)}]"
