"""The table of field facts, as ``tools/make_schema.py`` writes it. Reads the shipped file; knows nothing of msgspec.

    {"version": "v1.N.0",
     "kinds": {"apps/v1/Deployment": "io.k8s.api.apps.v1.Deployment", "/v1/Pod": …},
     "types": {"io.k8s.api.core.v1.Pod": {"fields": {"spec": FIELD, …}, "required": […], "atomic": true, "zeros": "oa"},
               "io.k8s.apimachinery.pkg.apis.meta.v1.Time": "time", …}}

FIELD is a word (string, integer, int32, number, boolean, bytes, any, object), ``"#name"`` of another type, or
``{"type": word | "#name" | "list" | "map", "of": FIELD, "list": list type, "keys": list map keys, "merge": patch merge
key, "strategy": patch strategy, "atomic": true or false (over its type's), "default": value}``.

``zeros`` has a letter for each field, by what Kubernetes answers where the field is not set (``tools/add_zeros.py``):
``o`` it is left out, and so is an empty or zero value that was sent; ``a`` its type's zero value, ``z`` the same for a
struct that is left out when it has nothing set; ``n`` null; ``.`` it is left out, but a zero value that was sent stays
(a pointer).
"""

from __future__ import annotations

import functools
import gzip
from collections import ChainMap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import msgspec

#: Types that are one JSON value although the Kubernetes types have a name of their own.
SCALARS = frozenset({"quantity", "int-or-string", "time", "microtime"})


OMITTED, ALWAYS, NULL = "o", "a", "n"


@dataclass(frozen=True)
class Table:
    version: str
    types: Mapping[str, Any]
    kinds: Mapping[str, str]

    def type_name(self, group: str, version: str, kind: str) -> str | None:
        """The definition behind a kind, or None where the table has none."""
        return self.kinds.get(f"{group}/{version}/{kind}")

    def struct(self, name: str) -> Mapping[str, Any] | None:
        """The facts of a type with named fields, else None."""
        found = self.types[name]
        return found if isinstance(found, dict) else None

    def extended(self, types: Mapping[str, Any], kinds: Mapping[str, str]) -> Table:
        """The same with more types and kinds; these come first."""
        layers: Any = ChainMap  # typed for maps that change; nothing writes to these
        return Table(self.version, layers(types, self.types), layers(kinds, self.kinds))


class _Encoded(msgspec.Struct):
    version: str
    kinds: dict[str, str]
    types: dict[str, msgspec.Raw]


class _Types(Mapping[str, Any]):
    """Facts by the name of a type, each decoded when it is asked for: a server uses a third of them."""

    def __init__(self, encoded: dict[str, msgspec.Raw]) -> None:
        self._encoded = encoded
        self._decoded: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        found = self._decoded.get(name)
        if found is None:
            found = self._decoded[name] = msgspec.json.decode(self._encoded[name])
        return found

    def __contains__(self, name: object) -> bool:
        return name in self._encoded

    def __iter__(self) -> Iterator[str]:
        return iter(self._encoded)

    def __len__(self) -> int:
        return len(self._encoded)


def read(data: bytes) -> Table:
    """The table in these gzipped bytes."""
    found = msgspec.json.decode(gzip.decompress(data), type=_Encoded)
    return Table(found.version, _Types(found.types), found.kinds)


@functools.cache
def shipped() -> Table:
    """The table that comes with sampan; read at the first call."""
    return read(files("sampan_machinery").joinpath("data/schema.json.gz").read_bytes())
