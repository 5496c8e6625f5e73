"""What the writing verbs share: reading their query, decoding their body, running the write, shaping the answer."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from sampan.contracts.kinds import Object
from sampan.contracts.serving import Answer
from sampan.errors import BadRequest
from sampan_http.pool import Pool
from sampan_server.cache.cache import Cache
from sampan_server.read import forms
from sampan_server.registry import Served
from sampan_server.request import bodies, negotiation
from sampan_server.request.options import check_write
from sampan_server.request.request import Request
from sampan_server.request.warnings import warning_headers
from sampan_server.write import drive
from sampan_server.write.intent import Intent
from sampan_server.write.steps import Work
from sampan_server.write.writes import Writer, Written

LONGEST_MANAGER = 128  # bytes
MOST_BLOCKED = 256  # threads for admitters that wait for something; more of them wait their turn


class Writing:
    """The means of a writing verb."""

    def __init__(self, cache: Cache, writer: Writer, pool: Pool | None = None) -> None:
        self.cache = cache
        self.writer = writer
        self.pool = pool or Pool(MOST_BLOCKED, 10.0)  # of what may block while a write is parked

    def run(self, request: Request, work: Work[Answer]) -> Answer:
        """Parked on the loop where there is one, blocking elsewhere."""
        if request.may_wait:
            return drive.block(work, self.cache)
        return drive.park(work, self.cache, self.pool, partial(request.finish, request))

    def decode(self, request: Request, served: Served) -> Object:
        """The body as an object of the served kind, checked against the URL; warnings go to the request."""
        return self.decoder(request, served)()

    def decoder(self, request: Request, served: Served) -> Callable[[], Object]:
        """Reads the body; what is returned decodes it, as often as it is called."""
        data, media, strict = bodies.read(request), bodies.media_of(request), strictness(request)

        def decode() -> Object:
            obj, warnings = served.schema.decode(data, media, strict)
            request.warnings += [each for each in warnings if each not in request.warnings]
            check_address(obj, request, served)
            return obj

        return decode

    def intent(self, request: Request, served: Served, subresource: str = "") -> Intent:
        return Intent(
            served, request.namespace, request.name, request.user, subresource, dry_run(request),
            field_manager(request), warnings=request.warnings, annotations=audit_annotations(request),
            timeout=timeout_of(request) if request.query else 0.0, make_options=partial(options_of, request),
        )  # fmt: skip


def options_of(request: Request, kind: str) -> Object:
    """The options of a create, update or patch as an object, for admission."""
    options: Object = {"kind": kind, "apiVersion": "meta.k8s.io/v1"}
    for name in ("fieldManager", "fieldValidation"):
        if request.value(name):
            options[name] = request.value(name)
    return {**options, "dryRun": ["All"]} if dry_run(request) else options


def timeout_of(request: Request) -> float:
    """The parameter ``timeout`` in seconds, 0 where there is none; raises BadRequest for what is no duration."""
    text = request.value("timeout")
    if not text:
        return 0.0
    from sampan_cel import CelError
    from sampan_cel.values import read_duration  # only where it is asked for: most requests have none

    try:
        return max(0.0, read_duration(text).nanos / 1e9)
    except CelError:
        raise BadRequest(f'invalid timeout specified in the request URL - time: invalid duration "{text}"') from None


def audit_annotations(request: Request) -> dict[str, str]:
    """Where admission's audit annotations go: to the chain steps, if any of them wants to hear of the outcome."""
    return request.tracker.annotations if request.tracker is not None else {}


def answer(request: Request, served: Served, form: negotiation.Form, written: Written) -> Answer:
    """The written object in the form the client wants."""
    status = 201 if written.created else 200
    headers = warning_headers(request.warnings)
    if form is negotiation.JSON and not served.converts:
        return Answer(status, written.body, headers=headers)
    record = written.record()
    if form.protobuf and served.collection is not None:  # that of the cache, whose watchers share what is encoded
        present = served.collection.records.get(written.key)
        record = present if present is not None and present.body == written.body else record
    body = forms.one(served, form, record, request.value("includeObject") or "Metadata")
    return Answer(status, body, form.media, headers)


def accepted(request: Request, served: Served) -> negotiation.Form:
    """The form that the client wants, and options that make sense; raises NotAcceptable or Invalid."""
    form = negotiation.form_for(request, served)
    if request.method != "DELETE" and (request.query or request.method == "PATCH"):
        check_write(request)
    return form


def strictness(request: Request) -> str:
    """fieldValidation of the query, Warn when unsaid."""
    return request.value("fieldValidation") or "Warn"


def dry_run(request: Request) -> bool:
    return bool(request.query) and "dryRun" in request.query


def field_manager(request: Request) -> str:
    """Who writes: as the query says, else as the client is called."""
    return request.value("fieldManager") or manager_of(request)


def manager_of(request: Request) -> str:
    """The field manager where the client names none: the product of its User-Agent."""
    agent: str = request.environ.get("HTTP_USER_AGENT") or "unknown"
    name = agent.partition("/")[0]
    if not name.isprintable():
        name = "".join(letter for letter in name if letter.isprintable())
    if name.isascii() and len(name) <= LONGEST_MANAGER:
        return name or "unknown"
    return name.encode()[:LONGEST_MANAGER].decode(errors="ignore") or "unknown"


def check_address(obj: Object, request: Request, served: Served, *, named: bool = False) -> None:
    """What the body says of kind, version, namespace and name against the URL; raises BadRequest. ``named``: the object
    is whole, and has to have a name."""
    kind = served.kind
    sent_version, sent_kind = obj.get("apiVersion"), obj.get("kind")
    if sent_kind and sent_kind != kind.kind:
        raise BadRequest(
            f'{sent_kind} in version "{sent_version or kind.api_version}" cannot be handled as a {kind.kind}: '
            f'no kind "{sent_kind}" is registered for this resource'
        )
    if sent_version and sent_version != kind.api_version:
        raise BadRequest(
            f"the API version in the data ({sent_version}) does not match the expected API version ({kind.api_version})"
        )
    obj["kind"], obj["apiVersion"] = kind.kind, kind.api_version
    meta: Any = obj.setdefault("metadata", {})
    if not isinstance(meta, dict):
        raise BadRequest("metadata must be an object")
    sent = meta.get("namespace") or ""
    if sent and sent != request.namespace and served.namespaced:
        raise BadRequest("the namespace of the provided object does not match the namespace sent on the request")
    name = meta.get("name") or ""
    if request.name:
        if not name and (named or request.method == "PUT"):
            raise undeterminable(request.name)
        if not name:
            meta["name"] = request.name
        elif name != request.name:
            raise BadRequest(f"the name of the object ({name}) does not match the name on the URL ({request.name})")


def undeterminable(name: str) -> BadRequest:
    """Of an object without a name, where the URL has one."""
    return BadRequest(f"the name of the object ({name} based on URL) was undeterminable: name must be provided")
