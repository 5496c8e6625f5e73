"""Two paths of the API server: which revision belongs to a moment, and which revisions an object had.

Contents are read by ordinary lists with ``resourceVersionMatch=Exact``, under their own authorization.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import msgspec

from sampan.contracts.resources import Resource
from sampan.contracts.serving import Answer, Call, Past, Route, ServerContext
from sampan.errors import BadRequest, Forbidden
from sampan_machinery.metadata import parse_time

MOST = 1000


def routes(context: ServerContext, clock: Callable[[], float] = time.time) -> list[Route]:
    def revision(call: Call) -> Answer:
        past = _past(context)
        at, ago = _one(call, "at"), _one(call, "ago")
        if bool(at) == bool(ago):
            raise BadRequest("give at (RFC 3339) or ago (seconds)")
        found = past.revision_at(_moment(at) if at else clock() - _number(ago, "ago"))
        return _answer({"revision": found, "time": past.time_of(found), "since": past.since()})

    def versions(call: Call) -> Answer:
        resource, namespace, name = _address(call), _one(call, "namespace"), _one(call, "name")
        most = min(MOST, int(_number(_one(call, "limit") or "100", "limit")))
        served = [each for each in context.resources_of(resource.api_version, resource.kind) if each == resource]
        if not served or not name:
            raise BadRequest("group, version, resource, kind and name must be those of an object that is served here")
        if served[0].namespaced != bool(namespace):
            raise BadRequest("namespace is wanted for namespaced kinds, and for those only")
        allowed, why = context.cluster.authorize(call.user, "get", resource, namespace, name)
        if not allowed:
            raise Forbidden(
                f'{resource.group_resource} "{name}" is forbidden: User "{call.user.name}" cannot get resource '
                f'"{resource.plural}" in API group "{resource.group}"{": " + why if why else ""}'
            )
        found = _past(context).versions(resource, name, namespace, most=max(1, most))
        return _answer(
            {"versions": [{"revision": each.revision, "time": each.at, "deleted": each.deleted} for each in found]}
        )

    return [
        Route(path="/history/revision", serve=revision, blocking=True),
        Route(path="/history/versions", serve=versions, blocking=True),
    ]


def _past(context: ServerContext) -> Past:
    if context.past is None:
        raise BadRequest("this server keeps no history")
    return context.past


def _address(call: Call) -> Resource:
    group, version, plural, kind = (_one(call, name) for name in ("group", "version", "resource", "kind"))
    return Resource(group, version, plural, kind, bool(_one(call, "namespace")))


def _one(call: Call, name: str) -> str:
    return (call.query.get(name) or [""])[0]


def _moment(text: str) -> float:
    try:
        return parse_time(text)
    except (ValueError, BadRequest) as error:
        raise BadRequest(f"at: {error}") from error


def _number(text: str, name: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = -1
    if not 0 <= found < 1e10:
        raise BadRequest(f"{name} must be a number that is not negative")
    return found


def _answer(found: Any) -> Answer:
    return Answer(body=msgspec.json.encode(found))
