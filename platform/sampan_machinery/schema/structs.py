"""msgspec structs made from the table, so that parsing, type checks and pruning are one pass in C.

A kind's structs are made when it is first asked for. Every field is optional: what is required is for validation to
say. A field that the Go types mark as omitted when empty has its zero value for a default, so msgspec leaves it out
of what it gives back (``env: []``, ``hostNetwork: false``). Knows msgspec; knows nothing of how a failure is worded for
a client.
"""

from __future__ import annotations

import functools
import itertools
import keyword
import sys
import threading
import types
import typing
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from sampan_machinery.schema import scalars
from sampan_machinery.schema.table import OMITTED, Table

_numbers = itertools.count()


class _Checked(type):
    """Makes msgspec accept any value that the check of a type returns."""

    def __instancecheck__(cls, value: object) -> bool:
        return True


class CheckedQuantity(metaclass=_Checked):
    check = functools.lru_cache(4096, typed=True)(scalars.quantity)  # few different ones; longest 400 characters


class CheckedIntOrString(metaclass=_Checked):
    check = staticmethod(scalars.int_or_string)


class CheckedTime(metaclass=_Checked):
    check = functools.lru_cache(4096, typed=True)(scalars.time)


class CheckedMicroTime(metaclass=_Checked):
    check = staticmethod(scalars.microtime)


class CheckedBytes(metaclass=_Checked):
    check = staticmethod(scalars.base64_text)


class FloatQuantity(Exception):
    """A quantity in JSON is a number with a fraction or an exponent, whose text is lost; never leaves the package."""


def check_json(expected: Any, value: Any) -> Any:
    """msgspec's hook for the types above, in JSON. Raises FloatQuantity: 1e3 and 1000.0 are not the same quantity."""
    if type(value) is float and expected is CheckedQuantity:
        raise FloatQuantity
    return check(expected, value)


def check(expected: Any, value: Any) -> Any:
    """The same for what is decoded already."""
    try:
        return expected.check(value)
    except TypeError:  # a dict or list, which no cache takes
        raise scalars.WrongType(value, "string") from None


_INT32 = Annotated[int, msgspec.Meta(ge=scalars.INT32[0], le=scalars.INT32[1])]
_INT64 = Annotated[int, msgspec.Meta(ge=scalars.INT64[0], le=scalars.INT64[1])]

#: Names are spelled so that no field's name can hide them while msgspec resolves the annotations.
_NAMES: dict[str, Any] = {
    "T_string": str,
    "T_boolean": bool,
    "T_number": float,
    "T_integer": _INT64,
    "T_int32": _INT32,
    "T_quantity": CheckedQuantity,
    "T_int_or_string": CheckedIntOrString,
    "T_time": CheckedTime,
    "T_microtime": CheckedMicroTime,
    "T_bytes": CheckedBytes,
    "T_any": Any,
    "T_object": dict[str, Any],
    "T_list": list,
    "T_map": dict,
    "T_or_null": typing.Optional,
}

#: Any JSON; which of it is right is the kind's to say (ControllerRevision.data).
_RAW = "io.k8s.apimachinery.pkg.runtime.RawExtension"
#: What omit_defaults compares with: these by identity, which holds for CPython's "", False and small integers; an
#: empty list or map by the type of its factory.
_ZEROS: dict[str, Any] = {
    "string": "",
    "bytes": "",
    "boolean": False,
    "integer": 0,
    "int32": 0,
    "list": msgspec.field(default_factory=list),
    "map": msgspec.field(default_factory=dict),
}


class Structs:
    """The struct classes of one table. Thread-safe. With ``strict`` an unknown field is an error, else dropped."""

    def __init__(self, table: Table, *, strict: bool = False) -> None:
        self._table = table
        self._strict = strict
        self._lock = threading.Lock()
        self._module = types.ModuleType(f"sampan_machinery.schema.made_{next(_numbers)}")
        vars(self._module).update(_NAMES)
        sys.modules[self._module.__name__] = self._module  # where msgspec looks the annotations up
        self._decoders: dict[str, msgspec.json.Decoder[Any]] = {}

    def decoder(self, name: str) -> msgspec.json.Decoder[Any]:
        """The JSON decoder of a definition."""
        found = self._decoders.get(name)
        if found is None:
            with self._lock:
                self._make(name)
                found = self._decoders[name] = msgspec.json.Decoder(self.cls(name), dec_hook=check_json)
        return found

    def cls(self, name: str) -> Any:
        """The struct class of a definition passed to ``decoder`` before, or the free type if it has no fields."""
        return getattr(self._module, self._alias(name))

    def _alias(self, name: str) -> str:
        facts = self._table.types[name]
        if name == _RAW:
            return "T_any"
        if isinstance(facts, str):
            return "T_" + facts.replace("-", "_")
        return "S_" + name.replace(".", "_").replace("-", "_")

    def _make(self, root: str) -> None:
        """Define the struct of a type and of all it refers to."""
        waiting = [root]
        while waiting:
            name = waiting.pop()
            facts = self._table.struct(name)
            if facts is None or hasattr(self._module, self._alias(name)):
                continue
            fields: list[tuple[str, str, Any]] = []
            names = {}
            for index, (field, shape) in enumerate(facts["fields"].items()):
                attribute = field if field.isidentifier() and not keyword.iskeyword(field) else f"field_{index}"
                if attribute != field:
                    names[attribute] = field
                annotation, zero = self._annotation(shape, waiting), self._omitted(facts, index, shape)
                # No null for a field with a zero value: it would be returned. Callers that catch the error remove it.
                fields.append(
                    (attribute, f"T_or_null[{annotation}]", None) if zero is None else (attribute, annotation, zero)
                )
            made = msgspec.defstruct(
                self._alias(name),
                fields,
                module=self._module.__name__,
                omit_defaults=True,
                forbid_unknown_fields=self._strict,
                rename=names or None,
                gc=False,
            )
            setattr(self._module, self._alias(name), made)

    def _omitted(self, facts: Mapping[str, Any], index: int, shape: Any) -> Any:
        """The zero value of a field that is omitted when it has it, else None."""
        if facts.get("zeros", "")[index : index + 1] != OMITTED:
            return None
        word: str = shape if isinstance(shape, str) else shape["type"]
        found = self._table.types[word[1:]] if word.startswith("#") else word
        return _ZEROS.get(found) if isinstance(found, str) else None

    def _annotation(self, shape: Any, waiting: list[str]) -> str:
        """The annotation of one FIELD of the table, as text; notes the types it needs."""
        word = shape if isinstance(shape, str) else shape["type"]
        if word.startswith("#"):
            waiting.append(word[1:])
            return self._alias(word[1:])
        if word == "list":
            return f"T_list[{self._annotation(shape['of'], waiting)}]"
        if word == "map":
            return f"T_map[T_string, {self._annotation(shape['of'], waiting)}]"
        return "T_" + str(word).replace("-", "_")
