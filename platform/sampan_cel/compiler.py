"""A checked tree into closures: each part of an expression becomes a function of the activation.

The activation is a list: the cost that is left, then a slot a variable; a macro's variables have slots of their own,
so that no scope is ever copied. What a piece without loops costs is known when it is compiled and is charged at once,
for a macro once a round; only functions whose cost depends on their arguments are charged one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sampan_cel import loops, types
from sampan_cel.activation import MISSING, Activation, Code, charge
from sampan_cel.ast import Bind, Call, Const, Fold, Ident, Index, ListOf, MapOf, Node, Select, Struct, constants_of
from sampan_cel.calls import call, equality
from sampan_cel.checker import Checked
from sampan_cel.errors import CelError
from sampan_cel.folds import FOLDS
from sampan_cel.inlining import Inliner
from sampan_cel.standard import is_in_list, shorter_cost
from sampan_cel.types import ObjectType, Type
from sampan_cel.values import (
    NONE,
    Optional,
    is_number,
    item_of,
    key_of,
    no_overload,
    unkeyed,
)


class Compiler:
    """For one expression. ``variables`` are the environment's, in the order of their slots (from 1 on)."""

    def __init__(self, checked: Checked, variables: Sequence[str]) -> None:
        self._checked = checked
        self._slots = {name: slot for slot, name in enumerate(variables, 1)}
        self._scopes: list[dict[str, int]] = []
        self.slots = len(variables) + 1

    def compile(self, node: Node) -> Code:
        return self._BY_CLASS[type(node)](self, node)

    def _type(self, node: Node) -> Type:
        return self._checked.types.get(node, types.DYN)

    def _new_slot(self) -> int:
        self.slots += 1
        return self.slots - 1

    # names and literals

    def _const(self, node: Const) -> Code:
        value = node.value
        return Code(lambda a: value, 0)

    def _name(self, node: Node) -> Code | None:
        found = self._checked.resolved.get(node)
        if found is None:
            return None
        if isinstance(found, Type):
            return Code(lambda a: found, 1)
        if found.startswith("."):
            slot, name = self._slots[found[1:]], found[1:]

            def variable(a: Activation) -> Any:
                value = a[slot]
                if value is MISSING:
                    raise CelError(f"no such attribute(s): {name}")
                return value

            return Code(variable, 1)
        slot = self._slot_of(found)
        return Code(lambda a: a[slot], 1)

    def _slot_of(self, found: str) -> int:
        """Of a variable as the checker has resolved it: with a dot one of the environment, else a macro's."""
        if found.startswith("."):
            return self._slots[found[1:]]
        return next(scope[found] for scope in reversed(self._scopes) if found in scope)

    def _ident(self, node: Ident) -> Code:
        found = self._name(node)
        assert found is not None
        return found

    def _list(self, node: ListOf) -> Code:
        if (constants := constants_of(node)) is not None:
            return Code(lambda a: constants, 0)
        codes = [self.compile(each) for each in node.items]
        runs, optional = tuple(code.run for code in codes), node.optional
        cost = 10 + sum(code.cost for code in codes)
        if not optional:
            return Code(lambda a: [run(a) for run in runs], cost)

        def some(a: Activation) -> list[Any]:
            found = []
            for place, run in enumerate(runs):
                value = run(a)
                if place not in optional:
                    found.append(value)
                elif _optional(value).present:
                    found.append(value.value)
            return found

        return Code(some, cost)

    def _map(self, node: MapOf) -> Code:
        entries = [(self.compile(each.key), self.compile(each.value), each.optional) for each in node.entries]
        runs = tuple((key.run, value.run, optional) for key, value, optional in entries)

        def build(a: Activation) -> dict[Any, Any]:
            found: dict[Any, Any] = {}
            for key_run, value_run, optional in runs:
                key, value = key_of(key_run(a)), value_run(a)
                if key in found:
                    raise CelError(f"Failed with repeated key: {unkeyed(key)}")
                if not optional:
                    found[key] = value
                elif _optional(value).present:
                    found[key] = value.value
            return found

        return Code(build, 30 + sum(key.cost + value.cost for key, value, _ in entries))

    def _struct(self, node: Struct) -> Code:
        codes = [(each.name, self.compile(each.value), each.optional) for each in node.fields]
        runs = tuple((name, code.run, optional) for name, code, optional in codes)

        def build(a: Activation) -> dict[str, Any]:
            found = {}
            for name, run, optional in runs:
                value = run(a)
                if not optional:
                    found[name] = value
                elif _optional(value).present:
                    found[name] = value.value
            return found

        cost = 40 + sum(code.cost for _, code, _ in codes)
        make = getattr(self._checked.resolved.get(node), "make", None)
        return Code(build if make is None else lambda a: make(build(a)), cost)

    # fields and items

    def _select(self, node: Select) -> Code:
        found = self._name(node)
        if found is not None:
            return found
        operand, field = self.compile(node.operand), node.field
        run = operand.run
        read = None
        over = self._type(node.operand)
        over = over.params[0] if over.name == "optional_type" else over
        if isinstance(over, ObjectType):
            read = over.reads.get(field)
            field = over.keys.get(field, field)
        if node.test:

            def has(a: Activation) -> bool:
                value = run(a)
                if type(value) is dict:  # asking an abstract class costs more than all the rest
                    return field in value
                if isinstance(value, Optional):
                    if not value.present:
                        return False
                    value = value.value
                if not isinstance(value, Mapping):
                    raise no_overload()
                return field in value

            return Code(has, operand.cost)  # free, as in Kubernetes
        if node.optional:
            return Code(lambda a: _read_into(_maybe_item(run(a), field), read), operand.cost + 1)

        def select(a: Activation) -> Any:
            value = run(a)
            try:
                return value[field]
            except KeyError:
                raise CelError(f"no such key: {field}") from None
            except TypeError:
                if isinstance(value, Optional):
                    return _read_into(_maybe_item(value, field), read)
                raise no_overload() from None

        if read is None:
            return Code(select, operand.cost + 1)
        reader = read
        return Code(lambda a: None if (value := select(a)) is None else reader(value), operand.cost + 1)

    def _index(self, node: Index) -> Code:
        operand, key = self.compile(node.operand), self.compile(node.key)
        run, key_run, cost = operand.run, key.run, operand.cost + key.cost + 1
        if node.optional:
            return Code(lambda a: _maybe_item(run(a), key_run(a)), cost)

        def item(a: Activation) -> Any:
            value = run(a)
            if isinstance(value, Optional):
                return _maybe_item(value, key_run(a))
            return item_of(value, key_run(a))

        return Code(item, cost)

    # calls

    def _call(self, node: Call) -> Code:
        special = self._SPECIAL.get(node.function) if node.target is None else None
        if special is not None:
            return special(self, node)
        if node.function == "@in" and (constants := constants_of(node.args[1])) is not None:
            return self._in_constants(node, constants)
        args = [self.compile(arg) for arg in node.args]
        given = [self._type(arg) for arg in node.args]
        if node.target is not None and node not in self._checked.spaced:
            args.insert(0, self.compile(node.target))
            given.insert(0, self._type(node.target))
        overloads = self._checked.overloads[node]
        return call(overloads, given, args)

    def _in_constants(self, node: Call, constants: list[Any]) -> Code:
        """``x in ['a', 'b']``: free, as in cel-go, which looks into a set too."""
        left = self.compile(node.args[0])
        run = left.run
        if not all(type(each) is str for each in constants):
            return Code(lambda a: is_in_list(run(a), constants), left.cost)
        known = frozenset(constants)
        return Code(lambda a: isinstance(value := run(a), str) and value in known, left.cost)

    def _and(self, node: Call) -> Code:
        return self._logical(node, False)

    def _or(self, node: Call) -> Code:
        return self._logical(node, True)

    def _logical(self, node: Call, decisive: bool) -> Code:
        """``decisive`` is the value that decides alone, whatever the other side is, an error included."""
        left, right = (self.compile(arg) for arg in node.args)
        first, second, more = left.run, right.run, right.cost

        def logical(a: Activation) -> Any:
            try:
                value = first(a)
            except CelError:
                charge(a, more)
                if second(a) is decisive:
                    return decisive
                raise
            if value is decisive:
                return decisive
            a[0] -= more
            other = second(a)
            if other is decisive:
                return decisive
            if type(value) is not bool or type(other) is not bool:
                raise no_overload()
            return not decisive

        return Code(logical, left.cost)

    def _conditional(self, node: Call) -> Code:
        condition, yes, no = (self.compile(arg) for arg in node.args)
        test, then, otherwise = condition.run, yes.run, no.run
        then_cost, otherwise_cost = yes.cost, no.cost

        def conditional(a: Activation) -> Any:
            value = test(a)
            if value is True:
                a[0] -= then_cost
                return then(a)
            if value is False:
                a[0] -= otherwise_cost
                return otherwise(a)
            raise no_overload()

        return Code(conditional, condition.cost)

    def _equality(self, node: Call) -> Code:
        left, right = (self.compile(arg) for arg in node.args)
        first, second, cost = left.run, right.run, left.cost + right.cost
        equals, is_cheap = equality(node.args, [self._type(arg) for arg in node.args])
        wanted = node.function == "_==_"
        if is_cheap:
            if wanted:
                return Code(lambda a: equals(first(a), second(a)), cost + 1)
            return Code(lambda a: not equals(first(a), second(a)), cost + 1)

        def compared(a: Activation) -> bool:
            one, other = first(a), second(a)
            a[0] -= shorter_cost(one, other)
            return equals(one, other) is wanted

        return Code(compared, cost)

    _SPECIAL: dict[str, Callable[..., Code]] = {
        "_&&_": _and, "_||_": _or, "_?_:_": _conditional, "_==_": _equality, "_!=_": _equality,
    }  # fmt: skip

    # macros

    def _fold(self, node: Fold) -> Code:
        over = self.compile(node.range)
        slots = [self._new_slot() for _ in node.variables]
        self._scopes.append(dict(zip(node.variables, slots, strict=True)))
        condition = self.compile(node.condition) if node.condition is not None else None
        body = self.compile(node.body)
        inliner = Inliner(self._checked, self._slot_of, self._scopes[-1])
        text = loops.text_of(node, self._type(node.range), inliner, slots)
        self._scopes.pop()
        if text is None:
            code = FOLDS[node.kind](over.run, slots, condition, body)
            return Code(code.run, over.cost + code.cost)
        held = self._new_slot()
        code = FOLDS[node.kind](lambda a: a[held], slots, condition, body)
        return Code(loops.quickened(code.run, over.run, held, text, inliner.names), over.cost + code.cost)

    def _bind(self, node: Bind) -> Code:
        value = self.compile(node.value)
        slot = self._new_slot()
        self._scopes.append({node.name: slot})
        body = self.compile(node.body)
        self._scopes.pop()
        first, then, kind = value.run, body.run, node.kind
        extra = value.cost + body.cost + (2 if kind == "optMap" else 1)  # value() and optional.of()

        def bound(a: Activation) -> Any:
            a[slot] = first(a)
            return then(a)

        def mapped(a: Activation) -> Any:
            found = _optional(first(a))
            if not found.present:
                return NONE
            a[slot] = found.value
            a[0] -= extra
            result = then(a)
            return Optional(result) if kind == "optMap" else _optional(result)

        if kind == "bind":
            return Code(bound, value.cost + body.cost)
        return Code(mapped, value.cost + 1)

    _BY_CLASS: dict[type, Callable[..., Code]] = {
        Const: _const, Ident: _ident, Select: _select, Call: _call, Index: _index, ListOf: _list, MapOf: _map,
        Struct: _struct, Fold: _fold, Bind: _bind,
    }  # fmt: skip


def _maybe_item(value: Any, key: Any) -> Optional:
    if isinstance(value, Optional):
        if not value.present:
            return NONE
        value = value.value
    if isinstance(value, Mapping):
        found = value.get(key_of(key), MISSING)
        return NONE if found is MISSING else Optional(found)
    if isinstance(value, (list, tuple)):
        if not is_number(key) or (isinstance(key, float) and not key.is_integer()):
            raise no_overload()
        return Optional(value[int(key)]) if 0 <= int(key) < len(value) else NONE
    raise no_overload()


def _read_into(found: Optional, read: Callable[[Any], Any] | None) -> Optional:
    return Optional(read(found.value)) if read is not None and found.present else found


def _optional(value: Any) -> Optional:
    if not isinstance(value, Optional):
        raise no_overload()
    return value
