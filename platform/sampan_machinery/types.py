"""``Node``: the schema of a type, for patches, apply, pruning and defaulting.

``sampan_machinery.schema`` returns Nodes for built-in kinds (from the compact table), ``sampan_machinery.structural``
for custom resources (from their OpenAPI schema); both satisfy this Protocol.
Source: OpenAPI extensions x-kubernetes-list-type, -list-map-keys, -map-type, -patch-merge-key, -patch-strategy.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol


class Node(Protocol):
    """One type. ``shape``: struct (named fields), map (free keys), list, scalar, any (schemaless)."""

    shape: str
    scalar: str  # string, integer, int32, number, boolean, quantity, int-or-string, time, bytes; "" if not scalar
    #: struct or map that apply treats as one value (x-kubernetes-map-type: atomic)
    atomic: bool
    #: for lists: atomic, set or map (x-kubernetes-list-type); atomic by default
    list_type: str
    #: for list_type map: the keys, e.g. ("containerPort", "protocol")
    list_keys: tuple[str, ...]
    #: strategic merge patch: "merge", "replace", "retainKeys", "merge,retainKeys" or ""
    patch_strategy: str
    #: strategic merge patch: the key elements are merged by, or "" (a list of scalars with strategy merge is a set)
    patch_merge_key: str

    def field(self, name: str) -> Node | None:
        """struct: the field's type, or None if unknown. map: the value type, for any name."""

    def fields(self) -> Iterable[str]:
        """struct: the names."""

    def required(self) -> Iterable[str]: ...

    def item(self) -> Node:
        """list: the element's type. map: the value type."""

    def default(self, name: str) -> object:
        """The schema default of a field that is part of a list key (ContainerPort.protocol = TCP), or None."""
