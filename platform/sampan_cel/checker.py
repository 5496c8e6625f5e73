"""Types of an expression before it runs: every name is declared, every call has an overload that fits.

Source: cel-spec, doc/langdef.md, "Static type checking"; the wording follows cel-go. ``dyn`` fits everything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sampan_cel import regex, types
from sampan_cel.ast import Bind, Call, Const, Fold, Ident, Index, ListOf, MapOf, Node, Select, Struct, dotted
from sampan_cel.declarations import Overload
from sampan_cel.errors import CelError, CheckError, Issue
from sampan_cel.fitting import comparable, filled, fits, is_number, joined
from sampan_cel.types import BOOL, DYN, ERROR, INT, ObjectType, Type
from sampan_cel.values import read_duration, read_timestamp, type_of


@dataclass
class Checked:
    """What the compiler needs to know beside the tree; by node."""

    type: Type
    #: Nodes that are a variable (its name) or a type (a Type).
    resolved: dict[Node, str | Type] = field(default_factory=dict)
    #: Overloads that a call may have at run time.
    overloads: dict[Node, list[Overload]] = field(default_factory=dict)
    #: Calls whose target is the first part of a function's name (``math.least(1, 2)``).
    spaced: dict[Node, str] = field(default_factory=dict)
    types: dict[Node, Type] = field(default_factory=dict)


class Checker:
    """For one expression."""

    def __init__(
        self,
        text: str,
        variables: Mapping[str, Type],
        functions: Mapping[str, Sequence[Overload]],
        named: Mapping[str, Type],
        container: str = "",
        *,
        resolvers: Sequence[Callable[[str], Type | None]] = (),
        strict: bool = False,
    ) -> None:
        self._text = text
        self._strict = strict
        self._resolvers = resolvers
        self._variables = variables
        self._functions = functions
        self._named = named
        self._container = container
        self._scopes: list[dict[str, Type]] = []
        self._issues: list[Issue] = []
        self.found = Checked(DYN)

    def check(self, node: Node) -> Checked:
        """Raises CheckError."""
        self.found.type = self._type(node)
        if self._issues:
            raise CheckError(self._text, self._issues)
        return self.found

    def _type(self, node: Node) -> Type:
        found: Type = self._BY_CLASS[type(node)](self, node)
        self.found.types[node] = found
        return found

    def _fault(self, node: Any, message: str) -> Type:
        self._issues.append(Issue(node.at, message))
        return ERROR

    # names

    def _const(self, node: Const) -> Type:
        return type_of(node.value)

    def _ident(self, node: Ident) -> Type:
        found = self._lookup(node, node.name)
        return found or self._fault(
            node, f"undeclared reference to '{node.name.lstrip('.')}' (in container '{self._container}')"
        )

    def _lookup(self, node: Node, name: str) -> Type | None:
        """The type of a variable or type name, noted for the compiler; innermost scope and container first."""
        if not name.startswith("."):
            first = name.partition(".")[0]
            for scope in reversed(self._scopes):
                if name in scope:
                    self.found.resolved[node] = name
                    return scope[name]
                if first in scope:
                    return None  # a field of it
        for candidate in self._candidates(name):
            if candidate in self._variables:
                self.found.resolved[node] = "." + candidate
                return self._variables[candidate]
            if candidate in self._named:
                self.found.resolved[node] = self._named[candidate]
                return types.type_of(self._named[candidate])
        return None

    def _candidates(self, name: str) -> list[str]:
        if name.startswith("."):
            return [name[1:]]
        parts = self._container.split(".") if self._container else []
        return [".".join([*parts[:length], name]) for length in range(len(parts), -1, -1)]

    def _select(self, node: Select) -> Type:
        path = dotted(node)
        if path:
            found = self._lookup(node, path)
            if found is not None:
                return found
        operand = self._type(node.operand)
        inner = operand.params[0] if operand.name == "optional_type" else operand
        found = self._field(node, inner)
        if node.test:
            return BOOL
        if found is ERROR:
            return ERROR
        return types.optional_of(found) if node.optional or operand.name == "optional_type" else found

    def _field(self, node: Select, operand: Type) -> Type:
        if operand.name == "map":
            return operand.params[1]
        if isinstance(operand, ObjectType):
            found = operand.fields.get(node.field)
            return found or self._fault(node, f"undefined field '{node.field}'")
        if operand in (DYN, ERROR) or operand.param:
            return DYN if operand is not ERROR else ERROR
        return self._fault(node, f"type '{operand}' does not support field selection")

    # calls

    def _call(self, node: Call) -> Type:
        name, args = node.function, list(node.args)
        overloads: Sequence[Overload] | None
        member = node.target is not None
        if node.target is not None:
            spaced = dotted(node.target)
            for candidate in self._candidates(f"{spaced}.{name}") if spaced else ():
                if candidate in self._functions and not self._shadowed(spaced):
                    name, member = candidate, False
                    self.found.spaced[node] = candidate
                    break
            else:
                args.insert(0, node.target)
        if not member:
            name = next((c for c in self._candidates(name) if c in self._functions), name)
        given = [self._type(arg) for arg in args]
        overloads = [each for each in self._functions.get(name, ()) if each.member == member]
        if name not in self._functions:
            return self._fault(node, f"undeclared reference to '{name}' (in container '{self._container}')")
        if ERROR in given:
            return ERROR
        if self._strict:
            self._check_literal(name, args)
        if name == "_==_" or name == "_!=_":
            return self._equality(node, name, given, overloads)
        return self._resolve(node, name, given, overloads, member=member)

    def _check_literal(self, name: str, args: Sequence[Node]) -> None:
        """A constant argument that no call can take."""
        judged = _LITERALS.get(name)
        if judged is None or not args:
            return
        last = args[-1]
        if isinstance(last, Const) and isinstance(last.value, str):
            try:
                judged(last.value)
            except CelError:
                self._fault(last, f"invalid {name} argument")

    def _shadowed(self, name: str) -> bool:
        first = name.partition(".")[0]
        return any(first in scope for scope in self._scopes) or first in self._variables

    def _equality(self, node: Node, name: str, given: list[Type], overloads: Sequence[Overload]) -> Type:
        if not comparable(given[0], given[1]):
            return self._none_fits(node, name, given, member=False)
        self.found.overloads[node] = list(overloads)
        return BOOL

    def _resolve(
        self, node: Node, name: str, given: list[Type], overloads: Sequence[Overload], *, member: bool
    ) -> Type:
        fitting, results = [], []
        for overload in overloads:
            bound: dict[str, Type] = {}
            if len(overload.params) == len(given) and all(
                fits(want, has, bound) for want, has in zip(overload.params, given, strict=True)
            ):
                fitting.append(overload)
                results.append(filled(overload.result, bound))
        if not fitting:
            return self._none_fits(node, name, given, member=member)
        exact = next((at for at, each in enumerate(fitting) if list(each.params) == given), None)
        if exact is not None:
            fitting, results = [fitting[exact]], [results[exact]]
        self.found.overloads[node] = fitting
        return results[0] if all(each == results[0] for each in results) else DYN

    def _none_fits(self, node: Node, name: str, given: list[Type], *, member: bool) -> Type:
        shown = ", ".join(map(str, given[1:] if member else given))
        applied = f"{given[0]}.({shown})" if member else f"({shown})"
        return self._fault(node, f"found no matching overload for '{name}' applied to '{applied}'")

    def _index(self, node: Index) -> Type:
        operand, key = self._type(node.operand), self._type(node.key)
        inner = operand.params[0] if operand.name == "optional_type" else operand
        if ERROR in (operand, key):
            return ERROR
        name = "_[?_]" if node.optional else "_[_]"
        if inner.name == "map":
            found = inner.params[1]
            taken = fits(inner.params[0], key, {}) or (is_number(inner.params[0]) and is_number(key))
        elif inner.name == "list":
            found, taken = inner.params[0], key in (INT, DYN) or is_number(key)
        else:
            found, taken = DYN, inner == DYN or inner.param
        if not taken:
            return self._none_fits(node, name, [operand, key], member=False)
        return types.optional_of(found) if node.optional or operand.name == "optional_type" else found

    # literals

    def _list(self, node: ListOf) -> Type:
        items = []
        for place, each in enumerate(node.items):
            found = self._type(each)
            items.append(self._unwrapped(each, found) if place in node.optional else found)
        return types.list_of(self._alike(node.items, items))

    def _map(self, node: MapOf) -> Type:
        keys, values = [], []
        for entry in node.entries:
            keys.append(self._type(entry.key))
            found = self._type(entry.value)
            values.append(self._unwrapped(entry.value, found) if entry.optional else found)
        key = self._alike([entry.key for entry in node.entries], keys)
        return types.map_of(key, self._alike([entry.value for entry in node.entries], values))

    def _alike(self, nodes: Sequence[Node], found: Sequence[Type]) -> Type:
        """The type of several things in one list; where that is strict, they have to be of one."""
        if self._strict:
            for node, each in zip(nodes, found, strict=True):
                if not (fits(found[0], each, {}) or fits(each, found[0], {})):
                    return self._fault(node, f"expected type '{found[0]}' but found '{each}'")
        return joined(found)

    def _unwrapped(self, node: Node, found: Type) -> Type:
        if found.name == "optional_type":
            return found.params[0]
        return DYN if found in (DYN, ERROR) else self._fault(node, f"expected type 'optional_type' but found '{found}'")

    def _struct(self, node: Struct) -> Type:
        for candidate in self._candidates(node.name):
            found = self._named.get(candidate) or self._made(candidate)
            if found is not None:
                self.found.resolved[node] = found
                break
        else:
            return self._fault(node, f"undeclared reference to '{node.name}' (in container '{self._container}')")
        for each in node.fields:
            given = self._type(each.value)
            if each.optional:
                given = self._unwrapped(each.value, given)
            if isinstance(found, ObjectType):
                want = found.fields.get(each.name)
                if want is None:
                    self._fault(each, f"undefined field '{each.name}'")
                elif given is not ERROR and not fits(want, given, {}):
                    self._fault(
                        each, f"expected type of field '{each.name}' is '{want}' but provided type is '{given}'"
                    )
        return found

    def _made(self, name: str) -> Type | None:
        return next((found for resolve in self._resolvers if (found := resolve(name)) is not None), None)

    # macros

    def _fold(self, node: Fold) -> Type:
        over = self._type(node.range)
        if over.name not in ("list", "map") and over not in (DYN, ERROR) and not over.param:
            return self._fault(node.range, f"expression of type '{over}' cannot be range of a comprehension "
                                           "(must be list, map, or dynamic)")  # fmt: skip
        two = len(node.variables) == 2
        bound: tuple[Type, ...]
        if over.name == "list":
            bound = (INT, over.params[0]) if two else (over.params[0],)
        elif over.name == "map":
            bound = (over.params[0], over.params[1]) if two else (over.params[0],)
        else:
            bound = (DYN,) * len(node.variables)
        self._scopes.append(dict(zip(node.variables, bound, strict=True)))
        condition = self._type(node.condition) if node.condition is not None else BOOL
        body = self._type(node.body) if node.body is not node.condition else condition
        self._scopes.pop()
        tested = body if node.kind in ("all", "exists", "existsOne") else condition
        if tested not in (BOOL, DYN, ERROR):
            where = node.body if node.kind in ("all", "exists", "existsOne") else node.condition
            return self._fault(where, f"expected type 'bool' but found '{tested}'")
        return self._folded(node.kind, over, body)

    def _folded(self, kind: str, over: Type, body: Type) -> Type:
        if kind in ("all", "exists", "existsOne"):
            return BOOL
        if kind in ("map", "transformList"):
            return types.list_of(body)
        if kind == "filter":
            return types.list_of(over.params[0] if over.name in ("list", "map") else DYN)
        if kind == "transformMapEntry":
            return body if body.name == "map" else types.map_of(DYN, DYN)
        return types.map_of(over.params[0] if over.name == "map" else (INT if over.name == "list" else DYN), body)

    def _bind(self, node: Bind) -> Type:
        value = self._type(node.value)
        inner = value
        if node.kind != "bind":
            if value.name != "optional_type" and value not in (DYN, ERROR):
                return self._none_fits(node, node.kind, [value], member=False)
            inner = value.params[0] if value.name == "optional_type" else DYN
        self._scopes.append({node.name: inner})
        body = self._type(node.body)
        self._scopes.pop()
        return types.optional_of(body) if node.kind == "optMap" else body

    _BY_CLASS: dict[type, Callable[..., Type]] = {
        Const: _const, Ident: _ident, Select: _select, Call: _call, Index: _index, ListOf: _list, MapOf: _map,
        Struct: _struct, Fold: _fold, Bind: _bind,
    }  # fmt: skip


#: Functions of a text that has to be of some form: ``duration('1h')``.
_LITERALS: Mapping[str, Callable[[str], Any]] = {
    "duration": read_duration, "timestamp": read_timestamp, "matches": regex.compiled,
}  # fmt: skip
