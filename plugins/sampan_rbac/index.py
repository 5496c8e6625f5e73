"""Roles and bindings compiled into what can be asked quickly: from a subject to its rules.

Built from a Reader whenever one of the four kinds has changed, and only the kind that did. Knows no request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from sampan.contracts.kinds import Object, Resource
from sampan.contracts.serving import Reader
from sampan_machinery.resources import CLUSTER_ROLE_BINDINGS as CLUSTER_BINDINGS
from sampan_machinery.resources import CLUSTER_ROLES, ROLES
from sampan_machinery.resources import ROLE_BINDINGS as BINDINGS
from sampan_rbac.rules import Rule, compiled


class BoundRole(NamedTuple):
    """A binding as one of its subjects sees it."""

    namespace: str  # "": everywhere
    role_kind: str
    role: str
    subject: str  # User "x", for the reason
    binding: str


class GrantedRules(NamedTuple):
    """Rules that a subject has, and why."""

    rules: list[Rule]
    reason: str


class _Bindings:
    """Bindings of one kind by user and by group."""

    def __init__(self, objects: Iterable[Object]) -> None:
        self.users: dict[str, list[BoundRole]] = {}
        self.groups: dict[str, list[BoundRole]] = {}
        for binding in objects:
            self._add(binding)

    def _add(self, binding: Object) -> None:
        metadata, role = binding["metadata"], binding.get("roleRef") or {}
        namespace = metadata.get("namespace", "")
        for subject in binding.get("subjects") or ():
            kind, name = subject.get("kind"), subject.get("name", "")
            shown = f'{kind} "{name}"'
            index = self.groups if kind == "Group" else self.users
            if kind == "ServiceAccount":
                where = subject.get("namespace") or namespace
                name, shown = f"system:serviceaccount:{where}:{name}", f'{kind} "{name}/{where}"'
            bound = BoundRole(namespace, role.get("kind", ""), role.get("name", ""), shown, metadata["name"])
            index.setdefault(name, []).append(bound)


class Index:
    """All of RBAC. ``refresh`` must be called before asking; it is cheap when nothing has changed."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._generations: list[int] = [-1, -1, -1, -1]
        self._roles: dict[tuple[str, str], list[Rule]] = {}
        self._cluster_roles: dict[tuple[str, str], list[Rule]] = {}
        self._bindings = _Bindings(())
        self._cluster_bindings = _Bindings(())

    def refresh(self) -> bool:
        """Take over what has changed; whether anything had."""
        generation: Callable[[Resource], int] = self._reader.generation
        now = [generation(ROLES), generation(BINDINGS), generation(CLUSTER_ROLES), generation(CLUSTER_BINDINGS)]
        if now == self._generations:
            return False
        before = self._generations
        if now[0] != before[0]:
            self._roles = _rules(self._reader.list(ROLES))
        if now[1] != before[1]:
            self._bindings = _Bindings(self._reader.list(BINDINGS))
        if now[2] != before[2]:
            self._cluster_roles = _rules(self._reader.list(CLUSTER_ROLES))
        if now[3] != before[3]:
            self._cluster_bindings = _Bindings(self._reader.list(CLUSTER_BINDINGS))
        self._generations = now  # as of before the reading: what changed meanwhile is read again next time
        return True

    def role(self, kind: str, name: str, namespace: str) -> list[Rule] | None:
        """The rules of a role, or None where it does not exist."""
        if kind == "ClusterRole":
            return self._cluster_roles.get(("", name))
        return self._roles.get((namespace, name))

    def granted(self, user: str, groups: Iterable[str], namespace: str) -> Iterator[GrantedRules]:
        """What a user may do in a namespace; "" asks only for what holds everywhere."""
        kinds = [(self._cluster_bindings, "ClusterRoleBinding")]
        if namespace:
            kinds.append((self._bindings, "RoleBinding"))
        for bindings, kind in kinds:
            for bound in _bound(bindings, user, groups):
                if bound.namespace and bound.namespace != namespace:
                    continue
                rules = self.role(bound.role_kind, bound.role, bound.namespace)
                if rules is not None:
                    yield GrantedRules(rules, _reason(kind, bound))


def _rules(roles: Iterable[Object]) -> dict[tuple[str, str], list[Rule]]:
    return {
        (role["metadata"].get("namespace", ""), role["metadata"]["name"]): compiled(role.get("rules")) for role in roles
    }


def _bound(bindings: _Bindings, user: str, groups: Iterable[str]) -> Iterator[BoundRole]:
    yield from bindings.users.get(user, ())
    for group in groups:
        yield from bindings.groups.get(group, ())


def _reason(kind: str, bound: BoundRole) -> str:
    binding = f"{bound.binding}/{bound.namespace}" if bound.namespace else bound.binding
    role = f"{bound.role}/{bound.namespace}" if bound.role_kind == "Role" else bound.role
    return f'RBAC: allowed by {kind} "{binding}" of {bound.role_kind} "{role}" to {bound.subject}'
