"""nginx's configuration language: directives as values, and the one function through which every word is written.

A word is always quoted, so that nothing in it can end it; what the language cannot carry is refused. Knows nothing of
what directives mean. Source: nginx's ngx_conf_file.c (a word's limits), CVE-2021-25746 and its kin (why).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

LONGEST = 2000  # bytes of a word; nginx reads its files through a buffer of 4096
_NAME = re.compile(r"[a-z_]+").fullmatch
_BARE = re.compile(r"[A-Za-z0-9_./:=+@,-]+").fullmatch  # words that need no quotes, for people who read the file


class Unwritable(ValueError):
    """A value that cannot stand in a configuration file; says why."""


@dataclass(frozen=True)
class Directive:
    """``name words…;`` or, where there is a block, ``name words… { … }``. Entries of maps have no name."""

    name: str
    words: tuple[str, ...] = ()
    block: tuple[Directive, ...] | None = None


def plain(name: str, *words: object, block: Iterable[Directive] | None = None) -> Directive:
    """A directive from words of our own choosing or raw values: they are quoted when they are written."""
    return Directive(name, tuple(map(str, words)), None if block is None else tuple(block))


def written(directives: Iterable[Directive], indent: str = "") -> str:
    """As text. Raises Unwritable."""
    return "".join(_lines(directives, indent))


def _lines(directives: Iterable[Directive], indent: str) -> Iterable[str]:
    for directive in directives:
        if directive.name and not _NAME(directive.name):
            raise Unwritable(f"{directive.name!r} is no directive")
        head = " ".join([*filter(None, [directive.name]), *map(word, directive.words)])
        if directive.block is None:
            yield f"{indent}{head};\n"
        else:
            yield f"{indent}{head} {{\n"
            yield from _lines(directive.block, indent + "    ")
            yield f"{indent}}}\n"


def word(text: str) -> str:
    """One word of a directive, quoted. Raises Unwritable for control characters and for what is too long."""
    if _BARE(text):
        return _short(text)
    if any(char < " " or char == "\x7f" for char in text):
        raise Unwritable(f"{text[:100]!r} holds a control character")
    return _short('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"')


def _short(text: str) -> str:
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise Unwritable(f"{text[:100]!r} is not valid Unicode") from error
    if size > LONGEST:
        raise Unwritable(f"{text[:100]!r}… is longer than {LONGEST} bytes")
    return text


def literal(text: str) -> str:
    """For places where nginx looks for variables: a text that must mean itself. It has no way to escape ``$``."""
    if "$" in text:
        raise Unwritable(f"{text[:100]!r} holds a $, which nginx would take for a variable")
    return text
