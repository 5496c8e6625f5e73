"""Levels, versions, and the policy that the labels of a namespace say. Pure. Source: Kubernetes docs, "Pod Security
Admission"; pod-security-admission api (wording)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from sampan.contracts.kinds import Problem
from sampan_machinery import problems

PRIVILEGED, BASELINE, RESTRICTED = LEVELS = ("privileged", "baseline", "restricted")  # from lax to strict
PREFIX = "pod-security.kubernetes.io/"
MODES = ("enforce", "audit", "warn")

LATEST = 10**6  # newer than every version
_VERSION = re.compile(r"v1\.(0|[1-9][0-9]{0,5})", re.ASCII)


class Standard(NamedTuple):
    """A level as one minor version defines it."""

    level: str = PRIVILEGED
    minor: int = LATEST

    def __str__(self) -> str:
        return f"{self.level}:{'latest' if self.minor == LATEST else f'v1.{self.minor}'}"

    def is_like(self, other: Standard) -> bool:
        """Whether both allow the same."""
        return self == other or self.level == other.level == PRIVILEGED


class Policy(NamedTuple):
    """What is refused, what is told to the audit log, and what the client is warned of."""

    enforce: Standard = Standard()
    audit: Standard = Standard()
    warn: Standard = Standard()

    @property
    def allows_all(self) -> bool:
        return all(standard.level == PRIVILEGED for standard in self)


def minor_of(version: str) -> int | None:
    """Of ``latest`` or ``v1.x``; None for anything else."""
    match = _VERSION.fullmatch(version)
    return LATEST if version == "latest" else int(match[1]) if match else None


def policy_of(labels: Mapping[str, str] | None, defaults: Policy) -> tuple[Policy, list[Problem]]:
    """The policy of a namespace, and what is wrong with its labels. What cannot be read is restricted where it is
    enforced, and is not told otherwise."""
    if not labels:
        return defaults, []
    found: dict[str, Standard] = {}
    wrong: list[Problem] = []
    for mode, default in zip(MODES, defaults, strict=True):
        found[mode] = _standard(mode, labels, default, wrong)
    level = labels.get(f"{PREFIX}enforce")
    if level in LEVELS and f"{PREFIX}warn" not in labels and _is_stricter(level, found["warn"].level):
        version = found["warn"] if f"{PREFIX}warn-version" in labels else found["enforce"]
        found["warn"] = Standard(level, version.minor)
    return Policy(**found), wrong


def _standard(mode: str, labels: Mapping[str, str], default: Standard, wrong: list[Problem]) -> Standard:
    level, minor = default
    if (text := labels.get(f"{PREFIX}{mode}")) is not None:
        level = text
        if text not in LEVELS:
            level = RESTRICTED if mode == "enforce" else PRIVILEGED
            wrong.append(_problem(mode, text, f"must be one of {', '.join(LEVELS)}"))
    if (text := labels.get(f"{PREFIX}{mode}-version")) is not None:
        read = minor_of(text)
        minor = LATEST if read is None else read
        if read is None:
            wrong.append(_problem(f"{mode}-version", text, 'must be "latest" or "v1.x"'))
    return Standard(level, minor)


def _problem(label: str, value: str, why: str) -> Problem:
    return problems.invalid(f"metadata.labels[{PREFIX}{label}]", value, why)


def is_relaxed(new: Standard, old: Standard) -> bool:
    """Whether all that ``old`` allows is allowed."""
    if new.level == PRIVILEGED or new == old:
        return True
    return new.minor == old.minor and not _is_stricter(new.level, old.level)


def _is_stricter(level: str, other: str) -> bool:
    return LEVELS.index(level) > LEVELS.index(other)


def ignored(name: str, policy: Policy, defaults: Policy, labels: Mapping[str, str]) -> str:
    """The warning that the labels of an exempt namespace say nothing; "" where they say nothing else anyway."""
    if policy.allows_all or all(map(Standard.is_like, policy, defaults)):
        return ""
    said = [
        f"{mode}={standard}"
        for mode, standard in zip(MODES, policy, strict=True)
        if standard.level != PRIVILEGED and {f"{PREFIX}{mode}", f"{PREFIX}{mode}-version"} & labels.keys()
    ]
    return f'namespace "{name}" is exempt from Pod Security, and the policy ({", ".join(said)}) will be ignored'
