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
from collections.abc import Mapping
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


def read(data: bytes) -> Table:
    """The table in these gzipped bytes."""
    return Table(**msgspec.json.decode(gzip.decompress(data)))


@functools.cache
def shipped() -> Table:
    """The table that comes with sampan; read at the first call."""
    return read(files("sampan_machinery").joinpath("data/schema.json.gz").read_bytes())
