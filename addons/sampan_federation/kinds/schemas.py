"""The words that the schemas of the kinds are written in: each function returns a structural schema (a dict).

Source: Kubernetes docs, "Specifying a structural schema"; the names of fields are Karmada's API reference.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Schema = dict[str, Any]

_INT32 = {"minimum": -(2**31), "maximum": 2**31 - 1}


def text(**more: Any) -> Schema:
    """A string; ``more``: pattern, minLength, maxLength, default."""
    return {"type": "string", **more}


def one_of(*values: str, default: str = "") -> Schema:
    """A string out of a list."""
    return {"type": "string", "enum": list(values), **({"default": default} if default else {})}


def flag() -> Schema:
    return {"type": "boolean"}


def integer(least: int | None = None, **more: Any) -> Schema:
    """A 32-bit integer."""
    return {"type": "integer", "format": "int32", **({"minimum": least} if least is not None else {}), **more}


def long(least: int | None = None) -> Schema:
    """A 64-bit integer."""
    return {"type": "integer", "format": "int64", **({"minimum": least} if least is not None else {})}


def moment() -> Schema:
    return {"type": "string", "format": "date-time"}


def many(of: Schema, *, keys: Sequence[str] = (), **more: Any) -> Schema:
    """A list; with ``keys`` a list whose items are merged by these fields."""
    kind = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": list(keys)} if keys else {}
    return {"type": "array", "items": of, **kind, **more}


def mapping(of: Schema | None = None) -> Schema:
    """A map of strings, or of ``of``."""
    return {"type": "object", "additionalProperties": of or text()}


def record(fields: Mapping[str, Schema], required: Iterable[str] = (), **more: Any) -> Schema:
    """An object with these fields."""
    wanted = list(required)
    return {"type": "object", "properties": dict(fields), **({"required": wanted} if wanted else {}), **more}


def anything() -> Schema:
    """An object whose fields are kept as they are."""
    return {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def value() -> Schema:
    """Any JSON value."""
    return {"x-kubernetes-preserve-unknown-fields": True}


#: Of labels: an optional prefix, and a name.
LABEL_KEY = "^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$"
#: What may name a Service's port, or a Service.
LABEL = "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"


def checked(schema: Schema, *rules: tuple[str, str, str]) -> Schema:
    """With expressions: (rule, message, field path or "")."""
    found: list[dict[str, Any]] = [
        {"rule": rule, "message": message, **({"fieldPath": path} if path else {})} for rule, message, path in rules
    ]
    return {**schema, "x-kubernetes-validations": found}


_NUMBER = r"([0-9]+(\.[0-9]*)?|\.[0-9]+)"


def quantity() -> Schema:
    """As resource.Quantity is written."""
    return {
        "anyOf": [{"type": "integer"}, {"type": "string"}],
        "pattern": rf"^(\+|-)?{_NUMBER}([KMGTPE]i|[numkMGTPE]|[eE](\+|-)?{_NUMBER})?$",
        "x-kubernetes-int-or-string": True,
    }


def quantities() -> Schema:
    """A ResourceList."""
    return mapping(quantity())


def label_selector() -> Schema:
    requirement = record({"key": text(), "operator": text(), "values": many(text())}, ("key", "operator"))
    fields = {"matchLabels": mapping(), "matchExpressions": many(requirement)}
    return record(fields, **{"x-kubernetes-map-type": "atomic"})


def requirements() -> Schema:
    """NodeSelectorRequirements."""
    return many(record({"key": text(), "operator": text(), "values": many(text())}, ("key", "operator")))


def tolerations() -> Schema:
    return many(
        record({"key": text(), "operator": text(), "value": text(), "effect": text(), "tolerationSeconds": long()})
    )


def conditions() -> Schema:
    fields = {
        "type": text(maxLength=316), "status": one_of("True", "False", "Unknown"),
        "observedGeneration": long(0), "lastTransitionTime": moment(),
        "reason": text(minLength=1, maxLength=1024, pattern="^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$"),
        "message": text(maxLength=32768),
    }  # fmt: skip
    return many(record(fields, ("type", "status", "lastTransitionTime", "reason", "message")), keys=["type"])
