"""Managers whose fields are named in other versions of an object than the request's: what a write changes is looked at
in each of these versions.

Source: structured-merge-diff merge/update.go (meaning).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from sampan.contracts.kinds import Object
from sampan_machinery.apply.fieldset import LEAF, FieldSet, difference, union
from sampan_machinery.apply.managed_fields import object_changes, object_fields, plan_of
from sampan_machinery.apply.managers import Managers
from sampan_machinery.apply.merging import prune
from sampan_machinery.types import Node


class View(NamedTuple):
    """An object in one version, and the shape of that version."""

    obj: Object
    node: Node | None


#: The object in another version; None where that version is not served any more, whose managers are forgotten.
Convert = Callable[[Object, str], View | None]

#: Never removed, even if an applier no longer sends metadata: they identify the object.
_KEPT: FieldSet = {"f:metadata": {"f:name": LEAF}}


class Changes:
    """(set or changed, removed) between two states of an object, in each version that is asked for."""

    def __init__(self, api_version: str, before: View, after: View, convert: Convert | None) -> None:
        self._states = before.obj, after.obj
        self._convert = convert
        self.own = object_changes(before.obj, after.obj, before.node)
        self._known: dict[str, tuple[FieldSet, FieldSet] | None] = {api_version: self.own}

    def of(self, api_version: str) -> tuple[FieldSet, FieldSet] | None:
        """None where the version is not served any more."""
        if self._convert is None:
            return self.own
        if api_version not in self._known:
            before, after = (self._convert(state, api_version) for state in self._states)
            known = None if before is None or after is None else object_changes(before.obj, after.obj, before.node)
            self._known[api_version] = known
        return self._known[api_version]


def pruned(merged: View, last: FieldSet, last_version: str, managers: Managers, api_version: str,
           convert: Convert | None) -> Object:  # fmt: skip
    """``merged`` without what the applier sent last time (``last``, in the version of then) and no manager has now."""
    owned: dict[str, FieldSet] = {}
    for entry in managers.values():
        version = entry.api_version if convert is not None else api_version
        owned[version] = union(owned.get(version, _KEPT), entry.fields)
    if convert is None:
        last_version = api_version
    full = _in(merged, last_version, convert)
    if full is None:
        return merged.obj
    less = View(prune(full.obj, plan_of(full.node), last, owned.get(last_version, _KEPT)), full.node)
    for version, fields in owned.items():
        if version != last_version:
            less = _given_back(full, less, version, fields, convert)
    back = _in(less, api_version, convert)
    return back.obj if back is not None else merged.obj


def _given_back(full: View, less: View, version: str, owned: FieldSet, convert: Convert | None) -> View:
    """``less`` with what is owned in another version and was removed with the rest."""
    whole, part = _in(full, version, convert), _in(less, version, convert)
    if whole is None or part is None:
        return less
    gone = difference(object_fields(whole.obj, whole.node, dots=False), object_fields(part.obj, part.node, dots=False))
    return View(prune(whole.obj, plan_of(whole.node), gone, owned), whole.node)


def _in(view: View, api_version: str, convert: Convert | None) -> View | None:
    if convert is None or view.obj.get("apiVersion") == api_version:
        return view
    return convert(view.obj, api_version)
