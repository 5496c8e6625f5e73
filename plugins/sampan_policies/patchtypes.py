"""The types ``Object`` and ``JSONPatch`` of mutations: ``Object{spec: Object.spec{replicas: 3}}``.

Source: k8s.io/apiserver/pkg/cel/mutation. An Object takes any field; that its type is named after its place
(``Object.spec`` in the field ``spec``) is checked when the expression has run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sampan_cel.declarations import Library, function
from sampan_cel.estimates import read_once
from sampan_cel.types import DYN, STRING, ObjectType, Type
from sampan_cel.values import Duration, Optional, Timestamp, type_of, unkeyed

ROOT = "Object"


class AnyField(Mapping[str, Type]):
    """The fields of an Object: any, of any type."""

    def __getitem__(self, name: str) -> Type:
        return DYN

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class Made(dict[str, Any]):
    """The fields of an ``Object…{}`` or ``JSONPatch{}``, and the name that it was made by."""

    def __init__(self, name: str, fields: Mapping[str, Any]) -> None:
        super().__init__(fields)
        self.name = name

    @property
    def cel_type(self) -> Type:
        return Type(self.name)


def _maker(name: str) -> Any:
    return lambda fields: Made(name, fields)


OBJECT = ObjectType(ROOT, AnyField(), make=_maker(ROOT))
JSON_PATCH = ObjectType(
    "JSONPatch", {"op": STRING, "path": STRING, "from": STRING, "value": DYN}, make=_maker("JSONPatch")
)


def _resolve(name: str) -> Type | None:
    if name == ROOT:
        return OBJECT
    if name.startswith(ROOT + "."):
        return ObjectType(name, AnyField(), make=_maker(name))
    return JSON_PATCH if name == JSON_PATCH.name else None


def _escaped(key: str) -> str:
    """A key as a part of a JSON pointer."""
    return key.replace("~", "~0").replace("/", "~1")


PATCH_TYPES = Library(
    "kubernetes.jsonpatch",
    {"jsonpatch.escapeKey": [function((STRING,), STRING, _escaped, lambda key: -(-len(key) // 10))]},
    resolve=_resolve,
    estimators={"jsonpatch.escapeKey": read_once(same_size=True)},
)


def misnamed(value: Any, place: str = ROOT) -> list[str]:
    """What is wrong with the type names of Objects in a value; lists and maps between them have no name."""
    found: list[str] = []
    if isinstance(value, Made):
        if value.name != place:
            found.append(
                f'unexpected type name "{value.name}", expected "{place}", which matches field name path from root '
                "Object type"
            )
        for name, each in value.items():
            found += misnamed(each, f"{place}.{name}")
    elif isinstance(value, Mapping):
        for each in value.values():
            found += misnamed(each, place)
    elif isinstance(value, (list, tuple)):
        for each in value:
            found += misnamed(each, place)
    return found


class Unfit(Exception):
    """A value has no form in JSON."""


def as_json(value: Any) -> Any:
    """Plain JSON of what an expression has made; raises Unfit."""
    if isinstance(value, Mapping):
        found = {}
        for key, each in value.items():
            name = unkeyed(key)
            if not isinstance(name, str):
                raise Unfit(f"map key {name} is of type {type_of(name)}, not string")
            found[name] = as_json(each)
        return found
    if isinstance(value, (list, tuple)):
        return [as_json(each) for each in value]
    if isinstance(value, Optional):
        return as_json(value.value) if value.present else None
    if isinstance(value, (Timestamp, Duration)):
        return str(value)
    if value is None or isinstance(value, (str, bool, float)):
        return value
    if isinstance(value, int):
        return int(value)  # also of an unsigned one
    raise Unfit(f"a value of type {type_of(value)} could not be marshalled to JSON")
