"""Descriptions of fields: upstream's if there is one, else a short sentence of sampan's.

``kubectl explain`` shows them. Upstream's are in a compressed file (1 MB of text in 210 KB; see NOTICE beside it),
which is read once from start to end for each document that is built; nothing of it is kept in memory. Knows nothing of
paths and kinds.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

import msgspec

#: Fields with the same meaning in all types, by name and, if needed, by the last word of the type's name.
_STANDARD = {
    "apiVersion": "APIVersion defines which version of its group this object is written in, such as v1 or apps/v1.",
    "kind": "Kind names the type of this object, in CamelCase. It cannot be changed.",
    "metadata": "Standard object's metadata: name, namespace, labels, annotations and what the server keeps of it.",
    "spec": "What is wanted of this object.",
    "status": "What has been observed of this object. Written by the system.",
}
_LAST = "\U0010ffff"  # after every name

Words = Mapping[str, str]  # by field, "" being the definition itself


class Descriptions(Protocol):
    identity: str  # changes with the texts

    def of(self, names: Iterable[str]) -> Iterator[tuple[str, Words]]:
        """Each of these definitions with its texts; ``names`` must be sorted."""


class Given:
    """Descriptions in memory: ``{definition: {field: text}}``."""

    def __init__(self, words: Mapping[str, Words]) -> None:
        self._words = words
        self.identity = str(len(words))

    def of(self, names: Iterable[str]) -> Iterator[tuple[str, Words]]:
        return ((name, self._words.get(name, {})) for name in names)


class Shipped:
    """Descriptions in a file of tools/make_descriptions.py: one line per definition, sorted by name."""

    def __init__(self, path: Path = Path(__file__).parents[1] / "data" / "descriptions.gz") -> None:
        self._path = path
        self.identity = path.read_bytes()[-8:].hex()  # gzip ends with the checksum and the size of what it holds

    def of(self, names: Iterable[str]) -> Iterator[tuple[str, Words]]:
        with gzip.open(self._path, "rb") as lines:
            at, text = "", b""
            for name in names:
                while at < name:
                    key, _, text = next(lines, b"").partition(b"\t")
                    at = key.decode() or _LAST
                yield name, msgspec.json.decode(text, type=dict[str, str]) if at == name else {}


def of_field(words: Words, field: str) -> str:
    """Upstream's description if there is one, else sampan's, else ""."""
    return words.get(field) or _STANDARD.get(field, "")
