"""Static types. A type is a name and its parameters; what is not known before an expression runs is ``dyn``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Type:
    """``int``, ``list(string)``, ``kubernetes.Quantity`` … ``param``: a placeholder in the signature of a function."""

    name: str
    params: tuple[Type, ...] = ()
    param: bool = False

    def __str__(self) -> str:
        if self.name == "wrapper":
            return f"wrapper({self.params[0]})"
        return f"{self.name}({', '.join(map(str, self.params))})" if self.params else self.name


class ObjectType(Type):
    """A type with declared fields. Equal to another of the same name.

    ``keys``: the key that a field has in the value, where it is not the field's name. ``reads``: makes the value of a
    field that is kept in another form, such as a timestamp as text. ``make``: makes a value of ``Name{field: value}``;
    it may raise CelError.
    """

    fields: Mapping[str, Type]
    keys: Mapping[str, str]
    reads: Mapping[str, Callable[[Any], Any]]
    make: Callable[[dict[str, Any]], Any] | None

    def __init__(
        self,
        name: str,
        fields: Mapping[str, Type],
        keys: Mapping[str, str] | None = None,
        reads: Mapping[str, Callable[[Any], Any]] | None = None,
        *,
        make: Callable[[dict[str, Any]], Any] | None = None,
    ) -> None:
        super().__init__(name)
        object.__setattr__(self, "fields", fields)
        object.__setattr__(self, "keys", keys or {})
        object.__setattr__(self, "reads", reads or {})
        object.__setattr__(self, "make", make)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Type) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)


DYN = Type("dyn")
ERROR = Type("error")
BOOL = Type("bool")
INT = Type("int")
UINT = Type("uint")
DOUBLE = Type("double")
STRING = Type("string")
BYTES = Type("bytes")
NULL = Type("null_type")
TIMESTAMP = Type("google.protobuf.Timestamp")
DURATION = Type("google.protobuf.Duration")
A, B = Type("A", param=True), Type("B", param=True)


def list_of(item: Type) -> Type:
    return Type("list", (item,))


def map_of(key: Type, value: Type) -> Type:
    return Type("map", (key, value))


def optional_of(value: Type) -> Type:
    return Type("optional_type", (value,))


def type_of(value: Type) -> Type:
    return Type("type", (value,))


#: Types whose names are values in an expression: ``type(1) == int``.
NAMED: Mapping[str, Type] = {
    "bool": BOOL, "int": INT, "uint": UINT, "double": DOUBLE, "string": STRING, "bytes": BYTES, "null_type": NULL,
    "dyn": DYN, "list": list_of(DYN), "map": map_of(DYN, DYN), "type": type_of(DYN),
    "optional_type": optional_of(DYN), TIMESTAMP.name: TIMESTAMP, DURATION.name: DURATION,
}  # fmt: skip
