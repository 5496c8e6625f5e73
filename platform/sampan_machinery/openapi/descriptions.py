"""What fields are for, in words: upstream's where it has any, else short sentences of our own.

``kubectl explain`` shows them. Upstream's are kept in a compressed file (1 MB of text in 210 KB; see NOTICE beside it)
that is read from beginning to end for each document that is made, and nothing of it is held afterwards.
Knows nothing of paths and kinds.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

import msgspec

#: Fields that mean the same everywhere, by name and, where needed, by owner's last word.
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
    identity: str  # another one where the words are others

    def of(self, names: Iterable[str]) -> Iterator[tuple[str, Words]]:
        """Each of these definitions, which come sorted by name, with its words."""


class Given:
    """Words that are held: ``{definition: {field: words}}``."""

    def __init__(self, words: Mapping[str, Words]) -> None:
        self._words = words
        self.identity = str(len(words))

    def of(self, names: Iterable[str]) -> Iterator[tuple[str, Words]]:
        return ((name, self._words.get(name, {})) for name in names)


class Shipped:
    """The words in a file of tools/make_descriptions.py: a line for each definition, sorted by name."""

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
    """Upstream's words if there are any, else ours, else ""."""
    return words.get(field) or _STANDARD.get(field, "")
