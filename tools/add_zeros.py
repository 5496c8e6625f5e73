"""Add to the table of field facts what the API server answers where a field is not set. Run after make_schema.py.

    python tools/add_zeros.py platform/sampan_machinery/data/schema.json.gz …/kubernetes/staging/src

Reads the published Go types (their pointers, their ``omitempty`` and ``omitzero`` tags) and writes one letter for each
field into ``zeros``, in the order of ``fields``; ``sampan_machinery.schema.table`` says what the letters mean. A field
or type that the Go source does not have is taken for a pointer. Knows nothing of sampan's code.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

_STRUCT = re.compile(r"^type (\w+) struct \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_FIELD = re.compile(r'^\s*(?:(\w+)\s+)?([\w.*\[\]]+)\s+`[^`]*?json:"([^"]*)"', re.MULTILINE)
_COMMENT = re.compile(r"^\s*//.*\n", re.MULTILINE)
#: Zero values that these types' MarshalJSON turns into null.
_NULL_WHEN_ZERO = {"time", "microtime", "object", "any"}


class Field(NamedTuple):
    """A Go field that becomes one JSON field."""

    pointer: bool
    options: frozenset[str]


class Source:
    """The Go packages below a folder, parsed when asked for."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._packages: dict[str, dict[str, str]] = {}

    def structs(self, package: str) -> dict[str, str]:
        if package not in self._packages:
            found: dict[str, str] = {}
            for path in sorted((self._root / package).glob("*.go")):
                if not path.name.endswith("_test.go") and not path.name.startswith("zz_generated"):
                    found.update(_STRUCT.findall(_COMMENT.sub("", path.read_text())))
            self._packages[package] = found
        return self._packages[package]

    def fields(self, package: str, name: str) -> Iterator[tuple[str, Field]]:
        """The JSON fields of a struct, those of inlined structs with it."""
        for _, type_, tag in _FIELD.findall(self.structs(package).get(name, "")):
            json_name, *options = tag.split(",")
            if not json_name and "inline" in options:
                if type_.startswith("metav1."):
                    yield from self.fields("k8s.io/apimachinery/pkg/apis/meta/v1", type_.removeprefix("metav1."))
                else:
                    yield from self.fields(package, type_.lstrip("*"))
            elif json_name and json_name != "-":
                yield json_name, Field(type_.startswith("*"), frozenset(options))


def form_of(shape: Any, types: dict[str, Any]) -> str:
    """What a field's value is, in the table's words."""
    word: str = shape if isinstance(shape, str) else shape["type"]
    if word.startswith("#"):
        facts = types[word[1:]]
        return facts if isinstance(facts, str) else "struct"
    return word


def letter(field: Field | None, form: str) -> str:
    if field is None:
        return "."
    empty, zero = "omitempty" in field.options, "omitzero" in field.options
    if field.pointer:
        return "." if empty or zero else "n"
    if form in _NULL_WHEN_ZERO:
        return "." if zero else "n"
    if form in {"struct", "quantity", "int-or-string"}:
        return "z" if zero else "a"
    if form in {"list", "map", "bytes"}:
        return "o" if empty or zero else "n"
    return "o" if empty or zero else "a"


def add(table: dict[str, Any], source: Source) -> int:
    """Write the letters into the table; how many types the source did not have."""
    missing = 0
    for full, facts in table["types"].items():
        if not isinstance(facts, dict):
            continue
        package, _, name = full.removeprefix("io.").rpartition(".")
        known = dict(source.fields("k8s.io/" + package.removeprefix("k8s.").replace(".", "/"), name))
        facts.pop("zeros", None)
        if not known:
            missing += 1
            continue
        letters = "".join(
            letter(known.get(field), form_of(shape, table["types"])) for field, shape in facts["fields"].items()
        )
        if letters.strip("."):
            facts["zeros"] = letters
    return missing


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("table", type=Path)
    parser.add_argument("source", type=Path)
    given = parser.parse_args()
    table = json.loads(gzip.decompress(given.table.read_bytes()))
    missing = add(table, Source(given.source))
    text = json.dumps(table, separators=(",", ":"), sort_keys=False)
    given.table.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    print(
        f"{given.table}: {len(text)} bytes of facts, {given.table.stat().st_size} compressed, {missing} types unknown"
    )


if __name__ == "__main__":
    main()
