"""Validation of a container's environment variables and their sources."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sampan.contracts.kinds import Problem
from sampan_machinery import names, problems
from sampan_machinery.validation import by_rule

SOURCES = ("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef")
ENV_FIELDS = frozenset({
    "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName",
    "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs",
})  # fmt: skip
RESOURCES = re.compile(r"(limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-.+)").fullmatch
#: ``metadata.labels['key']``; group 2 is the key.
SUBSCRIPT = re.compile(r"metadata\.(labels|annotations)\['(.*)'\]").fullmatch
_TAKEN_ONCE = "may not be specified when `value` is not empty"


def variables(path: str, found: list[dict[str, Any]]) -> Iterator[Problem]:
    for index, variable in enumerate(found):
        name = variable.get("name") or ""
        if not name:
            yield problems.required(f"{path}[{index}].name")
        elif names.relaxed_env_name(name):
            yield from by_rule(f"{path}[{index}].name", name, names.relaxed_env_name)
        source = variable.get("valueFrom")
        if source is not None:
            yield from _value_from(f"{path}[{index}].valueFrom", source, bool(variable.get("value")))


def _value_from(path: str, source: dict[str, Any], has_value: bool) -> Iterator[Problem]:
    given = [name for name in SOURCES if source.get(name) is not None]
    for name in given:
        yield from _source(f"{path}.{name}", name, source[name])
    if not given:
        listed = ", ".join(f"`{name}`" for name in SOURCES[:-1])
        yield problems.invalid(path, "", f"must specify one of: {listed} or `{SOURCES[-1]}`")
    elif has_value:
        yield problems.invalid(path, "", _TAKEN_ONCE)
    elif len(given) > 1:
        yield problems.invalid(path, "", "may not have more than one field specified at a time")


def _source(path: str, name: str, source: dict[str, Any]) -> Iterator[Problem]:
    if name == "fieldRef":
        yield from field_ref(path, source, ENV_FIELDS)
    elif name == "resourceFieldRef":
        yield from resource_ref(path, source)
    elif name == "fileKeyRef":
        for field in ("volumeName", "path", "key"):
            if not source.get(field):
                yield problems.required(f"{path}.{field}")
    else:
        if not source.get("name"):
            yield problems.required(f"{path}.name")
        yield from key_of_data(f"{path}.key", source.get("key") or "")


def key_of_data(path: str, key: str) -> Iterator[Problem]:
    """A key of a ConfigMap or Secret."""
    if not key:
        yield problems.required(path)
    else:
        yield from by_rule(path, key, names.config_key)


def field_ref(path: str, source: dict[str, Any], allowed: frozenset[str]) -> Iterator[Problem]:
    """A field of the pod itself: one of ``allowed``, or a label or annotation by its key."""
    field = source.get("fieldPath") or ""
    if not source.get("apiVersion"):
        yield problems.required(f"{path}.apiVersion")
    if not field:
        yield problems.required(f"{path}.fieldPath")
    elif field in allowed:
        return
    elif match := SUBSCRIPT(field):
        key = match[2] if match[1] == "labels" else match[2].lower()
        yield from by_rule(f"{path}.fieldPath", key, names.label_key)
    else:
        detail = f"error converting fieldPath: field label not supported: {field}"
        yield problems.invalid(f"{path}.fieldPath", field, detail)


def resource_ref(path: str, source: dict[str, Any], *, in_volume: bool = False) -> Iterator[Problem]:
    """A container's limit or request; in a volume, the container must be named."""
    if in_volume and not source.get("containerName"):
        yield problems.required(f"{path}.containerName")
    resource = source.get("resource") or ""
    if not resource:
        yield problems.required(f"{path}.resource")
    elif not RESOURCES(resource):
        known = [f"{kind}.{name}" for kind in ("limits", "requests") for name in ("cpu", "ephemeral-storage", "memory")]
        yield problems.unsupported(f"{path}.resource", resource, known)


def sources(path: str, found: list[dict[str, Any]]) -> Iterator[Problem]:
    """Whole ConfigMaps and Secrets as variables."""
    for index, source in enumerate(found):
        where = f"{path}[{index}]"
        if source.get("prefix"):
            yield from by_rule(f"{where}.prefix", source["prefix"], names.relaxed_env_name)
        given = [name for name in ("configMapRef", "secretRef") if source.get(name) is not None]
        for kind in given:
            if not source[kind].get("name"):
                yield problems.required(f"{where}.{kind}.name")
            else:
                yield from by_rule(f"{where}.{kind}.name", source[kind]["name"], names.dns_subdomain)
        if not given:
            yield problems.invalid(path, "", "must specify one of: `configMapRef` or `secretRef`")  # sic: of the list
        elif len(given) > 1:
            yield problems.invalid(path, "", "may not have more than one field specified at a time")
