"""The five conditions that report the progress of a namespace's deletion. Pure. Source: API reference
NamespaceCondition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from sampan.contracts.kinds import Object


@dataclass(frozen=True)
class DeletionProgress:
    """What one round of deletion found."""

    undiscovered: str = ""  # why discovery failed, in words
    failures: Sequence[str] = ()  # deletions that were refused or broke
    remaining: Mapping[str, int] = field(default_factory=dict)  # resource.group -> objects left
    finalizers: Mapping[str, int] = field(default_factory=dict)  # finalizer -> objects that wait for it

    @property
    def done(self) -> bool:
        return not (self.undiscovered or self.failures or self.remaining)


class _Words(NamedTuple):
    type: str
    good_reason: str
    good: str
    bad_reason: str


_DISCOVERY = _Words(
    "NamespaceDeletionDiscoveryFailure", "ResourcesDiscovered", "All resources successfully discovered",
    "DiscoveryFailed",
)  # fmt: skip
_PARSING = _Words(
    "NamespaceDeletionGroupVersionParsingFailure", "ParsedGroupVersions", "All legacy kube types successfully parsed",
    "GroupVersionParsingFailed",
)  # fmt: skip
_CONTENT = _Words(
    "NamespaceDeletionContentFailure", "ContentDeleted",
    "All content successfully deleted, may be waiting on finalization", "ContentDeletionFailed",
)  # fmt: skip
_REMAINING = _Words(
    "NamespaceContentRemaining", "ContentRemoved", "All content successfully removed", "SomeResourcesRemain"
)
_FINALIZERS = _Words(
    "NamespaceFinalizersRemaining", "ContentHasNoFinalizers", "All content-preserving finalizers finished",
    "SomeFinalizersRemain",
)  # fmt: skip


def conditions(progress: DeletionProgress, old: Sequence[Object], now: float) -> list[Object]:
    """The conditions after a round; those of other types are kept, and an unchanged one keeps its time."""
    ours = [
        (_DISCOVERY, progress.undiscovered),
        (_PARSING, ""),
        (_CONTENT, _failed(progress.failures)),
        (_REMAINING, _left(progress.remaining)),
        (_FINALIZERS, _waiting(progress.finalizers)),
    ]
    before = {condition.get("type"): condition for condition in old}
    names = {words.type for words, _trouble in ours}
    others = [condition for condition in old if condition.get("type") not in names]
    return [*others, *(_condition(words, trouble, before.get(words.type), now) for words, trouble in ours)]


def _condition(words: _Words, trouble: str, old: Object | None, now: float) -> Object:
    said = {
        "type": words.type,
        "status": "True" if trouble else "False",
        "reason": words.bad_reason if trouble else words.good_reason,
        "message": trouble or words.good,
    }
    if old is not None and old.get("status") == said["status"] and old.get("lastTransitionTime"):
        time = old["lastTransitionTime"]
    else:
        time = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {**said, "lastTransitionTime": time}


def _failed(failures: Sequence[str]) -> str:
    if not failures:
        return ""
    return f"Failed to delete all resource types, {len(failures)} remaining: {', '.join(sorted(failures))}"


def _left(remaining: Mapping[str, int]) -> str:
    if not remaining:
        return ""
    parts = (f"{name} has {count} resource instances" for name, count in sorted(remaining.items()))
    return f"Some resources are remaining: {', '.join(parts)}"


def _waiting(finalizers: Mapping[str, int]) -> str:
    if not finalizers:
        return ""
    parts = (f"{name} in {count} resource instances" for name, count in sorted(finalizers.items()))
    return f"Some content in the namespace has finalizers remaining: {', '.join(parts)}"
