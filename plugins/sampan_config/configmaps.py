"""The kind ConfigMap."""

from __future__ import annotations

from collections.abc import Iterator

from sampan.contracts.kinds import Column, Kind, Object, Problem
from sampan_config import data
from sampan_machinery import problems
from sampan_machinery.columns import AGE, NAME


def validate(new: Object, old: Object | None) -> Iterator[Problem]:
    texts, binaries = new.get("data") or {}, new.get("binaryData") or {}
    yield from data.check_keys("data", texts)
    if binaries:
        for key in sorted(texts.keys() & binaries.keys()):
            yield problems.invalid(f"data[{key}]", key, "duplicate of key present in binaryData")
    yield from data.check_keys("binaryData", binaries)
    sizes = [*map(data.text_size, texts.values()), *map(data.decoded_size, binaries.values())]
    yield from data.check_size("", sizes)
    yield from data.check_immutable(new, old, ("data", "binaryData"))


CONFIG_MAP = Kind(
    group="", version="v1", kind="ConfigMap", plural="configmaps", short_names=("cm",),
    columns=(
        NAME,
        Column("Data", lambda obj: len(obj.get("data") or {}) + len(obj.get("binaryData") or {})),
        AGE,
    ),
    validate=validate,
)  # fmt: skip
