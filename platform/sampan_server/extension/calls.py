"""What plugin code is given to answer a request: the Call of contracts.serving."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sampan.contracts.access import User
from sampan.contracts.kinds import Object, Resource
from sampan.contracts.serving import Cluster, Subresource, Upgrade
from sampan.errors import BadRequest, InternalError
from sampan_machinery.headers import is_identity, without_token
from sampan_machinery.kindschema import unserved
from sampan_machinery.media import decode_body
from sampan_machinery.metadata import copy
from sampan_server.request import bodies
from sampan_server.request.request import Request
from sampan_server.request.statuses import no_such_path, not_found

NOWHERE = Resource("", "", "", "", False)


@dataclass(frozen=True)
class Changing:
    """What ``Call.change`` returned: the server rewrites the target with it."""

    change: Callable[[Object], Object | None]
    answer: Callable[[Object], Object] | None


class Passed(Mapping[str, str]):
    """The request's headers without those that say who the caller is: authentication is done, and no handler can pass
    them on to a caller that would take them for ours."""

    __slots__ = ("_headers",)

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = headers

    def __getitem__(self, name: str) -> str:
        if is_identity(name):
            raise KeyError(name)
        value = self._headers[name]
        return without_token(value) if name == "sec-websocket-protocol" else value

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._headers if not is_identity(name))

    def __len__(self) -> int:
        return sum(1 for _ in self)


class ServedCall:
    """One request to a subresource, route or virtual kind."""

    def __init__(self, request: Request, cluster: Cluster, sub: Subresource | None = None) -> None:
        self._request = request
        self._sub = sub
        self._raw: bytes | None = None
        self._decoded: Object | None = None
        self.strictness = "Ignore"
        self.reviewed: Object | None = None  # the body as admission has left it
        #: Set while a pool thread owns the socket.
        self.raw_takeover: Callable[[bytes], Upgrade] | None = None
        self.method = request.method
        self.path = request.path
        self.query: Mapping[str, list[str]] = request.query
        self.headers = Passed(request.headers)
        self.user: User = request.user
        self.resource: Resource = request.served.resource if request.served else NOWHERE
        self.namespace = request.namespace
        self.name = request.name
        self.subresource = request.subresource
        self.rest = request.rest
        self.dry_run = request.dry_run
        self.cluster = cluster

    def raw_body(self) -> bytes:
        if self._raw is None:
            self._raw = bodies.read(self._request)
        return self._raw

    def body(self) -> Object:
        """The decoded body: by the schema of the kind the subresource names, where there is one."""
        if self.reviewed is not None:
            reviewed: Object = copy(self.reviewed)
            return reviewed
        data = self.raw_body()
        if not data:
            return {}
        media = bodies.media_of(self._request)
        served = self._request.served
        if self._sub is not None:
            sub = self._sub
            return self._checked(unserved.decode(sub.group, sub.version, sub.kind, data, media), sub.group, sub.kind)
        if served is not None:
            if self._decoded is None:
                self._decoded, warnings = served.schema.decode(data, media, self.strictness)
                self._request.warnings += warnings
            found: Object = copy(self._decoded)
            return self._checked(found, served.kind.group, served.kind.kind)
        return decode_body(data, media)

    def _checked(self, obj: Object, group: str, kind: str) -> Object:
        """Raises BadRequest for a body of another kind, and for one of another namespace than the request's: what was
        authorized is this one."""
        version, sent_kind = obj.get("apiVersion") or "", obj.get("kind") or ""
        if (sent_kind and sent_kind != kind) or (version and str(version).rpartition("/")[0] != group):
            sent_kind = sent_kind or kind
            raise BadRequest(
                f'{sent_kind} in version "{version}" cannot be handled as a {kind}: no kind "{sent_kind}" is '
                "registered for this resource"
            )
        metadata = obj.get("metadata")
        sent = metadata.get("namespace") if isinstance(metadata, dict) else None
        if sent and self.namespace and sent != self.namespace:
            raise BadRequest("the namespace of the provided object does not match the namespace sent on the request")
        return obj

    def target(self) -> Object:
        served = self._request.served
        if served is None or served.collection is None:
            raise no_such_path()
        record = served.collection.records.get(served.key(self.namespace, self.name))
        if record is None:
            raise not_found(served.resource, self.name)
        return served.shown(record.decode())

    def change(
        self, change: Callable[[Object], Object | None], answer: Callable[[Object], Object] | None = None
    ) -> Any:
        return Changing(change, answer)

    def takeover(self, head: bytes) -> Upgrade:
        if self.raw_takeover is None:
            raise InternalError("this server cannot hand over the connection")
        return self.raw_takeover(head)
