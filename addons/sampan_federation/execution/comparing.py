"""Whether an object on a member is as it was applied. Pure functions.

A member's API server adds defaults, so what is there is never equal to what was sent. Three marks tell what differs:
the digest of the manifest that was applied last (an annotation, so it survives restarts), the fingerprint of what the
member answered to that (in memory), and, where that is not known, whether the object holds all that the manifest says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from sampan.contracts.kinds import Object
from sampan_machinery import quantities

APPLIED = "federation.sampan.dev/applied"  # annotation on a member's object: the digest of its manifest

_encode = msgspec.json.Encoder(order="sorted").encode
MOST_PATHS = 5  # that are named of what differs


def digest(manifest: Object) -> str:
    """Of the whole manifest."""
    return hashlib.blake2b(_encode(manifest), digest_size=12).hexdigest()


def fingerprint(observed: Object) -> str:
    """Of all but metadata and status: what others could have changed."""
    kept = {name: value for name, value in observed.items() if name not in ("metadata", "status", "kind", "apiVersion")}
    try:
        return hashlib.blake2b(_encode(kept), digest_size=12).hexdigest()
    except (msgspec.MsgspecError, TypeError, ValueError, RecursionError):
        return ""


def differences(wanted: Object, observed: Object) -> list[str]:
    """Paths at which the object does not hold what is wanted, at most 5. Of metadata, labels and annotations count."""
    found: list[str] = []
    for path in _all_differences(wanted, observed):
        found.append(path)
        if len(found) == MOST_PATHS:
            break
    return found


def _all_differences(wanted: Object, observed: Object) -> Iterator[str]:
    for name, value in wanted.items():
        if name == "metadata":
            seen = observed.get("metadata") or {}
            for part in ("labels", "annotations"):
                yield from _below(f"metadata.{part}", value.get(part) or {}, seen.get(part) or {})
        elif name not in ("status", "apiVersion", "kind"):
            yield from _below(name, value, observed.get(name))


def _below(path: str, wanted: Any, seen: Any) -> Iterator[str]:
    if isinstance(wanted, Mapping):
        if not isinstance(seen, Mapping):
            if wanted or seen:
                yield path
            return
        for name, value in wanted.items():
            yield from _below(f"{path}.{name}", value, seen.get(name))
    elif isinstance(wanted, list):
        if not isinstance(seen, list) or len(seen) != len(wanted):
            if wanted or seen:
                yield path
            return
        for index, value in enumerate(wanted):
            yield from _below(f"{path}[{index}]", value, seen[index])
    elif not _same(wanted, seen):
        yield path


def _same(wanted: Any, seen: Any) -> bool:
    if wanted == seen and isinstance(wanted, bool) == isinstance(seen, bool):
        return True
    if wanted in (None, "", 0, False) and seen is None:
        return True  # the API server leaves out what is empty
    amounts = quantities.is_quantity(wanted) and quantities.is_quantity(seen)
    return amounts and quantities.compare(wanted, seen) == 0
