"""The authorizer: allows what some role grants, and has no opinion on the rest.

Every request passes here, so an answer is remembered per caller and thing asked for, whatever the object's name, until
any role or binding changes. Thread-safe: the cache is replaced as a whole, never emptied in place.
"""

from __future__ import annotations

from typing import NamedTuple

from sampan.contracts.access import Attributes, Decision
from sampan.contracts.serving import Reader
from sampan_rbac.index import Index
from sampan_rbac.resources import MASTERS

_MOST = 20_000  # answers remembered; some 10 MB at worst


class _Found(NamedTuple):
    """An answer for all names at once."""

    reason: str  # allowed whatever the name; "" if not
    names: dict[str, str]  # allowed for these: name -> reason


_MASTER = (Decision.ALLOW, "")  # no role did it, so no reason is given
_NOTHING = (Decision.NO_OPINION, "")


class Rbac:
    """Role-based access control over a Reader."""

    name = "rbac"

    def __init__(self, reader: Reader) -> None:
        self._index = Index(reader)
        self._known: dict[tuple[object, ...], _Found] = {}

    def authorize(self, asked: Attributes) -> tuple[Decision, str]:
        user, verb, group, _version, resource, subresource, namespace, name, path, _fields = asked
        if MASTERS in user.groups:
            return _MASTER
        if self._index.refresh():
            self._known = {}
        known = self._known
        key = (user.name, user.groups, verb, group, resource, subresource, namespace, path)
        found = known.get(key)
        if found is None:
            found = self._find(asked)
            if len(known) >= _MOST:
                known = self._known = {}
            known[key] = found
        if found.reason:
            return Decision.ALLOW, found.reason
        reason = found.names.get(name) if name else None
        return (Decision.ALLOW, reason) if reason else _NOTHING

    def _find(self, asked: Attributes) -> _Found:
        names: dict[str, str] = {}
        for rules, reason in self._index.granted(asked.user.name, asked.user.groups, asked.namespace):
            for rule in rules:
                if not rule.allows_verb(asked.verb):
                    continue
                if asked.path:
                    if rule.allows_path(asked.path):
                        return _Found(reason, {})
                elif rule.allows_resource(asked.group, asked.resource, asked.subresource):
                    if not rule.names:
                        return _Found(reason, {})
                    for name in rule.names:
                        names.setdefault(name, reason)
        return _Found("", names)
