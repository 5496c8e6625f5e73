"""Tokens into a tree, macros included. Source: cel-spec, doc/langdef.md, "Syntax" and "Macros"."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sampan_cel.ast import (
    Bind,
    Call,
    Const,
    Entry,
    FieldValue,
    Fold,
    Ident,
    Index,
    ListOf,
    MapOf,
    Node,
    Select,
    Struct,
    dotted,
)
from sampan_cel.errors import Issue, ParseError
from sampan_cel.lexer import INT_MAX, RESERVED, Token, tokens

#: Nested parts of an expression, and code points in it, that are parsed; as many as cel-go allows.
DEEPEST, LONGEST = 250, 100_000
_LEVELS = (("||",), ("&&",), ("<", "<=", ">", ">=", "==", "!=", "in"), ("+", "-"), ("*", "/", "%"))
_BINDING = {op: level for level, ops in enumerate(_LEVELS) for op in ops}
_KEYWORDS = {"true": True, "false": False, "null": None}
_QUANTIFIERS = {"all": "all", "exists": "exists", "exists_one": "existsOne", "existsOne": "existsOne"}
_CLOSING = (")", "]", "}")
#: What an expression may begin with, as cel-go names it.
_BEGINNINGS = (
    "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}"
)
_SORTED = "@__sortBy_input__"
_TRANSFORMS = ("transformList", "transformMap", "transformMapEntry")


def parse(text: str) -> Node:
    """The tree of an expression. Raises ParseError."""
    if len(text) > LONGEST:
        raise ParseError(
            "", [Issue(0, f"expression code point size exceeds limit: size: {len(text)}, limit {LONGEST}")]
        )
    try:
        return _Parser(text).whole()
    except RecursionError:
        raise too_deep(text) from None


def too_deep(text: str) -> ParseError:
    return ParseError(text, [Issue(0, f"expression recursion limit exceeded: {DEEPEST}")])


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokens(text)
        self._next = 0
        self._depth = 0

    def whole(self) -> Node:
        found = self._expression()
        self._expect("end", "<EOF>")
        return found

    # tokens

    @property
    def _token(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._tokens[self._next]
        self._next += 1
        return token

    def _at(self, *ops: str) -> bool:
        token = self._token
        return (token.kind == "op" or (token.kind == "ident" and token.text == "in")) and token.text in ops

    def _accept(self, *ops: str) -> Token | None:
        return self._take() if self._at(*ops) else None

    def _expect(self, kind: str, text: str = "") -> Token:
        token = self._token
        if token.kind != kind or (text and token.text != text):
            if token.kind == "end" and text in _CLOSING:
                raise self._error(token, f"missing '{text}' at '<EOF>'")
            raise self._error(token, f"mismatched input '{token.text}' expecting {text or kind}")
        return self._take()

    def _error(self, where: Token | Node, message: str, *, syntax: bool = True) -> ParseError:
        return ParseError(self._text, [Issue(where.at, f"Syntax error: {message}" if syntax else message)])

    # grammar

    def _expression(self) -> Node:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._error(self._token, f"expression recursion limit exceeded: {DEEPEST}", syntax=False)
        condition = self._binary(0)
        if question := self._accept("?"):
            yes = self._binary(0)
            self._expect("op", ":")
            condition = Call(question.at, "_?_:_", None, (condition, yes, self._expression()))
        self._depth -= 1
        return condition

    def _binary(self, least: int) -> Node:
        """Operators that bind at least so tightly."""
        left = self._unary()
        while (level := self._level()) >= least:
            op = self._take()
            name = "@in" if op.text == "in" else f"_{op.text}_"
            left = Call(op.at, name, None, (left, self._binary(level + 1)))
        return left

    def _level(self) -> int:
        """How tightly the next token binds as an operator; -1 where it is none."""
        token = self._token
        return _BINDING.get(token.text, -1) if token.kind == "op" or token.text == "in" else -1

    def _unary(self) -> Node:
        ops: list[Token] = []
        while op := self._accept("!") if not ops or ops[0].text == "!" else None:
            ops.append(op)
        if not ops:
            while op := self._accept("-"):
                ops.append(op)
        if len(ops) > DEEPEST:
            raise self._error(ops[0], f"expression recursion limit exceeded: {DEEPEST}", syntax=False)
        if ops and ops[-1].text == "-" and self._token.kind == "const" and type(self._token.value) in (int, float):
            literal = self._take()
            found = self._members(Const(ops[-1].at, -literal.value))
            ops.pop()
        else:
            found = self._members(self._primary())
        for op in reversed(ops):
            found = Call(op.at, f"{op.text}_", None, (found,))
        return found

    def _members(self, operand: Node) -> Node:
        steps = 0
        while op := self._accept(".", ".?", "[", "[?", "{", "{?"):
            steps += 1
            if steps > DEEPEST:
                raise self._error(op, f"expression recursion limit exceeded: {DEEPEST}", syntax=False)
            if op.text in (".", ".?"):
                operand = self._selected(operand, op)
            elif op.text in ("[", "[?"):
                key = self._expression()
                self._expect("op", "]")
                operand = Index(op.at, operand, key, op.text == "[?")
            else:
                operand = self._struct(operand, op)
        return operand

    def _selected(self, operand: Node, op: Token) -> Node:
        name = self._take()
        if name.kind not in ("ident", "quoted") or (name.kind == "ident" and name.text in ("in", *_KEYWORDS)):
            raise self._error(name, f"mismatched input '{name.text}' expecting IDENTIFIER")
        if name.kind == "ident" and op.text == "." and self._accept("("):
            return self._call(op.at, name.text, operand, self._list(")"))
        return Select(op.at, operand, name.text, optional=op.text == ".?")

    def _primary(self) -> Node:
        token = self._take()
        if token.kind == "const":
            if type(token.value) is int and token.value > INT_MAX:
                raise self._error(token, "invalid int literal")
            return Const(token.at, token.value)
        if token.kind == "ident" and token.text in _KEYWORDS:
            return Const(token.at, _KEYWORDS[token.text])
        if token.text == "." and token.kind == "op" and self._token.kind == "ident":
            name = self._take()
            return self._named("." + name.text, name)
        if token.kind == "ident" and token.text != "in":
            return self._named(token.text, token)
        if token.kind == "op" and token.text == "(":
            found = self._expression()
            self._expect("op", ")")
            return found
        if token.kind == "op" and token.text in ("[", "[?"):
            return self._list_literal(token)
        if token.kind == "op" and token.text in ("{", "{?"):
            return self._map_literal(token)
        raise self._error(token, f"mismatched input '{token.text}' expecting {_BEGINNINGS}")

    def _named(self, name: str, token: Token) -> Node:
        if name.lstrip(".") in RESERVED:
            raise self._error(token, f"reserved identifier: {name}")
        if self._accept("("):
            return self._call(token.at, name, None, self._list(")"))
        return Ident(token.at, name)

    def _list(self, end: str) -> list[Node]:
        found: list[Node] = []
        while not self._accept(end):
            if found:
                self._expect("op", end if self._token.kind == "end" else ",")
                if self._accept(end):
                    break
            found.append(self._expression())
        return found

    def _list_literal(self, opening: Token) -> Node:
        items: list[Node] = []
        optional = {0} if opening.text == "[?" else set()
        while not self._accept("]"):
            if items:
                self._expect("op", ",")
                if self._accept("]"):
                    break
                if self._accept("?"):
                    optional.add(len(items))
            items.append(self._expression())
        return ListOf(opening.at, items, frozenset(optional))

    def _map_literal(self, opening: Token) -> Node:
        entries: list[Entry] = []
        optional = opening.text == "{?"
        while not self._accept("}"):
            if entries:
                self._expect("op", ",")
                if self._accept("}"):
                    break
                optional = self._accept("?") is not None
            key = self._expression()
            self._expect("op", ":")
            entries.append(Entry(key, self._expression(), optional))
        return MapOf(opening.at, entries)

    def _struct(self, operand: Node, opening: Token) -> Node:
        name = dotted(operand)
        if not name:
            raise self._error(opening, "mismatched input '{' expecting <EOF>")
        fields: list[FieldValue] = []
        optional = opening.text == "{?"
        while not self._accept("}"):
            if fields:
                self._expect("op", ",")
                if self._accept("}"):
                    break
                optional = self._accept("?") is not None
            token = self._take()
            if token.kind not in ("ident", "quoted"):
                raise self._error(token, f"mismatched input '{token.text}' expecting IDENTIFIER")
            self._expect("op", ":")
            fields.append(FieldValue(token.at, token.text, self._expression(), optional))
        return Struct(opening.at, name, fields)  # where cel-go says that it is

    # macros

    def _call(self, at: int, name: str, target: Node | None, args: Sequence[Node]) -> Node:
        if target is None:
            if name == "has" and len(args) == 1:
                return self._has(at, args[0])
            return Call(at, name, None, args)
        if isinstance(target, Ident) and target.name == "cel" and name == "bind" and len(args) == 3:
            return Bind(at, "bind", self._variable(args[0]), args[1], args[2])
        macro = self._MACROS.get(name)
        if macro is not None:
            found = macro(self, at, name, target, args)
            if found is not None:
                return found
        return Call(at, name, target, args)

    def _has(self, at: int, arg: Node) -> Node:
        if not isinstance(arg, Select) or arg.optional:
            raise self._error(arg, "invalid argument to has() macro", syntax=False)
        return Select(at, arg.operand, arg.field, test=True)

    def _quantifier(self, at: int, name: str, target: Node, args: Sequence[Node]) -> Node | None:
        if len(args) not in (2, 3):
            return None
        return Fold(at, _QUANTIFIERS[name], target, self._variables(args[:-1]), None, args[-1])

    def _map(self, at: int, name: str, target: Node, args: Sequence[Node]) -> Node | None:
        if len(args) not in (2, 3):
            return None
        return Fold(at, "map", target, self._variables(args[:1]), args[1] if len(args) == 3 else None, args[-1])

    def _filter(self, at: int, name: str, target: Node, args: Sequence[Node]) -> Node | None:
        if len(args) != 2:
            return None
        return Fold(at, "filter", target, self._variables(args[:1]), args[1], args[1])

    def _transform(self, at: int, name: str, target: Node, args: Sequence[Node]) -> Node | None:
        if len(args) not in (3, 4):
            return None
        return Fold(at, name, target, self._variables(args[:2]), args[2] if len(args) == 4 else None, args[-1])

    def _sort_by(self, at: int, name: str, target: Node, args: Sequence[Node]) -> Node | None:
        """The keys are made by a map, and the items sorted by them."""
        if len(args) != 2:
            return None
        items = Ident(at, _SORTED)
        keys = Fold(at, "map", Ident(at, _SORTED), self._variables(args[:1]), None, args[1])
        return Bind(at, "bind", _SORTED, target, Call(at, "@sortByAssociatedKeys", items, (keys,)))

    def _optional_map(self, at: int, name: str, target: Node, args: Sequence[Node]) -> Node | None:
        return Bind(at, name, self._variable(args[0]), target, args[1]) if len(args) == 2 else None

    _MACROS: dict[str, Callable[..., Node | None]] = {
        **dict.fromkeys(_QUANTIFIERS, _quantifier), **dict.fromkeys(_TRANSFORMS, _transform), "map": _map,
        "filter": _filter, "sortBy": _sort_by, "optMap": _optional_map, "optFlatMap": _optional_map,
    }  # fmt: skip

    def _variables(self, args: Sequence[Node]) -> tuple[str, ...]:
        names = tuple(self._variable(arg) for arg in args)
        if len(set(names)) != len(names):
            raise self._error(args[1], f"duplicate variable name: {names[1]}", syntax=False)
        return names

    def _variable(self, arg: Node) -> str:
        if not isinstance(arg, Ident) or arg.name.startswith("."):
            raise self._error(arg, "argument must be a simple name", syntax=False)
        return arg.name
