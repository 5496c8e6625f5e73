"""A small API server over a simulated World, as a WSGI application, for tests of clients, informers and reconcilers.

Supports: get, list, create, update, merge patch, delete (foreground, orphan, graceless), status, watch (with initial
events), aggregated discovery. Has no selectors, no validation, no other patches, no users.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import parse_qs, unquote

import msgspec

from sampan.contracts.kinds import Object, Resource
from sampan.errors import Conflict, NotFound, StatusError
from sampan_machinery.metadata import copy, key_of, now_text
from sampan_testing.simulation import World

_FINALIZERS = {"Foreground": "foregroundDeletion", "Orphan": "orphan"}


class MiniApi(World):
    """``resources``: the kinds it serves. Dependents are not deleted with their owner: there is no garbage
    collector."""

    def __init__(self, resources: Iterable[Resource], *, seed: int = 1) -> None:
        super().__init__(seed=seed)
        self.resources = list(resources)
        self.requests: list[tuple[str, str]] = []
        self._changed = threading.Condition(threading.RLock())
        self._log: list[tuple[int, str, Resource, Object]] = []

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        body = environ["wsgi.input"].read()
        query = {key: values[0] for key, values in parse_qs(environ["QUERY_STRING"]).items()}
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        try:
            if query.get("watch"):
                resource, namespace, _, _ = self._route(path)
                start_response("200 OK", [])
                return self._watch(resource, namespace, query, environ.get("sampan.stopping") or threading.Event())
            with self._changed:
                self.requests.append((method, path))
                answer = self._answer(method, path, query, msgspec.json.decode(body) if body else {})
        except StatusError as error:
            start_response(f"{error.code} {error.reason}", [])
            return [msgspec.json.encode(error.to_status())]
        start_response("200 OK", [])
        return [msgspec.json.encode(answer)]

    def remove(self, resource: Resource, name: str, namespace: str = "", *, uid: str = "") -> None:
        with self._changed:
            obj = self._present(resource, name, namespace)
            if uid and obj["metadata"]["uid"] != uid:
                raise Conflict("another uid")
            self._drop(resource, obj)

    def _drop(self, resource: Resource, obj: Object) -> None:
        with self._changed:
            del self._objects[resource, *key_of(obj)]
            self._revision += 1
            gone = {**obj, "metadata": {**obj["metadata"], "resourceVersion": str(self._revision)}}
            self._notify("DELETED", resource, gone)

    def _put(self, resource: Resource, obj: Object) -> Object:
        with self._changed:
            kind = "MODIFIED" if (resource, *key_of(obj)) in self._objects else "ADDED"
            made = super()._put(resource, obj)
            self._notify(kind, resource, made)
            return made

    def _notify(self, kind: str, resource: Resource, obj: Object) -> None:
        self._log.append((self._revision, kind, resource, obj))
        self._changed.notify_all()

    def _answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Any:
        if path in ("/api", "/apis"):
            return self._discovery(path == "/api")
        if (found := self._of_version(path)) is not None:
            return found
        resource, namespace, name, subresource = self._route(path)
        if method == "POST":
            body["metadata"].setdefault("namespace", namespace)
            if not resource.namespaced:
                body["metadata"].pop("namespace")
            return self.create(resource, body)
        if method == "PUT":
            return self.update(resource, body, subresource)
        if method == "PATCH":
            return self.patch(resource, name, namespace, body, subresource)
        if method == "DELETE":
            return self._deleted(resource, name, namespace, body)
        if name:
            return self._present(resource, name, namespace)
        items = list(self.list(resource, namespace))
        return {"kind": "List", "metadata": {"resourceVersion": str(self._revision)}, "items": items}

    def _deleted(self, resource: Resource, name: str, namespace: str, options: Any) -> Object:
        obj = self._present(resource, name, namespace)
        for key, value in (options.get("preconditions") or {}).items():
            if obj["metadata"].get(key) != value:
                raise Conflict(f"{name}: another {key}")
        metadata = dict(copy(obj["metadata"]))
        finalizer = _FINALIZERS.get(options.get("propagationPolicy", ""))
        held = {*metadata.get("finalizers", ()), *([finalizer] if finalizer else ())}
        if not held:
            self.remove(resource, name, namespace)
            return obj
        metadata.update(
            finalizers=sorted(held), deletionTimestamp=metadata.get("deletionTimestamp") or now_text(self.now)
        )
        return self.update(resource, {**obj, "metadata": metadata})

    def _watch(
        self, resource: Resource, namespace: str, query: dict[str, str], stopping: threading.Event
    ) -> Iterator[bytes]:
        with self._changed:
            seen = len(self._log)
            first: list[bytes] = []
            if query.get("sendInitialEvents"):
                first = [_event("ADDED", obj) for obj in self.list(resource, namespace)]
                marker = {"resourceVersion": str(self._revision), "annotations": {"k8s.io/initial-events-end": "true"}}
                first.append(_event("BOOKMARK", {"kind": resource.kind, "metadata": marker}))
            else:
                since = int(query.get("resourceVersion") or self._revision)
                seen = sum(revision <= since for revision, *_ in self._log)
        yield b"".join(first)
        while not stopping.is_set():
            with self._changed:
                if len(self._log) == seen:
                    self._changed.wait(0.05)  # then check ``stopping`` again
                fresh, seen = self._log[seen:], len(self._log)
            yield b"".join(
                _event(kind, obj)
                for _, kind, changed, obj in fresh
                if changed == resource and namespace in ("", obj["metadata"].get("namespace", ""))
            )

    def _route(self, path: str) -> tuple[Resource, str, str, str]:
        parts = [unquote(part) for part in path.strip("/").split("/")]
        group, version, rest = ("", parts[1], parts[2:]) if parts[0] == "api" else (parts[1], parts[2], parts[3:])
        namespace = ""
        if len(rest) > 2 and rest[0] == "namespaces":
            namespace, rest = rest[1], rest[2:]
        plural, name, subresource = [*rest, "", ""][:3]
        for resource in self.resources:
            if (resource.group, resource.version, resource.plural) == (group, version, plural):
                return resource, namespace, name, subresource
        raise NotFound("the server could not find the requested resource")

    def _of_version(self, path: str) -> Object | None:
        """The older form of discovery, for one group version; None for any other path."""
        entries = [
            {"name": each.plural, "kind": each.kind, "namespaced": each.namespaced}
            for each in self.resources
            if path == ("/apis/" if each.group else "/api/") + each.api_version
        ]
        return {"kind": "APIResourceList", "resources": entries} if entries else None

    def _discovery(self, core: bool) -> Object:
        groups: dict[tuple[str, str], list[Object]] = {}
        for each in self.resources:
            if (not each.group) == core:
                entry = {
                    "resource": each.plural,
                    "responseKind": {"group": each.group, "version": each.version, "kind": each.kind},
                    "scope": "Namespaced" if each.namespaced else "Cluster",
                    "verbs": ["create", "delete", "get", "list", "patch", "update", "watch"],
                }
                groups.setdefault((each.group, each.version), []).append(entry)
        items = [
            {"metadata": {"name": group}, "versions": [{"version": version, "resources": entries}]}
            for (group, version), entries in groups.items()
        ]
        return {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "items": items}


def _event(kind: str, obj: Object) -> bytes:
    return msgspec.json.encode({"type": kind, "object": obj}) + b"\n"
