"""Validation of a PersistentVolumeClaimSpec: of a claim, of a template in a pod or a workload, and what claims share
with volumes. Source: core validation (meaning, order, words)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sampan.contracts.kinds import Problem
from sampan_machinery import names, problems, quantities
from sampan_machinery.validation import by_rule, validate_label_selector

ACCESS_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
VOLUME_MODES = ("Block", "Filesystem")
_ALONE = "ReadWriteOncePod"
_DEFAULT_GROUP = "must be 'PersistentVolumeClaim' when referencing the default apiGroup"

Spec = Mapping[str, Any]


def claim_spec(path: str, spec: Spec, old: Spec | None = None) -> Iterator[Problem]:
    """``old``: what was accepted before; values in its selector and the group of its data source may stay wrong."""
    if not spec.get("accessModes"):
        yield problems.required(f"{path}.accessModes", "at least 1 access mode is required")
    any_value = old is not None and bool(validate_label_selector("", old.get("selector")))
    yield from validate_label_selector(f"{path}.selector", spec.get("selector"), any_value=any_value)
    yield from access_modes(f"{path}.accessModes", spec.get("accessModes") or ())
    yield from _size(f"{path}.resources[storage]", spec)
    yield from class_name(f"{path}.storageClassName", spec.get("storageClassName"))
    yield from volume_mode(f"{path}.volumeMode", spec.get("volumeMode"))
    yield from _sources(path, spec, any_group=_names_a_group(old))
    yield from class_name(f"{path}.volumeAttributesClassName", spec.get("volumeAttributesClassName"))


def access_modes(path: str, modes: Sequence[str]) -> Iterator[Problem]:
    for mode in modes:
        if mode not in ACCESS_MODES:
            yield problems.unsupported(path, mode, ACCESS_MODES)
    if _ALONE in modes and any(mode in ACCESS_MODES and mode != _ALONE for mode in modes):
        yield problems.forbidden(path, "may not use ReadWriteOncePod with other access modes")


def volume_mode(path: str, mode: str | None) -> Iterator[Problem]:
    if mode is not None and mode not in VOLUME_MODES:
        yield problems.unsupported(path, mode, VOLUME_MODES)


def class_name(path: str, name: str | None) -> Iterator[Problem]:
    """The name of a StorageClass or a VolumeAttributesClass; empty means none."""
    if name:
        yield from by_rule(path, name, names.dns_subdomain)


def positive(path: str, amount: Any) -> Iterator[Problem]:
    """A quantity of more than nothing."""
    if quantities.nanos(amount) <= 0:
        yield problems.invalid(path, quantities.canonical(amount), "must be greater than zero")


def _size(path: str, spec: Spec) -> Iterator[Problem]:
    amount = ((spec.get("resources") or {}).get("requests") or {}).get("storage")
    if amount is None:
        yield problems.required(path)
    else:
        yield from positive(path, amount)


def _names_a_group(old: Spec | None) -> bool:
    sources = [(old or {}).get(name) or {} for name in ("dataSource", "dataSourceRef")]
    return any(source.get("apiGroup") is not None for source in sources)


def _sources(path: str, spec: Spec, *, any_group: bool) -> Iterator[Problem]:
    source, reference = spec.get("dataSource"), spec.get("dataSourceRef")
    if source is not None:
        yield from _source(f"{path}.dataSource", source, any_group=any_group)
    if reference is not None:
        yield from _source(f"{path}.dataSourceRef", reference, any_group=any_group)
        if namespace := reference.get("namespace"):
            yield from by_rule(f"{path}.dataSourceRef.namespace", namespace, names.dns_label)
    if source is None or reference is None:
        return
    if reference.get("namespace"):
        why = "may not be specified when dataSourceRef.namespace is specified"
        yield problems.invalid(path, {}, why)
    elif any(source.get(name) != reference.get(name) for name in ("apiGroup", "kind", "name")):
        yield problems.invalid(path, {}, "must match dataSourceRef")


def _source(path: str, source: Spec, *, any_group: bool) -> Iterator[Problem]:
    kind, group = source.get("kind") or "", source.get("apiGroup") or ""
    for name in ("name", "kind"):
        if not source.get(name):
            yield problems.required(f"{path}.{name}")
    if not group and kind != "PersistentVolumeClaim":
        yield problems.invalid(path, kind, _DEFAULT_GROUP)
    if group and not any_group:
        yield from by_rule(f"{path}.apiGroup", group, names.dns_subdomain)
