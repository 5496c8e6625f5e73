"""The kind RuntimeClass. Source: API reference node.k8s.io/v1; KEP-688 (pod overhead), KEP-585."""

from __future__ import annotations

from collections.abc import Iterator

from sampan.contracts.kinds import Kind, Object, Problem
from sampan_machinery import problems
from sampan_machinery.columns import AGE, NAME, field
from sampan_machinery.resources import RUNTIME_CLASSES
from sampan_machinery.validation import validate_labels
from sampan_podspec.validation.resources import container_resources
from sampan_podspec.validation.scheduling import tolerations


def validate(new: Object, old: Object | None) -> Iterator[Problem]:
    if overhead := new.get("overhead"):
        yield from container_resources("overhead", {"limits": overhead.get("podFixed") or {}})
    if scheduling := new.get("scheduling"):
        yield from validate_labels(scheduling.get("nodeSelector") or {}, "scheduling.nodeSelector")
        yield from _tolerations("scheduling.tolerations", scheduling.get("tolerations") or [])


def _tolerations(path: str, found: list[Object]) -> Iterator[Problem]:
    """Each is there once, however long it tolerates."""
    yield from tolerations(path, found)
    seen = set()
    for index, each in enumerate(found):
        key = tuple(each.get(name) or "" for name in ("key", "operator", "value", "effect"))
        if key in seen:
            yield problems.duplicate(f"{path}[{index}]", each)
        seen.add(key)


RUNTIME_CLASS = Kind(
    **RUNTIME_CLASSES._asdict(),
    columns=(NAME, field("Handler", "handler"), AGE),
    rules={"required": ["handler"], "properties": {"handler": {"x-sampan-name": "label", "x-sampan-immutable": True}}},
    create_on_update=True,
    unconditional_update=False,
    any_finalizer=True,
    validate=validate,
)
