"""Users' edits of shipped objects, as a unified diff. Pure."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping
from typing import Any

from sampan.contracts.kinds import Object
from sampan_shipping import marks
from sampan_shipping.inventory import Ref
from sampan_shipping.merging import equal
from sampan_shipping.own import without_own


def difference(ref: Ref, manifest: Object, live: Object | None) -> str:
    """Unified diff from the shipped to the live object; "" if they are equal. A Secret's values appear as digests."""
    if live is None:
        return _unified(ref, marks.plain(manifest), None)
    record = marks.read(live)
    current = record.shipped is not None and equal(record.shipped, manifest)
    base = marks.plain((current and record.base) or manifest)
    found = without_own(marks.plain(live), live, base, record.addon)
    # the server's defaults are not known, or the shipped version was refused: compare only the shipped fields
    if not current or record.adopted:
        found = _like(found, base)
    return _unified(ref, base, found)


def _unified(ref: Ref, base: Object, live: Object | None) -> str:
    before, after = _lines(base), [] if live is None else _lines(live)
    end = "/dev/null (deleted)" if live is None else f"live     {ref}"
    return "".join(difflib.unified_diff(before, after, f"shipped  {ref}", end))


def _lines(obj: Object) -> list[str]:
    import yaml

    shown = {**obj, "data": {key: _digest(value) for key, value in obj["data"].items()}} if _is_secret(obj) else obj
    return yaml.safe_dump(shown, sort_keys=True, allow_unicode=True, width=120).splitlines(keepends=True)


def _is_secret(obj: Mapping[str, Any]) -> bool:
    return obj.get("kind") == "Secret" and isinstance(obj.get("data"), dict)


def _digest(value: object) -> str:
    return f"(sha256 {hashlib.sha256(str(value).encode()).hexdigest()[:12]})"


def _like(value: Any, pattern: Any) -> Any:
    """The part of ``value`` with the fields of ``pattern``."""
    if isinstance(value, dict) and isinstance(pattern, dict):
        return {key: _like(each, pattern[key]) for key, each in value.items() if key in pattern}
    if isinstance(value, list) and isinstance(pattern, list) and len(value) == len(pattern):
        return [_like(each, wanted) for each, wanted in zip(value, pattern, strict=True)]
    return value
