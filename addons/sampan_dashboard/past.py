"""The earlier revisions of an object, as `sampan history` tells them: what each changed, when and by whom, a diff of
two, and a deleted object created again. Read as the user: lists at a revision, under their usual authorization.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import falcon

from sampan.contracts.kinds import Object
from sampan.errors import BadRequest, NotFound, StatusError
from sampan_dashboard import diffs
from sampan_dashboard.navigation import object_link
from sampan_dashboard.objects import around, read_for
from sampan_dashboard.permissions import scope_of
from sampan_dashboard.reading import Target
from sampan_dashboard.web import Pages

if TYPE_CHECKING:
    from sampan_explain.past.reading import Revision

MOST, STEP = 100, 20  # revisions of one page, each a request
MOST_FIELDS = 20


class Row(NamedTuple):
    """One revision, the newest first."""

    number: int
    time: str
    change: str  # created, changed, deleted, oldest kept
    fields: list[str]
    by: str
    has_object: bool


class HistoryPage:
    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def on_get(self, req: falcon.Request, resp: falcon.Response, kind: str, namespace: str, name: str) -> None:
        target = read_for(req, kind, namespace, name)
        obj = present(target)
        most = min(MOST, _number(req.get_param("most"), STEP))
        found, problem = revisions_of(target, most)
        if obj is None and not found:
            raise NotFound(problem or f"the history knows no {target.resource.kind} {name}")
        old, new = chosen(found, req.get_param("old") or "", req.get_param("new") or "")
        lines = difference(old, new) if old and new else []
        self._pages.show(
            req, resp, "history.html", rows=rows(found, most), old=old, new=new, lines=lines, problem=problem,
            more=most + STEP if len(found) == most and most < MOST else 0, deleted=obj is None,
            may_create=target.account.rules(target.namespace).may("create", target.resource, name),
            **(around(target, obj, "history") if obj else without(target)),
        )  # fmt: skip


def without(target: Target) -> dict[str, Any]:
    """What the page of a deleted object shows around."""
    return {"target": target, "resource": target.resource}


def present(target: Target) -> Object | None:
    try:
        return target.get()
    except NotFound:
        return None


def revisions_of(target: Target, most: int) -> tuple[list[Revision], str]:
    """The newest first, and why there are none. Raises Forbidden."""
    from sampan_explain.past.reading import revisions

    scope = scope_of(target.resource, target.namespace)
    try:
        return list(islice(revisions(target.client, target.resource, target.name, scope, most), most)), ""
    except StatusError as error:
        if error.code == 403:
            raise
        return [], error.message


def rows(found: Sequence[Revision], most: int) -> list[Row]:
    from sampan_explain.past.telling import told

    made = told(found, cut=len(found) == most)
    return [
        Row(row["revision"], row["time"], row["change"], _texts(revision, row), _by(row), revision.object is not None)
        for revision, row in zip(found, made, strict=True)
    ]


def _texts(revision: Revision, row: dict[str, Any]) -> list[str]:
    """Without values where they are a Secret's."""
    hidden = (revision.object or {}).get("kind") == "Secret"
    texts = [each["path"] for each in row["fields"]] if hidden else list(row["text"])
    return texts[:MOST_FIELDS] + ([f"+{len(texts) - MOST_FIELDS}"] if len(texts) > MOST_FIELDS else [])


def _by(row: dict[str, Any]) -> str:
    return ", ".join(f"{each['name']} ({each['operation']})" for each in row["managers"])


def chosen(found: Sequence[Revision], old: str, new: str) -> tuple[Revision | None, Revision | None]:
    """The two to be compared: without words the newest and the one before it."""
    kept = [each for each in found if each.object is not None]
    by_number = {str(each.number): each for each in kept}
    newer = by_number.get(new) or (kept[0] if kept else None)
    before = next((each for each in kept if newer is not None and each.number < newer.number), None)
    return by_number.get(old) or before, newer


def difference(old: Revision, new: Revision) -> list[diffs.Line]:
    if old.object is None or new.object is None:
        return []
    return diffs.of_objects(*diffs.hidden_secrets(old.object, new.object))


def undelete(target: Target) -> str:
    """As `sampan undelete`: the last state, as a new object. Raises BadRequest for one that is there."""
    from sampan_explain.past.restoring import restored, without_lost_owners

    if present(target) is not None:
        raise BadRequest(f"{target.resource.kind} {target.name} is there")
    found, problem = revisions_of(target, 3)
    last = next((each.object for each in found if each.object), None)
    if last is None:
        raise NotFound(problem or f"the history knows no {target.resource.kind} {target.name}")
    made = restored(last)
    without_lost_owners(target.client, made, target.namespace)
    target.client.create(target.resource, made, target.namespace)
    return object_link(target.resource, target.namespace, target.name) + "?done=undelete"


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isdecimal() and 0 < len(text) < 5 else otherwise
