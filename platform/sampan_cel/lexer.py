"""Text into tokens. Source: cel-spec, doc/langdef.md, "Syntax"."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from sampan_cel.errors import Issue, ParseError
from sampan_cel.values import Uint

RESERVED = frozenset({
    "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package",
    "namespace", "return", "var", "void", "while",
})  # fmt: skip
INT_MAX, UINT_MAX = 2**63 - 1, 2**64 - 1


class Token(NamedTuple):
    """``kind``: ident, quoted (an ident in backticks), const, op, end. ``value`` of a const is its value."""

    kind: str
    text: str
    at: int
    value: Any = None


_SURROGATE = re.compile("[\ud800-\udfff]")
_TOKEN = re.compile(
    r"""
    (?P<space>[\ \t\r\n\f]+|//[^\n]*)
  | (?P<string>(?:[bB][rR]?|[rR][bB]?)?(?:\"\"\"|'''|\"|'))
  | (?P<double>(?:[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+|\.[0-9]+(?:[eE][+-]?[0-9]+)?))
  | (?P<number>(?:0[xX][0-9a-fA-F]+|[0-9]+))(?P<unsigned>[uU]?)
  | (?P<ident>[_a-zA-Z][_a-zA-Z0-9]*)
  | `(?P<quoted>[a-zA-Z0-9_.\-/ ]+)`
  | (?P<op>\[\?|\{\?|\.\?|&&|\|\||[<>=!]=|[-+*/%<>!?:.,()\[\]{}])
    """,
    re.VERBOSE,
)
_SIMPLE = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", "?": "?", '"': '"',
    "'": "'", "`": "`",
}  # fmt: skip
_ESCAPE = re.compile(
    r"\\(?:([abfnrtv\\?\"'`])|[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|)", re.DOTALL
)


def tokens(text: str) -> list[Token]:
    """All tokens, the last one of kind end. Raises ParseError. Half a surrogate pair reads as U+FFFD, as in Go."""
    text = _SURROGATE.sub("\ufffd", text)
    found: list[Token] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _error(text, at, f"token recognition error at: '{text[at]}'")
        kind = match.lastgroup
        end = match.end()
        if kind == "string":
            value, end = _string(text, at, match.group("string"))
            found.append(Token("const", text[at:end], at, value))
        elif kind == "double":
            found.append(Token("const", match.group(), at, float(match.group())))
        elif kind == "unsigned":
            found.append(Token("const", match.group(), at, _number(text, at, match)))
        elif kind in ("ident", "op", "quoted"):
            found.append(Token(kind, match.group(kind), at))
        at = end
    found.append(Token("end", "<EOF>", len(text)))
    return found


def _number(text: str, at: int, match: re.Match[str]) -> Any:
    """An int or Uint. One more than the largest int is let through for the parser to negate."""
    value = int(match.group("number"), 0 if match.group("number")[:2].lower() == "0x" else 10)
    if match.group("unsigned"):
        if value > UINT_MAX:
            raise _error(text, at, "invalid uint literal")
        return Uint(value)
    if value > INT_MAX + 1:
        raise _error(text, at, "invalid int literal")
    return value


def _string(text: str, at: int, opening: str) -> tuple[str | bytes, int]:
    """The value of a literal that begins at ``at``, and where it ends."""
    prefix, quote = opening.rstrip("\"'").lower(), opening.lstrip("bBrR")
    raw = "r" in prefix
    start = end = at + len(opening)
    while True:
        if end >= len(text) or (len(quote) == 1 and text[end] in "\r\n"):
            raise _error(text, at, f"token recognition error at: '{text[at:end]}'")
        if text.startswith(quote, end):
            break
        end += 2 if text[end] == "\\" and not raw else 1
    body = text[start:end]
    if "b" in prefix:
        return (body.encode() if raw else _bytes(text, at, body)), end + len(quote)
    return (body if raw else _unescaped(text, at, body)), end + len(quote)


def _unescaped(text: str, at: int, body: str) -> str:
    def one(match: re.Match[str]) -> str:
        simple, two, four, eight, octal = match.groups()
        if simple:
            return _SIMPLE[simple]
        code = int(two or four or eight or "0", 16) if not octal else int(octal, 8)
        if not (two or four or eight or octal) or code > 0x10FFFF or 0xD800 <= code < 0xE000:
            raise _error(text, at, "unable to unescape string")
        return chr(code)

    return _ESCAPE.sub(one, body)


def _bytes(text: str, at: int, body: str) -> bytes:
    """In bytes \\x and octal escapes are single bytes, the rest is UTF-8; \\u is not allowed."""
    found = bytearray()
    last = 0
    for match in _ESCAPE.finditer(body):
        found += body[last : match.start()].encode()
        simple, two, four, eight, octal = match.groups()
        if simple:
            found += _SIMPLE[simple].encode()
        elif two or octal:
            found.append(int(two, 16) if two else int(octal, 8))
        else:
            raise _error(text, at, "unable to unescape string" if not (four or eight) else "\\u in a bytes literal")
        last = match.end()
    return bytes(found + body[last:].encode())


def _error(text: str, at: int, message: str) -> ParseError:
    return ParseError(text, [Issue(at, f"Syntax error: {message}")])
