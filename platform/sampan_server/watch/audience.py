"""The watchers of one collection, grouped so that an event meets only those whose namespace and name fit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar

from sampan_server.watch.watcher import View

Scope = tuple[str, str]  # namespace and name, "" = all


class Watching(Protocol):
    @property
    def view(self) -> View: ...


Member = TypeVar("Member", bound=Watching)


class Audience(Generic[Member]):
    """Who watches."""

    __slots__ = ("_groups", "count")

    def __init__(self) -> None:
        self._groups: dict[Scope, dict[Member, None]] = {}
        self.count = 0

    def join(self, member: Member) -> None:
        self._groups.setdefault(_scope(member), {})[member] = None
        self.count += 1

    def leave(self, member: Member) -> None:
        group = self._groups.get(_scope(member))
        if group is not None and member in group:
            del group[member]
            self.count -= 1
            if not group:
                del self._groups[_scope(member)]

    def concerned(self, namespace: str, name: str) -> Iterator[Member]:
        """Those an event of this object may concern."""
        for scope in {("", ""), (namespace, ""), (namespace, name), ("", name)}:
            group = self._groups.get(scope)
            if group:
                yield from tuple(group)

    def __iter__(self) -> Iterator[Member]:
        for group in tuple(self._groups.values()):
            yield from tuple(group)


def _scope(member: Watching) -> Scope:
    return member.view.selection.namespace, member.view.selection.name
