"""Revisions as records: when each was written, which fields it changed, and who did it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sampan.contracts.resources import Object
from sampan_explain.past import who
from sampan_explain.past.changes import changes
from sampan_explain.past.reading import Revision
from sampan_machinery.metadata import now_text


def time_text(at: float) -> str:
    return now_text(at) if at else "-"


def told(found: Sequence[Revision], audited: Sequence[Object] = (), *, cut: bool = False) -> list[dict[str, Any]]:
    """One record for each revision; ``cut``: there may be older ones, so the oldest was not created by its write."""
    made: list[dict[str, Any]] = []
    if not found:
        return made
    for revision, before in zip(found, [*found[1:], None], strict=True):
        was = before.object if before else None
        writers = who.managers(was, revision.object)
        at = who.written_at(revision.object, revision.at, writers)
        by = who.auditor(audited, at, deleted=revision.object is None, revision=revision.number)
        fields = changes(was, revision.object)
        made.append({
            "revision": revision.number, "time": time_text(at), "change": _change(revision, before, cut),
            "fields": [{"path": each.path, "before": each.before, "after": each.after} for each in fields],
            "text": [each.text() for each in fields],
            "managers": [{"name": each.name, "operation": each.how} for each in writers],
            "user": by.user if by else "",
        })  # fmt: skip
    return made


def _change(revision: Revision, before: Revision | None, cut: bool) -> str:
    if revision.object is None:
        return "deleted"
    if before is not None:
        return "changed" if before.object is not None else "created"
    written = (
        str(revision.object["metadata"].get("generation", 1)) == "1"
        and len(revision.object["metadata"].get("managedFields") or ()) <= 1
    )
    return "created" if written and not cut else "oldest kept"
