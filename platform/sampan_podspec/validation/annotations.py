"""Annotations that mean something for a pod. Source: pkg/apis/core/validation, ValidatePodSpecificAnnotations."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from sampan.contracts.kinds import Problem
from sampan_machinery import problems
from sampan_machinery.validation import validate_local_path

MIRROR = "kubernetes.io/config.mirror"
DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod"
SECCOMP_CONTAINER = "container.seccomp.security.alpha.kubernetes.io/"
APPARMOR = "container.apparmor.security.beta.kubernetes.io/"
_COST = re.compile(r"0|-?[1-9][0-9]*|-0+[0-9]*").fullmatch
_LISTS = ("containers", "initContainers", "ephemeralContainers")
_LOCAL = "localhost/"


def pod_annotations(annotations: Mapping[str, str], spec: Mapping[str, Any], path: str) -> Iterator[Problem]:
    """Of a pod or its template."""
    if MIRROR in annotations and not spec.get("nodeName"):
        why = "must set spec.nodeName if mirror pod annotation is set"
        yield problems.invalid(f"{path}[{MIRROR}]", annotations[MIRROR], why)
    cost = annotations.get(DELETION_COST)
    if cost is not None and not (_COST(cost) and -(1 << 31) <= int(cost) < 1 << 31):
        yield problems.invalid(f"{path}[{DELETION_COST}]", cost, "must be a 32bit integer")
    for key, value in annotations.items():
        if key == SECCOMP_POD or key.startswith(SECCOMP_CONTAINER):
            yield from _seccomp(f"{path}.{key}", value)
    for key, value in annotations.items():
        if key.startswith(APPARMOR):
            yield from _apparmor(f"{path}[{key}]", key.removeprefix(APPARMOR), value, spec)


def _seccomp(path: str, profile: str) -> Iterator[Problem]:
    if profile in ("runtime/default", "docker/default", "unconfined"):
        return
    if profile.startswith(_LOCAL):
        yield from validate_local_path(path, profile.removeprefix(_LOCAL))
    else:
        yield problems.invalid(path, profile, "must be a valid seccomp profile")


def _apparmor(path: str, container: str, profile: str, spec: Mapping[str, Any]) -> Iterator[Problem]:
    if not any(each.get("name") == container for name in _LISTS for each in spec.get(name) or ()):
        yield problems.invalid(path, container, "container not found")
    if profile not in ("", "runtime/default", "unconfined") and not profile.startswith(_LOCAL):
        yield problems.invalid(path, profile, f'invalid AppArmor profile name: "{profile}"')
