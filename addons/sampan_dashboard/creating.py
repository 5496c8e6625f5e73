"""Creating objects from YAML documents, each applied by the server; first in a dry run."""

from __future__ import annotations

import re
from typing import NamedTuple

import falcon
import msgspec

from sampan.contracts.kinds import Object
from sampan.errors import BadRequest, NotFound, StatusError
from sampan_client.paths import path_of
from sampan_dashboard import diffs
from sampan_dashboard.accounts import Account
from sampan_dashboard.editing import MANAGER, decoded
from sampan_dashboard.navigation import object_link
from sampan_dashboard.reading import namespaces
from sampan_dashboard.web import Pages, account_of, form_field

DOCUMENTS = re.compile(r"^---\s*$", re.MULTILINE)
MOST = 100


class Applied(NamedTuple):
    """What came of one document."""

    what: str
    address: str
    error: str
    lines: list[diffs.Line]
    is_new: bool


class CreatePage:
    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        self._show(req, resp, "", req.get_param("namespace") or "default", [], done=False)

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        account, text = account_of(req), form_field(req, "text")
        namespace, real = form_field(req, "namespace") or "default", form_field(req, "step") == "apply"
        found = [applied(account, each, namespace, dry_run=not real) for each in documents(text)]
        self._show(req, resp, text, namespace, found, done=real and not any(each.error for each in found))

    def _show(
        self, req: falcon.Request, resp: falcon.Response, text: str, namespace: str, found: list[Applied], *, done: bool
    ) -> None:  # fmt: skip
        self._pages.show(
            req, resp, "new.html", text=text, namespace=namespace, found=found, done=done,
            namespaces=namespaces(account_of(req)),
        )  # fmt: skip


def documents(text: str) -> list[str]:
    """Raises BadRequest for too many."""
    found = [each for each in DOCUMENTS.split(text.replace("\r\n", "\n")) if each.strip()]
    if len(found) > MOST:
        raise BadRequest(f"at most {MOST} documents at one time")
    return found


def applied(account: Account, text: str, namespace: str, *, dry_run: bool) -> Applied:
    """Server-side apply; a conflict with another manager is told, and not forced."""
    what = "document"
    try:
        obj = decoded(text)
        metadata = obj.get("metadata") if isinstance(obj.get("metadata"), dict) else {}
        kind, name = str(obj.get("kind") or ""), str((metadata or {}).get("name") or "")
        what = f"{kind} {name}".strip() or what
        if not name:
            raise BadRequest("metadata.name is required")
        resource = account.resource_of(str(obj.get("apiVersion") or ""), kind)
        if resource is None:
            raise NotFound(f"the cluster has no kind {kind} of {obj.get('apiVersion')}")
        where = str((metadata or {}).get("namespace") or namespace) if resource.namespaced else ""
        before = _before(account, path_of(resource, where, name))
        query = {"dryRun": "All" if dry_run else "", "fieldManager": MANAGER, "fieldValidation": "Strict"}
        answer = account.client.request(
            "PATCH", path_of(resource, where, name), query=query, body=obj,
            headers={"Content-Type": "application/apply-patch+yaml"},
        )  # fmt: skip
        after: Object = msgspec.json.decode(answer.body)
    except StatusError as error:
        return Applied(what, "", error.message, [], False)
    lines = diffs.of_objects(before, after) if before else []
    return Applied(what, object_link(resource, where, name), "", lines, not before)


def _before(account: Account, path: str) -> Object:
    """{} for an object that is not there or may not be read."""
    try:
        found: Object = msgspec.json.decode(account.client.request("GET", path).body)
    except StatusError as error:
        if error.code in (403, 404):
            return {}
        raise
    return found
