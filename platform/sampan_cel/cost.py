"""What an expression costs at least and at most, before it runs. Source: cel-go, checker/cost.go.

Sizes come from ``SizeOf``: it is asked for a path of declared names (``("self", "items", "@items", "name")``), where
``@items``, ``@keys`` and ``@values`` stand for what is in a list or map. What is not known may be of any size. The
units are those of ``Program.measure``; unlike cel-go's own default, ``has()`` is free, as it is in Kubernetes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sampan_cel import types
from sampan_cel.ast import Bind, Call, Const, Fold, Ident, Index, ListOf, MapOf, Node, Select, Struct
from sampan_cel.checker import Checked
from sampan_cel.declarations import Estimator, Overload, Part, Path, SizeOf
from sampan_cel.ranges import MOST, ONE, UNKNOWN, Range, fixed
from sampan_cel.types import ObjectType, Type

LIST_COST, MAP_COST, STRUCT_COST = fixed(10), fixed(30), fixed(40)
NOTHING = fixed(0)
_SCALARS = (types.BOOL, types.INT, types.UINT, types.DOUBLE, types.DURATION, types.TIMESTAMP)


@dataclass(frozen=True)
class _Entry:
    """The sizes of what is in a list or map."""

    container: str
    key: Range
    value: Range

    def union(self, other: _Entry | None) -> _Entry | None:
        if other is None:
            return None
        return _Entry(self.container, self.key.union(other.key), self.value.union(other.value))


@dataclass(frozen=True)
class _Local:
    """A variable of a macro."""

    path: Path
    size: Range | None
    entry: _Entry | None = None


def estimate(node: Node, checked: Checked, size_of: SizeOf, estimators: Mapping[str, Estimator]) -> Range:
    """The cost of a checked expression."""
    return _Walk(checked, size_of, estimators).cost(node)


class _Walk:
    def __init__(self, checked: Checked, size_of: SizeOf, estimators: Mapping[str, Estimator]) -> None:
        self._checked, self._size_of, self._estimators = checked, size_of, estimators
        self._paths: dict[Node, Path] = {}
        self._sizes: dict[Node, Range] = {}
        self._entries: dict[Node, _Entry] = {}
        self._scopes: list[dict[str, _Local]] = []

    def cost(self, node: Node) -> Range:
        found: Range = self._BY_CLASS[type(node)](self, node)
        return found

    # sizes

    def _type(self, node: Node) -> Type:
        return self._checked.types.get(node, types.DYN)

    def _local(self, node: Node) -> _Local | None:
        if not isinstance(node, Ident):
            return None
        return next((scope[node.name] for scope in reversed(self._scopes) if node.name in scope), None)

    def _path(self, node: Node) -> Path:
        local = self._local(node)
        return local.path if local is not None else self._paths.get(node, ())

    def _size(self, node: Node) -> Range | None:
        if node in self._sizes:
            return self._sizes[node]
        if (size := _literal_size(node)) is not None:
            return size
        path = self._path(node)
        if path and (size := self._size_of(path, self._type(node))) is not None:
            self._sizes[node] = size
            return size
        if _is_scalar(self._type(node)):
            return ONE
        local = self._local(node)
        return local.size if local is not None else None

    def _entry(self, node: Node) -> _Entry | None:
        if node in self._entries:
            return self._entries[node]
        local = self._local(node)
        return local.entry if local is not None else None

    def _copy(self, target: Node, source: Node) -> None:
        if (size := self._size(source)) is not None:
            self._sizes[target] = size
        if (entry := self._entry(source)) is not None:
            self._entries[target] = entry

    def _part(self, node: Node) -> Part:
        constant = node.value if isinstance(node, Const) else None
        return Part(self._type(node), self._path(node), self._size(node), constant, self._size_of)

    # names, fields, literals

    def _const(self, node: Const) -> Range:
        return NOTHING

    def _ident(self, node: Ident) -> Range:
        if self._local(node) is None:
            self._paths[node] = (node.name.lstrip("."),)
        return ONE

    def _select(self, node: Select) -> Range:
        if node in self._checked.resolved:
            return ONE
        found = self.cost(node.operand)
        if node.test:
            return found
        over = self._type(node.operand)
        if node.optional or over.name == "map" or isinstance(over, ObjectType) or over.param:
            found = found.plus(ONE)
        self._paths[node] = (*self._path(node.operand), node.field)
        return found

    def _index(self, node: Index) -> Range:
        found = self.cost(node.operand).plus(self.cost(node.key)).plus(ONE)
        entry = self._entry(node.operand)
        if entry is not None:
            self._sizes[node] = entry.value
        name = self._type(node.operand).name
        if name in ("list", "map") and (path := self._path(node.operand)):
            self._paths[node] = (*path, "@items" if name == "list" else "@values")
        return found

    def _list(self, node: ListOf) -> Range:
        costs = [self.cost(each) for each in node.items]
        self._entries[node] = _Entry("list", ONE, self._joined(node.items))
        return total(costs).plus(LIST_COST)

    def _map(self, node: MapOf) -> Range:
        costs = [self.cost(part) for each in node.entries for part in (each.key, each.value)]
        keys, values = [each.key for each in node.entries], [each.value for each in node.entries]
        self._entries[node] = _Entry("map", self._joined(keys), self._joined(values))
        return total(costs).plus(MAP_COST)

    def _joined(self, nodes: Sequence[Node]) -> Range:
        sizes = [self._size(each) or UNKNOWN for each in nodes]
        return Range(min((each.low for each in sizes), default=0), max((each.high for each in sizes), default=0))

    def _struct(self, node: Struct) -> Range:
        return total([self.cost(each.value) for each in node.fields]).plus(STRUCT_COST)

    # calls

    def _call(self, node: Call) -> Range:
        args = list(node.args)
        name = self._checked.spaced.get(node, node.function)
        if node.target is not None and node not in self._checked.spaced:
            args.insert(0, node.target)
        costs = [self.cost(each) for each in args]
        if name == "dyn":
            self._copy(node, args[0])
            return costs[0].plus(ONE)
        if name in ("_&&_", "_||_"):
            return Range(costs[0].low, costs[0].plus(costs[1]).high)
        if name == "_?_:_":
            return self._conditional(node, args, costs)
        parts = [self._part(each) for each in args]
        found, size = self._called(name, self._checked.overloads.get(node, ()), parts)
        if size is None:
            size = self._size(node)
        if size is not None:
            self._sizes[node] = size
        if name == "_+_" and (left := self._entry(args[0])) is not None:
            joined = left.union(self._entry(args[1]))
            if joined is not None:
                self._entries[node] = joined
        return total(costs).plus(found)

    def _called(self, name: str, overloads: Sequence[Overload], parts: Sequence[Part]) -> tuple[Range, Range | None]:
        """The range that covers every overload that may be called."""
        estimator = self._estimators.get(name)
        cost, size = Range(MOST, 0), None
        for overload in overloads:
            found = estimator(overload, parts) if estimator is not None else None
            cost = cost.union(found.cost if found is not None else ONE)
            if found is not None and found.size is not None:
                size = found.size if size is None else size.union(found.size)
        return (cost, size) if overloads else (ONE, None)

    def _conditional(self, node: Call, args: Sequence[Node], costs: Sequence[Range]) -> Range:
        yes, no = args[1], args[2]
        self._sizes[node] = (self._size(yes) or UNKNOWN).union(self._size(no) or UNKNOWN)
        entry = self._entry(yes)
        if entry is not None and (joined := entry.union(self._entry(no))) is not None:
            self._entries[node] = joined
        return costs[0].plus(costs[1].union(costs[2]))

    # macros

    def _fold(self, node: Fold) -> Range:
        over = self.cost(node.range)
        self._scopes.append(self._variables(node))
        condition = self.cost(node.condition) if node.condition is not None else NOTHING
        body = self.cost(node.body) if node.body is not node.condition else NOTHING
        round_cost = _round(node.kind, condition, body, filtered=node.condition is not None)
        made = self._size(node.body) or UNKNOWN
        if node.kind == "filter":
            made = self._scopes[-1][node.variables[0]].size or UNKNOWN
        self._scopes.pop()
        count = self._size(node.range) or UNKNOWN
        if node.kind in ("all", "exists", "existsOne"):
            self._sizes[node] = ONE
        else:
            self._sizes[node] = count
        if node.kind in ("map", "filter", "transformList"):
            self._entries[node] = _Entry("list", ONE, Range(0, made.high))
        return over.plus(_AROUND[node.kind]).plus(count.times(round_cost))

    def _variables(self, node: Fold) -> dict[str, _Local]:
        entry, path = self._entry(node.range), self._path(node.range)
        container = entry.container if entry is not None else self._type(node.range).name
        is_list = container == "list"
        key = _Local((*path, "@indices" if is_list else "@keys") if path else (), entry.key if entry else None)
        value = _Local((*path, "@items" if is_list else "@values") if path else (), entry.value if entry else None)
        if len(node.variables) == 2:
            return dict(zip(node.variables, (key, value), strict=True))
        return {node.variables[0]: value if is_list else key}

    def _bind(self, node: Bind) -> Range:
        value = self.cost(node.value)
        local = _Local(self._path(node.value), self._size(node.value), self._entry(node.value))
        if node.kind != "bind":
            local = _Local((), None)
        self._scopes.append({node.name: local})
        body = self.cost(node.body)
        if node.kind == "bind":
            self._copy(node, node.body)
        self._scopes.pop()
        if node.kind == "bind":
            return LIST_COST.plus(value).plus(body)
        # value.hasValue() ? optional.of(cel.bind(name, value.value(), body)) : optional.none()
        wrapped = ONE if node.kind == "optMap" else NOTHING
        yes = LIST_COST.plus(value).plus(ONE).plus(body).plus(wrapped)
        return value.plus(ONE).plus(yes.union(ONE))

    _BY_CLASS: dict[type, Callable[..., Range]] = {
        Const: _const, Ident: _ident, Select: _select, Call: _call, Index: _index, ListOf: _list, MapOf: _map,
        Struct: _struct, Fold: _fold, Bind: _bind,
    }  # fmt: skip


#: What a macro costs once: its first value and its result, as cel-go writes them out.
_AROUND: Mapping[str, Range] = {
    "all": ONE, "exists": ONE, "existsOne": fixed(2), "map": fixed(11), "filter": fixed(11),
    "transformList": fixed(11), "transformMap": fixed(31), "transformMapEntry": fixed(31),
}  # fmt: skip
#: What adding one element to the result costs beside the element.
_ADDING: Mapping[str, int] = {"map": 12, "filter": 13, "transformList": 12, "transformMap": 3, "transformMapEntry": 2}


def _round(kind: str, condition: Range, body: Range, *, filtered: bool) -> Range:
    """What one round of a macro costs: whether to go on, and the step."""
    if kind == "all":
        return Range(3, body.plus(fixed(3)).high)
    if kind == "exists":
        return Range(4, body.plus(fixed(4)).high)
    if kind == "existsOne":
        return body.plus(Range(1, 2))
    step = body.plus(fixed(_ADDING[kind]))
    return condition.plus(step.union(ONE)) if filtered else step


def total(costs: Sequence[Range]) -> Range:
    found = NOTHING
    for each in costs:
        found = found.plus(each)
    return found


def _is_scalar(found: Type) -> bool:
    """Whether its values are all of one size."""
    if found.name == "optional_type":
        return _is_scalar(found.params[0])
    return found in _SCALARS


def _literal_size(node: Node) -> Range | None:
    if isinstance(node, Const):
        return fixed(len(node.value)) if isinstance(node.value, (str, bytes)) else ONE
    if isinstance(node, ListOf):
        return fixed(len(node.items))
    return fixed(len(node.entries)) if isinstance(node, MapOf) else None
