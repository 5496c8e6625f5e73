"""Go templates, in the subset that KWOK's published stages use, compiled to closures.

Actions: values and pipelines, ``$x :=`` and ``$x =``, if/else if/else, range, with, comments, ``{{-`` and ``-}}``.
No define, template, block, break or continue; methods do not exist. What is outside the subset is refused when it is
compiled. Source: the documentation of Go's text/template.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sampan_hollow.template_functions import TemplateError, printed, truth

Functions = Mapping[str, Callable[..., Any]]
LONGEST, MOST_DEEP, MOST_ROUNDS = 256 << 10, 32, 100_000

_ACTION = re.compile(r"\{\{(-(?=\s))?(.*?)((?<=\s)-)?\}\}", re.DOTALL)
_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\\n]|\\.)*"|`[^`]*`)|(?P<number>[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
        |(?P<variable>\$\w*)|(?P<assign>:=|=)|(?P<pipe>\|)|(?P<open>\()|(?P<close>\))|(?P<comma>,)
        |(?P<field>(?:\.[A-Za-z_]\w*)+)|(?P<dot>\.)|(?P<word>[A-Za-z_]\w*))""",
    re.VERBOSE,
)

Eval = Callable[["Scope"], Any]
Run = Callable[["Scope", list[str]], None]


class Scope:
    """The dot and the variables of one rendering; blocks push and pop."""

    __slots__ = ("dot", "functions", "left", "variables")

    def __init__(self, dot: Any, functions: Functions) -> None:
        self.dot, self.functions, self.left = dot, functions, MOST_ROUNDS
        self.variables: list[tuple[str, Any]] = [("$", dot)]

    def look_up(self, name: str) -> Any:
        for known, value in reversed(self.variables):
            if known == name:
                return value
        raise TemplateError(f"undefined variable {name}")

    def assign(self, name: str, value: Any) -> None:
        for at in range(len(self.variables) - 1, -1, -1):
            if self.variables[at][0] == name:
                self.variables[at] = (name, value)
                return
        raise TemplateError(f"undefined variable {name}")


class Template:
    """A compiled template. ``names``: the functions that it may call."""

    def __init__(self, text: str, names: Sequence[str]) -> None:
        """Raises TemplateError."""
        if len(text) > LONGEST:
            raise TemplateError(f"a template may have {LONGEST} characters at most")
        parser = _Parser(text, frozenset(names))
        self._run = parser.block(("",))[0]

    def render(self, dot: Any, functions: Functions) -> str:
        """Raises TemplateError."""
        out: list[str] = []
        try:
            self._run(Scope(dot, functions), out)
        except (TypeError, ValueError, ArithmeticError, AttributeError) as error:
            raise TemplateError(str(error)) from error
        return "".join(out)


def _pieces(text: str) -> list[tuple[str, str]]:
    """("text", …) and ("action", …), with white space trimmed as the markers say."""
    found: list[tuple[str, str]] = []
    at, trim = 0, False
    for match in _ACTION.finditer(text):
        plain = text[at : match.start()]
        plain = plain.lstrip() if trim else plain
        found.append(("text", plain.rstrip() if match[1] else plain))
        body = match[2].strip()
        if not (body.startswith("/*") and body.endswith("*/")):
            found.append(("action", body))
        at, trim = match.end(), bool(match[3])
    rest = text[at:]
    if "{{" in rest:
        raise TemplateError("an action is not closed with }}")
    found.append(("text", rest.lstrip() if trim else rest))
    return found


class _Parser:
    def __init__(self, text: str, names: frozenset[str]) -> None:
        self._pieces, self._at, self._names, self._depth = _pieces(text), 0, names, 0

    def block(self, ends: tuple[str, ...]) -> tuple[Run, str]:
        """Up to one of the ``ends`` ("" is the end of the text), which is returned whole ("else if …")."""
        self._depth += 1
        if self._depth > MOST_DEEP:
            raise TemplateError("the template is nested too deeply")
        runs: list[Run] = []
        while self._at < len(self._pieces):
            kind, body = self._pieces[self._at]
            self._at += 1
            word = body.split(None, 1)[0] if kind == "action" and body else ""
            if kind == "text":
                if body:
                    runs.append(_text(body))
            elif word in ("end", "else"):
                if word not in ends:
                    raise TemplateError(f"unexpected {{{{{body}}}}}")
                self._depth -= 1
                return _sequence(runs), body
            elif word in ("if", "with", "range"):
                runs.append(self._branch(word, body[len(word) :]))
            elif word in ("define", "template", "block", "break", "continue"):
                raise TemplateError(f"{{{{{word}}}}} is not supported")
            else:
                runs.append(self._action(body))
        if "" not in ends:
            raise TemplateError("an {{end}} is missing")
        self._depth -= 1
        return _sequence(runs), ""

    def _branch(self, word: str, head: str) -> Run:
        names, value = self._declared(head)
        body, end = self.block(("else", "end"))
        otherwise: Run | None = None
        if end != "end":
            rest = end[len("else") :].strip()
            if not rest:
                otherwise, _ = self.block(("end",))
            elif rest.split(None, 1)[0] in ("if", "with") and word != "range":
                inner = rest.split(None, 1)[0]
                otherwise = self._branch(inner, rest[len(inner) :])
            else:
                raise TemplateError(f"unexpected {{{{{end}}}}}")
        if word == "range":
            return _range(names, value, body, otherwise)
        if len(names) > 1:
            raise TemplateError(f"{word} declares one variable")
        return _conditional(word == "with", names, value, body, otherwise)

    def _declared(self, text: str) -> tuple[list[str], Eval]:
        tokens = _Tokens(text, self._names)
        names = tokens.declaration(":=")
        value = tokens.pipeline()
        tokens.finish()
        return names, value

    def _action(self, body: str) -> Run:
        tokens = _Tokens(body, self._names)
        for sign in (":=", "="):
            if names := tokens.declaration(sign):
                value = tokens.pipeline()
                tokens.finish()
                if len(names) > 1:
                    raise TemplateError("only range declares two variables")
                return _declare(names[0], value) if sign == ":=" else _assign(names[0], value)
        value = tokens.pipeline()
        tokens.finish()
        return lambda scope, out: out.append(printed(value(scope)))


class _Tokens:
    """The tokens of one action."""

    def __init__(self, text: str, names: frozenset[str]) -> None:
        self._all: list[tuple[str, str, bool]] = []  # kind, text, whether white space comes before
        at = 0
        while at < len(text.rstrip()):
            found = _TOKEN.match(text, at)
            if found is None:
                raise TemplateError(f"{text.strip()!r} is not understood from {text[at:].strip()!r} on")
            kind = str(found.lastgroup)
            self._all.append((kind, found[kind], found.start(kind) > at))
            at = found.end()
        self._text, self._at, self._names = text.strip(), 0, names

    def declaration(self, sign: str) -> list[str]:
        """``$a :=`` or ``$a, $b :=``; [] where there is none."""
        shape = [kind for kind, _, _ in self._all[:4]]
        for length, wanted in ((1, ["variable", "assign"]), (3, ["variable", "comma", "variable", "assign"])):
            if shape[: length + 1] == wanted and self._all[length][1] == sign:
                self._at = length + 1
                return [text for kind, text, _ in self._all[:length] if kind == "variable"]
        return []

    def finish(self) -> None:
        if self._at < len(self._all):
            raise TemplateError(f"{self._text!r}: unexpected {self._all[self._at][1]!r}")

    def pipeline(self) -> Eval:
        value = self._command(None)
        while self._peek() == "pipe":
            self._at += 1
            value = self._command(value)
        return value

    def _peek(self) -> str:
        return self._all[self._at][0] if self._at < len(self._all) else ""

    def _command(self, piped: Eval | None) -> Eval:
        if self._peek() == "word" and self._all[self._at][1] not in _CONSTANTS:
            name = self._all[self._at][1]
            self._at += 1
            if name not in self._names:
                raise TemplateError(f"function {name!r} is not supported; there are {', '.join(sorted(self._names))}")
            args = []
            while self._peek() not in ("", "pipe", "close"):
                args.append(self._operand())
            return _call(name, [*args, piped] if piped is not None else args)
        value = self._operand()
        if piped is not None or self._peek() not in ("", "pipe", "close"):
            raise TemplateError(f"{self._text!r}: only a function takes arguments")
        return value

    def _operand(self) -> Eval:
        if self._at >= len(self._all):
            raise TemplateError(f"{self._text!r}: a value is missing")
        kind, text, _ = self._all[self._at]
        self._at += 1
        if kind == "open":
            value = self.pipeline()
            if self._peek() != "close":
                raise TemplateError(f"{self._text!r}: a parenthesis is not closed")
            self._at += 1
        elif kind == "word" and text not in _CONSTANTS:
            self._at -= 1
            value = self._command_alone()
        else:
            value = _value(kind, text, self._text)
        while self._at < len(self._all) and self._all[self._at][0] == "field" and not self._all[self._at][2]:
            value = _fields(value, self._all[self._at][1])
            self._at += 1
        return value

    def _command_alone(self) -> Eval:
        """A function without arguments as an argument."""
        name = self._all[self._at][1]
        self._at += 1
        if name not in self._names:
            raise TemplateError(f"function {name!r} is not supported; there are {', '.join(sorted(self._names))}")
        return _call(name, [])


_CONSTANTS: Mapping[str, Any] = {"true": True, "false": False, "nil": None}


def _value(kind: str, text: str, whole: str) -> Eval:
    if kind == "text":
        constant: Any = text[1:-1] if text[0] == "`" else json.loads(text)
    elif kind == "number":
        constant = float(text) if any(c in text for c in ".eE") else int(text)
    elif kind == "word":
        constant = _CONSTANTS[text]
    elif kind == "dot":
        return lambda scope: scope.dot
    elif kind == "field":
        return _fields(lambda scope: scope.dot, text)
    elif kind == "variable":
        return lambda scope: scope.look_up(text)
    else:
        raise TemplateError(f"{whole!r}: unexpected {text!r}")
    return lambda scope: constant


def _fields(value: Eval, chain: str) -> Eval:
    names = chain[1:].split(".")

    def read(scope: Scope) -> Any:
        found = value(scope)
        for name in names:
            if found is None:
                return None
            if not isinstance(found, dict):
                raise TemplateError(f"{name} of {type(found).__name__} is read")
            found = found.get(name)
        return found

    return read


def _call(name: str, args: list[Eval]) -> Eval:
    if name in ("and", "or"):  # the first that decides; the others are not evaluated

        def decide(scope: Scope) -> Any:
            found: Any = None
            for each in args:
                found = each(scope)
                if truth(found) == (name == "or"):
                    break
            return found

        return decide
    return lambda scope: scope.functions[name](*[each(scope) for each in args])


def _text(text: str) -> Run:
    return lambda scope, out: out.append(text)


def _sequence(runs: list[Run]) -> Run:
    def run(scope: Scope, out: list[str]) -> None:
        for each in runs:
            each(scope, out)

    return run


def _declare(name: str, value: Eval) -> Run:
    return lambda scope, out: scope.variables.append((name, value(scope)))


def _assign(name: str, value: Eval) -> Run:
    return lambda scope, out: scope.assign(name, value(scope))


def _conditional(moves_dot: bool, names: list[str], value: Eval, body: Run, otherwise: Run | None) -> Run:
    def run(scope: Scope, out: list[str]) -> None:
        found, kept, dot = value(scope), len(scope.variables), scope.dot
        if names:
            scope.variables.append((names[0], found))
        if truth(found):
            scope.dot = found if moves_dot else dot
            body(scope, out)
        elif otherwise is not None:
            otherwise(scope, out)
        scope.dot = dot
        del scope.variables[kept:]

    return run


def _range(names: list[str], value: Eval, body: Run, otherwise: Run | None) -> Run:
    def run(scope: Scope, out: list[str]) -> None:
        found, kept, dot = value(scope), len(scope.variables), scope.dot
        if isinstance(found, int) and not isinstance(found, bool):
            pairs: list[tuple[Any, Any]] = [(each, each) for each in range(min(found, MOST_ROUNDS + 1))]
        elif isinstance(found, dict):
            pairs = sorted(found.items())
        elif found is None or isinstance(found, list):
            pairs = list(enumerate(found or ()))
        else:
            raise TemplateError(f"range cannot iterate over {type(found).__name__}")
        for key, item in pairs:
            scope.left -= 1
            if scope.left < 0:
                raise TemplateError("the template has too many rounds")
            if len(names) == 2:
                scope.variables += [(names[0], key), (names[1], item)]
            elif names:
                scope.variables.append((names[0], item))
            scope.dot = item
            body(scope, out)
            del scope.variables[kept:]
        scope.dot = dot
        if not pairs and otherwise is not None:
            otherwise(scope, out)

    return run
