"""A CustomResourceDefinition out of a few words, and the Resource that it is reached by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sampan.contracts.kinds import Object, Resource
from sampan_federation.kinds.schemas import Schema, record


@dataclass(frozen=True)
class Printed:
    """One printed column; ``wide``: only with ``-o wide``."""

    name: str
    path: str
    type: str = "string"
    wide: bool = False


AGE = Printed("AGE", ".metadata.creationTimestamp", "date")


@dataclass(frozen=True, kw_only=True)
class Definition:
    """One kind in one version."""

    resource: Resource
    spec: Schema | None
    status: Schema | None = None
    required: Sequence[str] = ("spec",)
    short: Sequence[str] = ()
    categories: Sequence[str] = ("karmada-io",)
    columns: Sequence[Printed] = (AGE,)
    fields: Mapping[str, Schema] = field(default_factory=dict)  # beside spec and status

    def manifest(self) -> Object:
        """The CustomResourceDefinition."""
        resource = self.resource
        singular = resource.kind.lower()
        names: dict[str, Any] = {
            "plural": resource.plural, "singular": singular, "kind": resource.kind, "listKind": f"{resource.kind}List"
        }  # fmt: skip
        if self.short:
            names["shortNames"] = list(self.short)
        if self.categories:
            names["categories"] = list(self.categories)
        return {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{resource.plural}.{resource.group}", "labels": {"sampan.dev/addon": "federation"}},
            "spec": {
                "group": resource.group,
                "scope": "Namespaced" if resource.namespaced else "Cluster",
                "names": names,
                "versions": [self._version()],
            },
        }

    def _version(self) -> dict[str, Any]:
        parts = {"spec": self.spec, "status": self.status, **self.fields}
        schema = record(
            {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"}}
            | {name: part for name, part in parts.items() if part is not None},
            [name for name in self.required if parts.get(name) is not None],
        )
        version: dict[str, Any] = {
            "name": self.resource.version,
            "served": True,
            "storage": True,
            "schema": {"openAPIV3Schema": schema},
            "additionalPrinterColumns": [_column(each) for each in self.columns],
        }
        if self.status is not None:
            version["subresources"] = {"status": {}}
        return version


def _column(printed: Printed) -> dict[str, Any]:
    column: dict[str, Any] = {"name": printed.name, "type": printed.type, "jsonPath": printed.path}
    return {**column, "priority": 1} if printed.wide else column
