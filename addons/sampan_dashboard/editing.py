"""Editing an object as YAML: the server says in a dry run what would change, before anything is written."""

from __future__ import annotations

from typing import Any

import falcon
import msgspec

from sampan.contracts.kinds import Object
from sampan.errors import BadRequest, Conflict, StatusError
from sampan_client.paths import path_of
from sampan_dashboard import diffs, merging
from sampan_dashboard.navigation import object_link
from sampan_dashboard.objects import around, read_for
from sampan_dashboard.permissions import missing_rule, scope_of
from sampan_dashboard.reading import Target
from sampan_dashboard.web import Pages, form_field
from sampan_machinery import yamlin

MANAGER = "sampan-dashboard"
TRIES = 10  # writes of others that may come between our read and our write
SERVERS = ("resourceVersion", "generation", "uid", "creationTimestamp", "selfLink", "managedFields")


class EditPage:
    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def on_get(self, req: falcon.Request, resp: falcon.Response, kind: str, namespace: str, name: str) -> None:
        target = read_for(req, kind, namespace, name)
        obj = target.get()
        self._show(req, resp, target, obj, diffs.text_of(editable(obj)), merging.pack(editable(obj)))

    def on_post(self, req: falcon.Request, resp: falcon.Response, kind: str, namespace: str, name: str) -> None:
        target = read_for(req, kind, namespace, name)
        scope = scope_of(target.resource, target.namespace)
        req.context.rule = missing_rule("update", target.resource, scope)
        obj, text, opened = target.get(), form_field(req, "text"), form_field(req, "before")
        try:
            before, after = merging.unpack(opened), editable(submitted(text, obj))
            if form_field(req, "step") == "apply":
                put(target, before, after, dry_run=False)
                raise falcon.HTTPSeeOther(object_link(target.resource, target.namespace, target.name) + "?done=edit")
            obj, would = put(target, before, after, dry_run=True)
        except StatusError as error:
            if error.code == 403:
                raise
            resp.status = falcon.code_to_http_status(error.code)
            self._show(req, resp, target, obj, text, opened, error=error)
            return
        self._show(req, resp, target, obj, text, opened, lines=diffs.of_objects(obj, would))

    def _show(
        self, req: falcon.Request, resp: falcon.Response, target: Target, obj: Object, text: str, opened: str, *,
        lines: list[diffs.Line] | None = None, error: StatusError | None = None,
    ) -> None:  # fmt: skip
        self._pages.show(
            req, resp, "edit.html", text=text, opened=opened, lines=lines, error=error.message if error else "",
            causes=[(cause.field, cause.message) for cause in error.causes] if error else [],
            **around(target, obj, "edit"),
        )  # fmt: skip


def editable(obj: Object) -> Object:
    """Without what the server writes."""
    found = {key: value for key, value in obj.items() if key != "status"}
    found["metadata"] = {key: value for key, value in obj["metadata"].items() if key not in SERVERS}
    return found


def submitted(text: str, obj: Object) -> Object:
    """Raises BadRequest for what is no YAML, or another object."""
    found = decoded(text)
    metadata = found.get("metadata")
    now = obj["metadata"]
    if not isinstance(metadata, dict) or (metadata.get("name"), metadata.get("namespace")) != (
        now["name"], now.get("namespace")
    ):  # fmt: skip
        raise BadRequest("metadata.name and metadata.namespace must stay: another name is another object")
    if found.get("kind") != obj["kind"]:
        raise BadRequest(f"kind must stay {obj['kind']}")
    return found


def decoded(text: str) -> Object:
    """Raises BadRequest with the line that is wrong."""
    found: Any = yamlin.decode(text.replace("\r\n", "\n").encode())
    if not isinstance(found, dict) or not found:
        raise BadRequest("the text must be one object in YAML")
    return found


def put(target: Target, before: Object, after: Object, *, dry_run: bool) -> tuple[Object, Object]:
    """The object as it was just before, and as the server has written it, or would. What others write meanwhile stays;
    raises Conflict where it is in the fields that the user has changed."""
    query = {"dryRun": "All" if dry_run else "", "fieldManager": MANAGER, "fieldValidation": "Strict"}
    path = path_of(target.resource, target.namespace, target.name)
    tries = TRIES
    while True:
        now = target.get()
        wanted = merging.merged(now, before, after)
        try:
            found: Object = msgspec.json.decode(target.client.request("PUT", path, query=query, body=wanted).body)
        except Conflict:
            tries -= 1
            if not tries:
                raise
        else:
            return now, found
