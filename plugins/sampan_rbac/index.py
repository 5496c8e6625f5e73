"""Roles and bindings compiled into what can be asked quickly: from a subject to its rules.

Of the four kinds only the objects that have changed are read again: with a thousand roles, to compile all of them takes
longer than a request may keep the event loop. Knows no request.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, Protocol

from sampan.contracts.kinds import Object, Resource
from sampan.contracts.serving import Reader
from sampan_machinery.resources import CLUSTER_ROLE_BINDINGS as CLUSTER_BINDINGS
from sampan_machinery.resources import CLUSTER_ROLES, ROLES
from sampan_machinery.resources import ROLE_BINDINGS as BINDINGS
from sampan_rbac.rules import Rule, compiled

Key = tuple[str, str]  # namespace ("" where there is none) and name


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


class _Compiled(Protocol):
    """What was made of the objects of one kind, by key. Another thread may read while one changes it."""

    def put(self, key: Key, obj: Object | None) -> None:
        """``obj`` None: it is gone."""


class _Roles:
    def __init__(self) -> None:
        self.rules: dict[Key, list[Rule]] = {}

    def put(self, key: Key, obj: Object | None) -> None:
        if obj is None:
            self.rules.pop(key, None)
        else:
            self.rules[key] = compiled(obj.get("rules"))


class _Bindings:
    """Bindings of one kind by user and by group. A subject's tuple is replaced as a whole, so that no reader misses a
    binding that is being changed."""

    def __init__(self) -> None:
        self.users: dict[str, tuple[BoundRole, ...]] = {}
        self.groups: dict[str, tuple[BoundRole, ...]] = {}
        self._subjects: dict[Key, set[tuple[bool, str]]] = {}  # of each binding: whether it is a group, and its name

    def put(self, key: Key, obj: Object | None) -> None:
        bound: dict[tuple[bool, str], list[BoundRole]] = {}
        for is_group, name, role in _bound_by(obj) if obj is not None else ():
            bound.setdefault((is_group, name), []).append(role)
        for subject in self._subjects.pop(key, set()) | bound.keys():
            is_group, name = subject
            index = self.groups if is_group else self.users
            others = [each for each in index.get(name, ()) if (each.namespace, each.binding) != key]
            if found := (*others, *bound.get(subject, ())):
                index[name] = found
            else:
                index.pop(name, None)
        if bound:
            self._subjects[key] = set(bound)


def _bound_by(binding: Object) -> Iterator[tuple[bool, str, BoundRole]]:
    """(whether it is a group, name, role) for each subject."""
    metadata, role = binding["metadata"], binding.get("roleRef") or {}
    namespace = metadata.get("namespace", "")
    for subject in binding.get("subjects") or ():
        kind, name = subject.get("kind"), subject.get("name", "")
        shown = f'{kind} "{name}"'
        if kind == "ServiceAccount":
            where = subject.get("namespace") or namespace
            name, shown = f"system:serviceaccount:{where}:{name}", f'{kind} "{name}/{where}"'
        bound = BoundRole(namespace, role.get("kind", ""), role.get("name", ""), shown, metadata["name"])
        yield kind == "Group", name, bound


class Index:
    """All of RBAC. ``refresh`` must be called before asking; it is cheap when nothing has changed."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._roles, self._cluster_roles = _Roles(), _Roles()
        self._bindings, self._cluster_bindings = _Bindings(), _Bindings()
        self._kinds: tuple[tuple[Resource, _Compiled], ...] = (
            (ROLES, self._roles), (BINDINGS, self._bindings), (CLUSTER_ROLES, self._cluster_roles),
            (CLUSTER_BINDINGS, self._cluster_bindings),
        )  # fmt: skip
        self._generations: list[int] = [-1, -1, -1, -1]
        self._revisions: list[dict[Key, int]] = [{}, {}, {}, {}]
        self._lock = threading.Lock()

    def refresh(self) -> bool:
        """Take over what has changed; whether anything had."""
        generation: Callable[[Resource], int] = self._reader.generation
        if [generation(resource) for resource, _ in self._kinds] == self._generations:
            return False
        with self._lock:
            now = [generation(resource) for resource, _ in self._kinds]
            for number, (resource, kept) in enumerate(self._kinds):
                if now[number] != self._generations[number]:
                    self._revisions[number] = self._taken(resource, kept, self._revisions[number])
            self._generations = now  # as of before the reading: what changed meanwhile is read again next time
        return True

    def _taken(self, resource: Resource, kept: _Compiled, before: dict[Key, int]) -> dict[Key, int]:
        """The revisions of what is compiled now. An object that is newer by the time it is read is read again."""
        now = dict(self._reader.revisions(resource))
        if not before:  # one list rather than as many reads
            for obj in self._reader.list(resource):
                key = obj["metadata"].get("namespace", ""), obj["metadata"]["name"]
                kept.put(key, obj)
                now.setdefault(key, 0)
            return now
        for key in before.keys() - now.keys():
            kept.put(key, None)
        for key, revision in now.items():
            if before.get(key) != revision:
                kept.put(key, self._reader.get(resource, key[1], key[0]))
        return now

    def role(self, kind: str, name: str, namespace: str) -> list[Rule] | None:
        """The rules of a role, or None where it does not exist."""
        if kind == "ClusterRole":
            return self._cluster_roles.rules.get(("", name))
        return self._roles.rules.get((namespace, name))

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


def _bound(bindings: _Bindings, user: str, groups: Iterable[str]) -> Iterator[BoundRole]:
    yield from bindings.users.get(user, ())
    for group in groups:
        yield from bindings.groups.get(group, ())


def _reason(kind: str, bound: BoundRole) -> str:
    binding = f"{bound.binding}/{bound.namespace}" if bound.namespace else bound.binding
    role = f"{bound.role}/{bound.namespace}" if bound.role_kind == "Role" else bound.role
    return f'RBAC: allowed by {kind} "{binding}" of {bound.role_kind} "{role}" to {bound.subject}'
