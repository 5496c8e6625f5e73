"""The operations of a kind as OpenAPI path items, version 2 or 3.

What clients rely on: ``x-kubernetes-group-version-kind`` and ``x-kubernetes-action`` on each operation, the query
parameters fieldValidation and dryRun on those that write (kubectl asks for them before it trusts the server to
validate), and the patch media types. Knows kinds; knows nothing of how definitions are made.
Source: Kubernetes API conventions; kubectl's query-parameter verifier.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sampan.contracts.kinds import Kind, Resource
from sampan_machinery.kindschema import schema_of
from sampan_machinery.openapi.definitions import Definitions, Schema
from sampan_machinery.schema.table import Table

META = "io.k8s.apimachinery.pkg.apis.meta.v1."
PATCHES = (
    "application/apply-patch+yaml",
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
)
_BODIES = ("application/json", "application/yaml", "application/vnd.kubernetes.protobuf")
#: In which answers come, protobuf only of kinds that have a message; a list may be a watch.
_ANSWERS = {False: _BODIES[:2], True: _BODIES}
_STREAMS = {
    shown: tuple(f"{media};stream=watch" for media in medias if media != "application/yaml")
    for shown, medias in _ANSWERS.items()
}
_METHODS = {"get": "get", "create": "post", "update": "put", "patch": "patch", "delete": "delete"}
_ACTIONS = {
    "get": "get", "list": "list", "create": "post", "update": "put", "patch": "patch", "delete": "delete",
    "deletecollection": "deletecollection",
}  # fmt: skip
_WORDS = {
    "fieldValidation": "What to do about unknown and duplicate fields: Ignore, Warn or Strict.",
    "dryRun": "All: check everything and write nothing.",
    "fieldManager": "Who is responsible for the fields written.",
    "force": "Take fields over from other managers (server-side apply).",
    "labelSelector": "Only objects whose labels fit.",
    "fieldSelector": "Only objects whose fields fit.",
    "limit": "At most this many objects in one answer.",
    "continue": "Where the last answer ended.",
    "watch": "Send changes as they happen.",
    "resourceVersion": "Which revision to read, or to watch from.",
    "resourceVersionMatch": "How resourceVersion is meant: Exact or NotOlderThan.",
    "timeoutSeconds": "How long to watch.",
    "allowWatchBookmarks": "Send bookmarks while watching.",
    "sendInitialEvents": "Begin a watch with what exists.",
    "gracePeriodSeconds": "Seconds to end gracefully; 0 means now.",
    "propagationPolicy": "Orphan, Background or Foreground.",
    "pretty": "Answer in lines for people.",
    "name": "name of the object",
    "namespace": "namespace of the object",
}
_TYPES = {
    **dict.fromkeys(("limit", "timeoutSeconds", "gracePeriodSeconds"), "integer"),
    **dict.fromkeys(("watch", "force", "allowWatchBookmarks", "sendInitialEvents"), "boolean"),
}
_LISTING = (
    "allowWatchBookmarks", "continue", "fieldSelector", "labelSelector", "limit", "resourceVersion",
    "resourceVersionMatch", "sendInitialEvents", "timeoutSeconds", "watch",
)  # fmt: skip
_QUERY: dict[str, Sequence[str]] = {
    "list": _LISTING,
    "create": ("dryRun", "fieldManager", "fieldValidation"),
    "update": ("dryRun", "fieldManager", "fieldValidation"),
    "patch": ("dryRun", "fieldManager", "fieldValidation", "force"),
    "delete": ("dryRun", "gracePeriodSeconds", "propagationPolicy"),
    "deletecollection": ("dryRun", "gracePeriodSeconds", "propagationPolicy", *_LISTING[:-1]),
}


class Paths:
    """Path items for one version of OpenAPI. ``roots`` collects the definitions that operations refer to."""

    def __init__(self, table: Table, definitions: Definitions, openapi: int) -> None:
        self._table = table
        self._definitions = definitions
        self._openapi = openapi
        self.roots: set[str] = set()
        self._patches: tuple[str, ...] = PATCHES
        self._protobuf = False

    def of_kind(self, kind: Kind) -> dict[str, Schema]:
        """Every path of a kind with its operations."""
        # kubectl sends a strategic merge patch where it is offered
        offered = schema_of(kind).patch_types
        self._patches = tuple(each for each in PATCHES if each in offered)
        self._protobuf = kind.schema is None and bool(self.name_of(kind))
        resource = kind.resource
        start = f"/apis/{resource.group}/{resource.version}" if resource.group else f"/api/{resource.version}"
        home = f"{start}/namespaces/{{namespace}}/{kind.plural}" if kind.namespaced else f"{start}/{kind.plural}"
        found: dict[str, Schema] = {}
        self._add(found, home, resource, [v for v in kind.verbs if v in {"list", "create", "deletecollection"}])
        if kind.namespaced and "list" in kind.verbs:
            self._add(found, f"{start}/{kind.plural}", resource, ["list"], everywhere=True)
        item = home + "/{name}"
        self._add(found, item, resource, [v for v in kind.verbs if v in {"get", "update", "patch", "delete"}])
        for name, answer, verbs in _subresources(kind):
            self._add(found, f"{item}/{name}", answer, [v for v in verbs if v in _METHODS], name)
        return found

    def _add(
        self, found: dict[str, Schema], path: str, resource: Resource, verbs: Sequence[str], sub: str = "",
        *, everywhere: bool = False,
    ) -> None:  # fmt: skip
        if not verbs:
            return
        entry: Schema = {}
        for verb in verbs:
            method = {"list": "get", "deletecollection": "delete"}.get(verb) or _METHODS[verb]
            entry[method] = self._operation(resource, verb, sub, path, everywhere=everywhere)
        entry["parameters"] = [
            self._parameter(name, "path") for name in ("name", "namespace") if f"{{{name}}}" in path
        ] + [self._parameter("pretty", "query")]
        found[path] = entry

    def _operation(self, resource: Resource, verb: str, sub: str, path: str, *, everywhere: bool) -> Schema:
        answer = self._name(resource, "List" if verb == "list" else "")
        if verb in {"delete", "deletecollection"}:
            answer = META + "Status"
        medias = _ANSWERS[self._protobuf]
        if verb == "list":
            medias += _STREAMS[self._protobuf]
        made: Schema = {
            "tags": [f"{(resource.group.split('.')[0] or 'core')}_{resource.version}"],
            "operationId": _operation_id(path, verb, resource, sub, everywhere),
            "parameters": [self._parameter(name, "query") for name in _QUERY.get(verb, ())],
            "responses": {
                code: self._answer(words, answer, medias) for code, words in _codes(verb)
            } | {"401": {"description": "Unauthorized"}},
            "x-kubernetes-action": _ACTIONS[verb],
            "x-kubernetes-group-version-kind": {
                "group": resource.group, "kind": resource.kind, "version": resource.version,
            },
        }  # fmt: skip
        if self._openapi == 2:
            made["produces"] = list(medias)
        self._take_body(made, resource, verb)
        return made

    def _take_body(self, made: Schema, resource: Resource, verb: str) -> None:
        """What an operation reads: the object, a patch, or how to delete."""
        if verb in {"get", "list"}:
            return
        name = self._name(resource)
        if verb == "patch":
            name = META + "Patch"
        elif verb in {"delete", "deletecollection"}:
            name = META + "DeleteOptions"
        schema = self._refer(name)
        media = self._patches if verb == "patch" else _BODIES if self._openapi == 2 else ("*/*",)
        required = verb in {"create", "update", "patch"}
        if self._openapi == 3:
            made["requestBody"] = {"content": {one: {"schema": schema} for one in media}}
            if required:
                made["requestBody"]["required"] = True
            return
        made["consumes"] = list(media)
        body: Schema = {"name": "body", "in": "body", "schema": schema}
        made["parameters"].append({**body, "required": True} if required else body)

    def _answer(self, words: str, name: str, medias: Sequence[str]) -> Schema:
        schema = self._refer(name)
        if self._openapi == 2:
            return {"description": words, "schema": schema}
        return {"description": words, "content": {media: {"schema": schema} for media in medias}}

    def _parameter(self, name: str, where: str) -> Schema:
        type_ = {"type": _TYPES.get(name, "string"), "uniqueItems": True}
        made: Schema = {"name": name, "in": where, "description": _WORDS[name]}
        if where == "path":
            made["required"] = True
        return {**made, **type_} if self._openapi == 2 else {**made, "schema": type_}

    def name_of(self, kind: Kind) -> str:
        """The definition of a kind, "" where the table has none."""
        return self._table.type_name(kind.group, kind.version, kind.kind) or ""

    def _name(self, resource: Resource, more: str = "") -> str:
        return self._table.type_name(resource.group, resource.version, resource.kind + more) or ""

    def _refer(self, name: str) -> Schema:
        if name not in self._table.types:
            return {"type": "object"}
        self.roots.add(name)
        return self._definitions.ref(name)


def _subresources(kind: Kind) -> Iterator[tuple[str, Resource, Sequence[str]]]:
    """Name, what its bodies are, and verbs of each subresource."""
    if kind.status:
        yield "status", kind.resource, ("get", "update", "patch")
    if kind.scale:
        yield "scale", Resource("autoscaling", "v1", kind.plural, "Scale", kind.namespaced), ("get", "update", "patch")
    for sub in kind.subresources:
        yield sub.name, Resource(sub.group, sub.version, kind.plural, sub.kind, kind.namespaced), sub.verbs


def _codes(verb: str) -> list[tuple[str, str]]:
    if verb == "create":
        return [("200", "OK"), ("201", "Created"), ("202", "Accepted")]
    if verb in {"update", "patch"}:
        return [("200", "OK"), ("201", "Created")]
    return [("200", "OK"), ("202", "Accepted")] if verb == "delete" else [("200", "OK")]


def _operation_id(path: str, verb: str, resource: Resource, sub: str, everywhere: bool) -> str:
    """A name that is unique in a document: ``createAppsV1NamespacedDeployment``."""
    words: list[Any] = [
        "read" if verb == "get" else "replace" if verb == "update" else verb,
        (resource.group.split(".")[0] or "core").capitalize(),
        resource.version.capitalize(),
        "Namespaced" if "{namespace}" in path else "",
        path.split("/{name}")[0].rsplit("/", 1)[1].capitalize(),
        sub.replace("/", "").capitalize(),
        "ForAllNamespaces" if everywhere else "",
    ]
    return "".join(words)
