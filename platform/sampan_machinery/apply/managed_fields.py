"""Field sets of values: the fields of a value, and the fields that differ between two values.

Runs on every write, so it is optimized: types are compiled once into ``Plan``s, values are walked once, and no paths
are built. Knows ``Node``, JSON and field sets; nothing of managers. Source: structured-merge-diff typed (meaning).
"""

from __future__ import annotations

import json
from typing import Any

from sampan_machinery.apply.fieldset import LEAF, SELF, FieldSet, is_member
from sampan_machinery.types import Node

#: Kinds of values for apply.
ATOMIC, STRUCT, MAP, SET, KEYED, ANY = range(6)
#: Fields that have no manager. Source: fieldmanager's stripped fields.
UNOWNED = frozenset({"kind", "apiVersion"})
UNOWNED_METADATA = frozenset(
    {"name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName", "generation"}
    | {"managedFields", "resourceVersion"}
)
_LABELS_KEPT = 4096


class _Names(dict[str, "tuple[str, Plan | None]"]):
    """A struct's fields by name: label and plan; the plan is None if the value is always a leaf. Filled on demand."""

    def __init__(self, node: Node) -> None:
        super().__init__()
        self._node = node

    def __missing__(self, name: str) -> tuple[str, Plan | None]:
        below = self._node.field(name)
        if below is None:
            return f"f:{name}", _ANY  # not cached: the names come from clients
        found = self[name] = (f"f:{name}", granular(plan_of(below)))
        return found


class Plan:
    """A compiled type."""

    __slots__ = ("_labels", "defaults", "item", "keys", "kind", "names", "node")

    def __init__(self, node: Node | None) -> None:
        self.node = node
        self.kind = _kind(node)
        self.names = _Names(node) if node is not None and self.kind == STRUCT else None
        self.item: Plan | None = None
        self.keys: tuple[str, ...] = ()
        self.defaults: tuple[Any, ...] = ()
        self._labels: dict[Any, str] = {}
        if node is not None and self.kind in (MAP, KEYED):
            item = node.item()
            self.item = plan_of(item)
            if self.kind == KEYED:
                self.keys = tuple(sorted(node.list_keys))
                self.defaults = tuple(item.default(key) for key in self.keys)

    def below(self, name: str) -> Plan | None:
        """The plan of a field, None for a leaf."""
        if self.names is not None:
            return self.names[name][1]
        return _ANY if self.kind == ANY else granular(self.item)

    def knows(self, name: str) -> bool:
        return self.kind != STRUCT or self.node is None or self.node.field(name) is not None

    def label(self, element: Any, index: int) -> str:
        """The path element of a list's element; its index if it has no key."""
        if self.kind == SET:
            values: Any = (type(element) is bool, element)
        elif type(element) is dict:
            values = tuple([element.get(key, default) for key, default in zip(self.keys, self.defaults, strict=True)])
        else:
            return f"i:{index}"
        try:
            found = self._labels.get(values)
        except TypeError:  # a key that is a list or a map: not in a schema, but possible in a body
            return f"i:{index}"
        if found is None:
            found = self._new_label(values, index)
            if len(self._labels) >= _LABELS_KEPT:
                self._labels.clear()
            if found[0] != "i":
                self._labels[values] = found
        return found

    def _new_label(self, values: Any, index: int) -> str:
        if self.kind == SET:
            return f"v:{_dumped(values[1])}"
        pairs = {key: value for key, value in zip(self.keys, values, strict=True) if value is not None}
        return f"k:{_dumped(pairs)}" if pairs else f"i:{index}"


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _kind(node: Node | None) -> int:
    if node is None:
        return ANY
    if node.atomic or node.shape == "scalar":
        return ATOMIC
    if node.shape == "any":
        return ANY
    if node.shape == "list":
        return {"set": SET, "map": KEYED}.get(node.list_type, ATOMIC)
    return STRUCT if node.shape == "struct" else MAP


_plans: dict[int, Plan] = {}
_PLANS_KEPT = 65536


def plan_of(node: Node | None) -> Plan:
    """The compiled type, cached by the Node's id. The plan keeps the Node alive, so that the id is not reused."""
    found = _plans.get(id(node))
    if found is None:
        if len(_plans) >= _PLANS_KEPT:
            _plans.clear()
        found = _plans[id(node)] = Plan(node)
    return found


_ANY = plan_of(None)


def granular(plan: Plan | None) -> Plan | None:
    """The plan, or None if apply treats the type as one value."""
    return None if plan is None or plan.kind == ATOMIC else plan


def fields_of(value: Any, plan: Plan, *, dots: bool) -> FieldSet:
    """The field set below the label of ``value``; empty: the label itself is a member.

    ``dots``: structs, lists and maps are members too, because the manager that adds them manages them. An applier
    manages only what it sends; an empty list whose elements have keys contains nothing.
    """
    if not value:
        return LEAF
    kind = plan.kind
    if type(value) is dict:
        if kind == STRUCT:
            found: FieldSet = {SELF: LEAF} if dots else {}
            names = plan.names
            for name, each in value.items():
                label, below = names[name]  # type: ignore[index]  # a STRUCT has names
                if below is None:
                    found[label] = LEAF
                elif dots or not _is_empty(each, below):
                    found[label] = fields_of(each, below, dots=dots)
            return found
        if kind == MAP:
            found = {SELF: LEAF} if dots else {}
            below = granular(plan.item)
            for name, each in value.items():
                found[f"f:{name}"] = LEAF if below is None else _element(each, below, dots)
            return found
        if kind == ANY:
            found = {SELF: LEAF} if dots else {}
            for name, each in value.items():
                found[f"f:{name}"] = _element(each, plan, dots)  # no field of a schema: a member by itself
            return found
    elif type(value) is list:
        if kind == KEYED:
            found = {SELF: LEAF} if dots else {}
            item = plan.item
            for index, each in enumerate(value):
                label = plan.label(each, index)
                found[label] = (
                    LEAF if label in found else _element(each, item, dots)
                )  # several elements with one key are one field
            return found
        if kind == SET:
            found = {SELF: LEAF} if dots else {}
            for index, each in enumerate(value):
                found[plan.label(each, index)] = LEAF
            return found
    return LEAF


def _is_empty(value: Any, plan: Plan) -> bool:
    """Whether an applier of this value manages none of it: there are no elements, only structs."""
    if type(value) is list:
        return not value and plan.kind in (SET, KEYED)
    if type(value) is dict and value and plan.kind == STRUCT:
        return all((below := plan.below(name)) is not None and _is_empty(each, below) for name, each in value.items())
    return False


def _element(value: Any, plan: Plan | None, dots: bool) -> FieldSet:
    if plan is None:
        return LEAF
    below = fields_of(value, plan, dots=dots)
    return {SELF: LEAF, **below} if below and not dots else below


def _with_managers(obj: dict[str, Any]) -> dict[str, Any]:
    """The object without the fields that have no manager."""
    slim = {name: each for name, each in obj.items() if name not in UNOWNED}
    metadata = slim.get("metadata")
    if type(metadata) is dict:
        slim["metadata"] = {name: each for name, each in metadata.items() if name not in UNOWNED_METADATA}
        if not slim["metadata"]:
            del slim["metadata"]
    return slim


def object_fields(obj: dict[str, Any], node: Node | None, *, dots: bool) -> FieldSet:
    """The field set of a whole object, without the fields that have no manager."""
    return fields_of(_with_managers(obj), plan_of(node), dots=dots)


def object_changes(before: dict[str, Any], after: dict[str, Any], node: Node | None) -> tuple[FieldSet, FieldSet]:
    """(set or changed, removed) between two states of an object. A removed member includes all fields below it.

    An added struct, list or map is a member itself; one that existed before, even empty or null, is not. So a new
    object is compared with the zero value of its type: ``f:spec`` and ``f:containers`` exist always, ``f:volumes`` does
    not.
    """
    changed, gone = _changes(_with_managers(before), _with_managers(after), plan_of(node))
    metadata = changed.get("f:metadata") if changed else None
    if changed and metadata is not None and is_member(metadata):  # metadata as a whole has no manager
        below = {label: each for label, each in metadata.items() if label != SELF}
        changed = {label: each for label, each in changed.items() if label != "f:metadata"}
        if below:
            changed["f:metadata"] = below
    return changed or {}, gone or {}


_Changes = tuple[FieldSet | None, FieldSet | None]
_ABSENT = object()


def _changes(before: Any, after: Any, plan: Plan) -> _Changes:
    """The differences below the label of two unequal values; None if there are none, LEAF for the label itself.

    Null counts as an empty container; two empty containers that differ are one changed value.
    """
    kind = plan.kind
    if before or after:
        if kind in (STRUCT, MAP, ANY) and _may_be(dict, before) and _may_be(dict, after):
            return _map_changes(before or {}, after or {}, plan)
        if kind in (SET, KEYED) and _may_be(list, before) and _may_be(list, after):
            return _list_changes(before or [], after or [], plan)
    if type(before) in (dict, list) and kind not in (ATOMIC,):
        return fields_of(after, plan, dots=True), LEAF
    return fields_of(after, plan, dots=True), None


def _may_be(kind: type, value: Any) -> bool:
    return value is None or type(value) is kind


def _map_changes(before: dict[str, Any], after: dict[str, Any], plan: Plan) -> _Changes:
    changed: FieldSet = {}
    gone: FieldSet = {}
    names = plan.names
    for name, new in after.items():
        old = before.get(name, _ABSENT)
        if old is new or old == new:
            continue
        label, below = names[name] if names is not None else (f"f:{name}", plan.below(name))
        if below is None:
            changed[label] = LEAF
        elif old is _ABSENT:
            changed[label] = fields_of(new, below, dots=True)
        else:
            _note(label, _changes(old, new, below), changed, gone)
    for name in before:
        if name not in after:
            gone[f"f:{name}"] = LEAF
    return changed or None, gone or None


def _list_changes(before: list[Any], after: list[Any], plan: Plan) -> _Changes:
    changed: FieldSet = {}
    gone: FieldSet = {}
    olds = {plan.label(each, index): each for index, each in enumerate(before)}
    news = {plan.label(each, index): each for index, each in enumerate(after)}
    if len(olds) != len(before) or len(news) != len(after):
        _collapse(before, after, plan, olds, news)
    for label, new in news.items():
        old = olds.get(label, _ABSENT)
        if old is new or old == new:
            continue
        several = type(old) is _Several or type(new) is _Several
        if several and old is not _ABSENT and type(old) is not type(new):
            gone[label] = LEAF
        if several and type(new) is _Several:
            changed[label] = LEAF
        elif old is _ABSENT or several:
            changed[label] = _element(new, plan.item, True) if plan.kind == KEYED else LEAF
        elif plan.item is not None:
            _note(label, _changes(old, new, plan.item), changed, gone)
    for label in olds:
        if label not in news:
            gone[label] = LEAF
    return changed or None, gone or None


def _collapse(before: list[Any], after: list[Any], plan: Plan, olds: dict[str, Any], news: dict[str, Any]) -> None:
    """Replace elements that share a key by one _Several: they count as one field."""
    for elements, found in ((before, olds), (after, news)):
        grouped: dict[str, list[Any]] = {}
        for index, each in enumerate(elements):
            grouped.setdefault(plan.label(each, index), []).append(each)
        found.update({label: _Several(group) for label, group in grouped.items() if len(group) > 1})


class _Several(tuple[Any, ...]):
    """Elements of a list that have the same key."""


def _note(label: str, found: _Changes, changed: FieldSet, gone: FieldSet) -> None:
    new, old = found
    if new is not None:
        changed[label] = new
    if old is not None:
        gone[label] = old
