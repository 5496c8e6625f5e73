"""Types for tests, written as a dict: they satisfy ``sampan_machinery.types.Node`` without a schema table.

    typed({"replicas": "int32", "containers": [{"name": "string", "image": "string"}, {"keys": ["name"]}]})

A text is a scalar (``any`` is schemaless), a dict a struct, ``{"*": type}`` a map of free keys, a list a list: its
first element is the type of the elements, its second, optional, says more: ``keys`` (list type map, by the first key),
``set``, ``merge_key``, ``strategy``. In a struct the key ``"$"`` says more of the struct: ``atomic``, ``strategy``,
``required``, ``defaults``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class FakeNode:
    """A Node made of a description; see the module."""

    def __init__(self, described: Any) -> None:
        more: dict[str, Any] = {}
        self._below: dict[str, FakeNode] = {}
        self.scalar = ""
        self.list_type, self.list_keys = "atomic", ()
        if isinstance(described, str):
            self.shape = "any" if described == "any" else "scalar"
            self.scalar = "" if described == "any" else described
        elif isinstance(described, dict):
            more = described.get("$") or {}
            self.shape = "map" if "*" in described else "struct"
            self._below = {name: FakeNode(each) for name, each in described.items() if name != "$"}
        else:
            self.shape = "list"
            more = described[1] if len(described) > 1 else {}
            self._below = {"*": FakeNode(described[0])}
            self.list_keys = tuple(more.get("keys") or ())
            self.list_type = "map" if self.list_keys else "set" if more.get("set") else "atomic"
        self.atomic = bool(more.get("atomic"))
        merges = self.list_type in ("map", "set")
        self.patch_strategy = more.get("strategy", "merge" if merges else "")
        self.patch_merge_key = more.get("merge_key", self.list_keys[0] if self.list_keys else "")
        self._required = tuple(more.get("required") or ())
        self._defaults: dict[str, object] = more.get("defaults") or {}

    def field(self, name: str) -> FakeNode | None:
        return self._below.get("*") if self.shape == "map" else self._below.get(name)

    def fields(self) -> Iterable[str]:
        return self._below.keys() if self.shape == "struct" else ()

    def required(self) -> Iterable[str]:
        return self._required

    def item(self) -> FakeNode:
        return self._below["*"]

    def default(self, name: str) -> object:
        return self._defaults.get(name)


def typed(described: Any) -> FakeNode:
    """The type of a whole object: kind, apiVersion and metadata are added where they are not described."""
    return FakeNode({"kind": "string", "apiVersion": "string", "metadata": METADATA, **described})


OWNERS = [
    {"apiVersion": "string", "kind": "string", "name": "string", "uid": "string", "controller": "boolean"},
    {"keys": ["uid"]},
]
METADATA: dict[str, Any] = {
    "name": "string",
    "generateName": "string",
    "namespace": "string",
    "uid": "string",
    "resourceVersion": "string",
    "generation": "integer",
    "creationTimestamp": "time",
    "deletionTimestamp": "time",
    "labels": {"*": "string"},
    "annotations": {"*": "string"},
    "finalizers": ["string", {"set": True}],
    "ownerReferences": OWNERS,
    "managedFields": [{"manager": "string"}],
}
CONTAINER: dict[str, Any] = {
    "name": "string",
    "image": "string",
    "command": ["string"],
    "resources": {"limits": {"*": "quantity"}, "requests": {"*": "quantity"}},
    "ports": [
        {
            "containerPort": "int32",
            "protocol": "string",
            "name": "string",
            "$": {"defaults": {"protocol": "TCP"}, "required": ["containerPort"]},
        },
        {"keys": ["containerPort", "protocol"]},
    ],
    "env": [{"name": "string", "value": "string"}, {"keys": ["name"]}],
}
POD_SPEC: dict[str, Any] = {
    "nodeName": "string",
    "nodeSelector": {"*": "string", "$": {"atomic": True}},
    "containers": [CONTAINER, {"keys": ["name"]}],
    "tolerations": [{"key": "string", "operator": "string"}],
    "volumes": [
        {"name": "string", "emptyDir": {"medium": "string"}, "configMap": {"name": "string"}},
        {"keys": ["name"], "strategy": "merge,retainKeys"},
    ],
}
CONDITIONS = [
    {"type": "string", "status": "string", "reason": "string", "lastTransitionTime": "time"},
    {"keys": ["type"]},
]
POD = typed({"spec": POD_SPEC, "status": {"phase": "string", "podIP": "string", "conditions": CONDITIONS}})
DEPLOYMENT = typed(
    {
        "spec": {
            "replicas": "int32",
            "selector": {"matchLabels": {"*": "string"}, "$": {"atomic": True}},
            "strategy": {
                "type": "string",
                "rollingUpdate": {"maxSurge": "int-or-string"},
                "$": {"strategy": "retainKeys"},
            },
            "template": {"metadata": METADATA, "spec": POD_SPEC},
        },
        "status": {"replicas": "int32", "conditions": CONDITIONS},
    }
)
