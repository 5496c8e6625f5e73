"""An expression as Python text, for the body of a macro's loop (``loops``).

A closure for each part of an expression costs a Python call for each part in each round; the same expression as one
piece of Python costs none. What cannot be written so that value and cost are those of the closures raises NotInlined:
macros in macros, optionals, calls whose overload is known at run time only. Where the text raises anything, the
closures are asked again and say it in CEL's words.

No text of an expression becomes text of Python: its names, constants and functions are passed in as values.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from sampan_cel import types
from sampan_cel.ast import Call, Const, Ident, Index, ListOf, Node, Select, constants_of
from sampan_cel.calls import equality, is_certain
from sampan_cel.checker import Checked
from sampan_cel.standard import is_in_list, shorter_cost, size
from sampan_cel.types import ObjectType, Type
from sampan_cel.values import item_of, no_overload

#: Parts that an expression may have at most: Python's parser takes 200 parentheses in one another.
LARGEST = 150
#: Functions for which Python has a word.
_WORDS: Mapping[Any, str] = {
    operator.lt: "({} < {})", operator.le: "({} <= {})", operator.gt: "({} > {})", operator.ge: "({} >= {})",
    operator.not_: "(not {})", operator.contains: "({1} in {0})", size: "len({})",
    str.startswith: "{}.startswith({})", str.endswith: "{}.endswith({})",
}  # fmt: skip
_STRING_MAP = "map", types.STRING


class NotInlined(Exception):
    """There is a part that only a closure can do."""


class Inlined(NamedTuple):
    """``cost``: what it costs each time beside what the text adds to ``k``, which is at least 1 at any time."""

    text: str
    cost: int


class Inliner:
    """For the expressions of one loop. The text may name: ``v<slot>``, a variable of the loop; ``x<slot>``, any other
    variable; ``k``, the cost so far; ``most``, what it may be; and ``names``."""

    def __init__(self, checked: Checked, slot_of: Callable[[str], int], own: Mapping[str, int]) -> None:
        """``slot_of`` a name: of a variable of the environment, which begins with a dot, or of a macro around this
        one."""
        self._checked, self._slot_of, self._own = checked, slot_of, own
        self.names: dict[str, Any] = {"failed": failed, "dict": dict, "type": type, "len": len}
        self.outer: set[int] = set()  # slots of variables that are not the loop's
        self.given: set[int] = set()  # those among them that may have no value
        self._parts = self._temporaries = 0

    def inline(self, node: Node) -> Inlined:
        self._parts += 1
        make = self._BY_CLASS.get(type(node))
        if make is None or self._parts > LARGEST:
            raise NotInlined
        return make(self, node)

    def condition(self, node: Node) -> Inlined:
        """Of a value that must be true or false. What comes from data may be null in spite of its type."""
        if self._type(node) != types.BOOL:
            raise NotInlined
        found = self.inline(node)
        is_made = (isinstance(node, Select) and node.test) or (isinstance(node, Call) and node.function != "_?_:_")
        return found if is_made else Inlined(f"{self._named(is_true)}({found.text})", found.cost)

    def _type(self, node: Node) -> Type:
        return self._checked.types.get(node, types.DYN)

    def _named(self, value: Any) -> str:
        name = f"c{len(self.names)}"
        self.names[name] = value
        return name

    def _temporary(self) -> str:
        self._temporaries += 1
        return f"t{self._temporaries}"

    # names, fields, literals

    def _const(self, node: Const) -> Inlined:
        return Inlined(self._named(node.value), 0)

    def _name(self, node: Node) -> Inlined | None:
        found = self._checked.resolved.get(node)
        if found is None:
            return None
        if isinstance(found, Type):
            return Inlined(self._named(found), 1)
        if found in self._own:
            return Inlined(f"v{self._own[found]}", 1)
        slot = self._slot_of(found)
        self.outer.add(slot)
        if found.startswith("."):
            self.given.add(slot)
        return Inlined(f"x{slot}", 1)

    def _ident(self, node: Ident) -> Inlined:
        found = self._name(node)
        if found is None:
            raise NotInlined
        return found

    def _select(self, node: Select) -> Inlined:
        if (found := self._name(node)) is not None:
            return found
        over, field, read = self._type(node.operand), node.field, None
        if node.optional or over.name == "optional_type":
            raise NotInlined
        if isinstance(over, ObjectType):
            read = over.reads.get(field)
            field = over.keys.get(field, field)
        operand, key = self.inline(node.operand), self._named(field)
        if node.test:
            held = self._temporary()
            text = f"({key} in ({held} if type({held} := {operand.text}) is dict else failed()))"
            return Inlined(text, operand.cost)
        if read is None:
            return Inlined(f"{operand.text}[{key}]", operand.cost + 1)
        held = self._temporary()
        text = f"(None if ({held} := {operand.text}[{key}]) is None else {self._named(read)}({held}))"
        return Inlined(text, operand.cost + 1)

    def _index(self, node: Index) -> Inlined:
        over = self._type(node.operand)
        if node.optional or over.name == "optional_type":
            raise NotInlined
        operand, key = self.inline(node.operand), self.inline(node.key)
        cost = operand.cost + key.cost + 1
        if (over.name, *over.params[:1]) == _STRING_MAP and self._type(node.key) == types.STRING:
            return Inlined(f"{operand.text}[{key.text}]", cost)
        return Inlined(f"{self._named(item_of)}({operand.text}, {key.text})", cost)

    def _list(self, node: ListOf) -> Inlined:
        if (constants := constants_of(node)) is not None:
            return Inlined(self._named(constants), 0)
        if node.optional:
            raise NotInlined
        items = [self.inline(each) for each in node.items]
        return Inlined(f"[{', '.join(each.text for each in items)}]", 10 + sum(each.cost for each in items))

    # calls

    def _call(self, node: Call) -> Inlined:
        special = self._SPECIAL.get(node.function) if node.target is None else None
        if special is not None:
            return special(self, node)
        if node.function == "@in" and (constants := constants_of(node.args[1])) is not None:
            return self._in_constants(node.args[0], constants)
        args = list(node.args)
        if node.target is not None and node not in self._checked.spaced:
            args.insert(0, node.target)
        overloads = self._checked.overloads[node]
        given = [self._type(arg) for arg in args]
        if len(overloads) != 1 or not all(map(is_certain, overloads[0].params, given)):
            raise NotInlined
        overload, made = overloads[0], [self.inline(arg) for arg in args]
        texts, cost = [each.text for each in made], sum(each.cost for each in made)
        word = _WORDS.get(overload.run) or f"{self._named(overload.run)}({', '.join(['{}'] * len(made))})"
        if callable(overload.cost):
            return Inlined(self._charged(overload.cost, texts, word), cost)
        return Inlined(word.format(*texts), cost + overload.cost)

    def _charged(self, price: Callable[..., int], texts: list[str], word: str) -> str:
        """A call whose cost depends on its arguments: it is not made where that is too much."""
        held = [self._temporary() for _ in texts]
        args = ", ".join(f"{name} := {text}" for name, text in zip(held, texts, strict=True))
        return f"(((k := k + {self._named(price)}({args})) <= most or failed()) and {word.format(*held)})"

    def _in_constants(self, left: Node, constants: list[Any]) -> Inlined:
        made = self.inline(left)
        if self._type(left) == types.STRING and all(type(each) is str for each in constants):
            return Inlined(f"({made.text} in {self._named(frozenset(constants))})", made.cost)
        return Inlined(f"{self._named(is_in_list)}({made.text}, {self._named(constants)})", made.cost)

    def _and(self, node: Call) -> Inlined:
        left, right = map(self.condition, node.args)
        return Inlined(f"({left.text} and {_adding(right)})", left.cost)

    def _or(self, node: Call) -> Inlined:
        left, right = map(self.condition, node.args)
        return Inlined(f"({left.text} or ({_adding(right)}))", left.cost)

    def _conditional(self, node: Call) -> Inlined:
        test, yes, no = self.condition(node.args[0]), self.inline(node.args[1]), self.inline(node.args[2])
        return Inlined(f"(({_adding(yes)}) if {test.text} else ({_adding(no)}))", test.cost)

    def _equality(self, node: Call) -> Inlined:
        left, right = map(self.inline, node.args)
        equals, is_cheap = equality(node.args, [self._type(arg) for arg in node.args])
        word = "({} == {})" if equals is operator.eq else f"{self._named(equals)}({{}}, {{}})"
        if node.function == "_!=_":
            word = f"(not {word})"
        cost = left.cost + right.cost
        if is_cheap:
            return Inlined(word.format(left.text, right.text), cost + 1)
        return Inlined(self._charged(shorter_cost, [left.text, right.text], word), cost)

    _SPECIAL: dict[str, Callable[..., Inlined]] = {
        "_&&_": _and, "_||_": _or, "_?_:_": _conditional, "_==_": _equality, "_!=_": _equality,
    }  # fmt: skip
    _BY_CLASS: dict[type, Callable[..., Inlined]] = {
        Const: _const,
        Ident: _ident,
        Select: _select,
        Call: _call,
        Index: _index,
        ListOf: _list,
    }


def _adding(part: Inlined) -> str:
    """A part that is evaluated in some cases only; ``k`` is never 0, so it is true."""
    return f"(k := k + {part.cost}) and {part.text}" if part.cost else part.text


def failed() -> Any:
    raise no_overload()


def is_true(value: Any) -> bool:
    if value is True or value is False:
        return value is True
    raise no_overload()
