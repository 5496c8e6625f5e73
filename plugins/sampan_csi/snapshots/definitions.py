"""The three kinds of snapshot.storage.k8s.io/v1 as CustomResourceDefinitions. Pure.

Source: the published API reference of snapshot.storage.k8s.io/v1: fields, columns and what may not change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sampan.contracts.kinds import Object, Resource
from sampan_csi.snapshots.naming import CLASSES, CONTENTS, SNAPSHOTS

_APPROVED = "https://github.com/kubernetes-csi/external-snapshotter/pull/814"
_TEXT: dict[str, Any] = {"type": "string"}
_FLAG: dict[str, Any] = {"type": "boolean"}
_LONG: dict[str, Any] = {"type": "integer", "format": "int64"}
_TIME: dict[str, Any] = {"type": "string", "format": "date-time"}
_POLICY: dict[str, Any] = {"type": "string", "enum": ["Delete", "Retain"]}
_SIZE: dict[str, Any] = {"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, {"type": "string"}]}


def definitions() -> list[Object]:
    return [_classes(), _contents(), _snapshots()]


def _record(
    properties: dict[str, Any], required: Sequence[str] = (), more: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "object", "properties": properties, **(more or {})}
    return {**found, "required": list(required)} if required else found


def _fixed(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {**schema, "x-kubernetes-validations": [{"rule": "self == oldSelf", "message": f"{name} is immutable"}]}


_ERROR = _record({"message": _TEXT, "time": _TIME})


def _source(one: str, other: str) -> dict[str, Any]:
    """One of two names of what the object is of."""
    kept = [
        {"rule": f"!has(oldSelf.{name}) || has(self.{name})", "message": f"{name} is required once set"}
        for name in (one, other)
    ]
    only = {
        "rule": f"has(self.{one}) != has(self.{other})", "message": f"exactly one of {one} and {other} must be set"
    }  # fmt: skip
    parts = {name: _fixed(name, _TEXT) for name in (one, other)}
    return _record(parts, more={"x-kubernetes-validations": [*kept, only]})


def _classes() -> Object:
    parts = {
        "driver": _TEXT, "deletionPolicy": _POLICY,
        "parameters": {"type": "object", "additionalProperties": _TEXT},
    }  # fmt: skip
    columns = [_column("Driver", ".driver"), _column("DeletionPolicy", ".deletionPolicy")]
    return _definition(CLASSES, ["vsclass", "vsclasses"], parts, ["driver", "deletionPolicy"], columns)


def _contents() -> Object:
    reference = _record(
        dict.fromkeys(("apiVersion", "fieldPath", "kind", "name", "namespace", "resourceVersion", "uid"), _TEXT),
        more={
            "x-kubernetes-map-type": "atomic",
            "x-kubernetes-validations": [
                {"rule": "has(self.name) && has(self.__namespace__)",
                 "message": "both spec.volumeSnapshotRef.name and spec.volumeSnapshotRef.namespace must be set"},
            ],
        },
    )  # fmt: skip
    spec = _record(
        {
            "deletionPolicy": _POLICY, "driver": _TEXT, "source": _source("volumeHandle", "snapshotHandle"),
            "sourceVolumeMode": _TEXT, "volumeSnapshotClassName": _TEXT, "volumeSnapshotRef": reference,
        },
        ["deletionPolicy", "driver", "source", "volumeSnapshotRef"],
    )  # fmt: skip
    status = _record({
        "creationTime": _LONG, "error": _ERROR, "readyToUse": _FLAG, "restoreSize": {**_LONG, "minimum": 0},
        "snapshotHandle": _TEXT, "volumeGroupSnapshotHandle": _TEXT,
    })  # fmt: skip
    columns = [
        _column("ReadyToUse", ".status.readyToUse", "boolean"),
        _column("RestoreSize", ".status.restoreSize", "integer"), _column("DeletionPolicy", ".spec.deletionPolicy"),
        _column("Driver", ".spec.driver"), _column("VolumeSnapshotClass", ".spec.volumeSnapshotClassName"),
        _column("VolumeSnapshot", ".spec.volumeSnapshotRef.name"),
        _column("VolumeSnapshotNamespace", ".spec.volumeSnapshotRef.namespace"),
    ]  # fmt: skip
    return _definition(CONTENTS, ["vsc", "vscs"], {"spec": spec, "status": status}, ["spec"], columns, status=True)


def _snapshots() -> Object:
    not_empty = {"rule": "size(self) > 0", "message": "volumeSnapshotClassName must not be the empty string when set"}
    spec = _record(
        {
            "source": _source("persistentVolumeClaimName", "volumeSnapshotContentName"),
            "volumeSnapshotClassName": {**_TEXT, "x-kubernetes-validations": [not_empty]},
        },
        ["source"],
    )
    status = _record({
        "boundVolumeSnapshotContentName": _TEXT, "creationTime": _TIME, "error": _ERROR, "readyToUse": _FLAG,
        "restoreSize": _SIZE, "volumeGroupSnapshotName": _TEXT,
    })  # fmt: skip
    columns = [
        _column("ReadyToUse", ".status.readyToUse", "boolean"),
        _column("SourcePVC", ".spec.source.persistentVolumeClaimName"),
        _column("SourceSnapshotContent", ".spec.source.volumeSnapshotContentName"),
        _column("RestoreSize", ".status.restoreSize"), _column("SnapshotClass", ".spec.volumeSnapshotClassName"),
        _column("SnapshotContent", ".status.boundVolumeSnapshotContentName"),
        _column("CreationTime", ".status.creationTime", "date"),
    ]  # fmt: skip
    return _definition(SNAPSHOTS, ["vs"], {"spec": spec, "status": status}, ["spec"], columns, status=True)


def _column(name: str, path: str, type: str = "string") -> dict[str, Any]:
    return {"name": name, "type": type, "jsonPath": path}


def _definition(
    resource: Resource, short: list[str], parts: dict[str, Any], required: list[str], columns: list[dict[str, Any]], *,
    status: bool = False,
) -> Object:  # fmt: skip
    schema = _record({"apiVersion": _TEXT, "kind": _TEXT, "metadata": {"type": "object"}, **parts}, required)
    version: dict[str, Any] = {
        "name": resource.version, "served": True, "storage": True, "schema": {"openAPIV3Schema": schema},
        "additionalPrinterColumns": [*columns, _column("Age", ".metadata.creationTimestamp", "date")],
    }  # fmt: skip
    if status:
        version["subresources"] = {"status": {}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{resource.plural}.{resource.group}",
            "annotations": {"api-approved.kubernetes.io": _APPROVED},
        },
        "spec": {
            "group": resource.group, "scope": "Namespaced" if resource.namespaced else "Cluster",
            "names": {
                "plural": resource.plural, "singular": resource.kind.lower(), "kind": resource.kind,
                "listKind": f"{resource.kind}List", "shortNames": short,
            },
            "versions": [version],
        },
    }  # fmt: skip
