"""Editing an object by a form made of its OpenAPI schema, with the same dry run as the editor of YAML.

The object as it was opened and as it is filled in so far travel with the form: adding a field or an entry is a request,
and the dashboard keeps nothing of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import falcon

from sampan.contracts.kinds import Object
from sampan.errors import BadRequest, StatusError
from sampan_dashboard import diffs, merging, objectforms, schemas
from sampan_dashboard.editing import editable, put
from sampan_dashboard.navigation import object_link
from sampan_dashboard.objectforms import Form
from sampan_dashboard.objects import around, read_for
from sampan_dashboard.permissions import missing_rule, scope_of
from sampan_dashboard.reading import Target
from sampan_dashboard.web import Pages, form_field

CHECK, APPLY, ADD, REMOVE = "check", "apply", "add", "remove"


class FormPage:
    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def on_get(self, req: falcon.Request, resp: falcon.Response, kind: str, namespace: str, name: str) -> None:
        target = read_for(req, kind, namespace, name)
        obj = target.get()
        before = editable(obj)
        self._show(req, resp, target, obj, form_of(target), before, merging.pack(before))

    def on_post(self, req: falcon.Request, resp: falcon.Response, kind: str, namespace: str, name: str) -> None:
        target = read_for(req, kind, namespace, name)
        req.context.rule = missing_rule("update", target.resource, scope_of(target.resource, target.namespace))
        form, obj, opened = form_of(target), target.get(), form_field(req, "before")
        step, _, pointer = form_field(req, "step").partition(":")
        now, focus, lines = merging.unpack(form_field(req, "now")), "", None
        try:
            before, given = merging.unpack(opened), req.context.form
            was, now = now, form.filled(now, given, strict=False)  # an error is shown with all that could be read
            now = form.filled(was, given)
            if step == ADD and f"v:{pointer}" in given:
                focus = pointer  # a key of a map, which is filled in already
            elif step in (ADD, REMOVE):
                now, focus = changed(form, now, step, pointer, given)
            elif step in (CHECK, APPLY):
                after = objectforms.without_blanks(now)
                obj, would = put(target, before, after, dry_run=step != APPLY)
                lines = diffs.of_objects(obj, would)
        except StatusError as error:
            if error.code == 403:
                raise
            resp.status = falcon.code_to_http_status(error.code)
            self._show(req, resp, target, obj, form, now, opened, error=error)
            return
        if step == APPLY:
            raise falcon.HTTPSeeOther(object_link(target.resource, target.namespace, target.name) + "?done=edit")
        self._show(req, resp, target, obj, form, now, opened, lines=lines, focus=focus)

    def _show(
        self, req: falcon.Request, resp: falcon.Response, target: Target, obj: Object, form: Form, now: Object,
        opened: str, *, lines: list[diffs.Line] | None = None, focus: str = "", error: StatusError | None = None,
    ) -> None:  # fmt: skip
        self._pages.show(
            req, resp, "form.html", tree=form.tree(now), now=merging.pack(now), opened=opened, lines=lines, focus=focus,
            error=error.message if error else "", dotted=objectforms.dotted,
            causes=[(cause.field, cause.message) for cause in error.causes] if error else [],
            **around(target, obj, "edit"),
        )  # fmt: skip


def form_of(target: Target) -> Form:
    return Form(*schemas.of_kind(target.client, target.resource))


def changed(
    form: Form, now: Object, step: str, pointer: str, given: Mapping[str, str]
) -> tuple[dict[str, Any], str]:  # fmt: skip
    """(object, pointer of what the page shows first). Raises BadRequest."""
    if step == REMOVE:
        found = objectforms.copied(now)
        objectforms.remove(found, pointer)
        return found, pointer.rpartition("/")[0]
    if len(pointer) > 4000:
        raise BadRequest("no field has so long an address")
    return form.added(now, pointer, given.get(f"k:{pointer}", ""))
