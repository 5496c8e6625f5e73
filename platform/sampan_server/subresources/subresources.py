"""Subresources and virtual kinds: status, scale, and those that plugins serve, inline or on the pool."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from sampan.contracts.admission import Review
from sampan.contracts.kinds import Object
from sampan.contracts.serving import Answer, Cluster, Subresource, Upgrade
from sampan.errors import BadRequest, MethodNotAllowed, UnsupportedMediaType
from sampan_http.handoff import Offloaded
from sampan_machinery import scaling
from sampan_machinery.apply import configuration
from sampan_machinery.kindschema import unserved
from sampan_machinery.patches import patching
from sampan_machinery.tables import to_partial
from sampan_server.extension.calls import Changing, ServedCall
from sampan_server.read.freshness import fresh
from sampan_server.read.get import Get
from sampan_server.registry import Served
from sampan_server.request import bodies, negotiation
from sampan_server.request.encoding import encode_json
from sampan_server.request.negotiation import Form
from sampan_server.request.options import check_write, is_set
from sampan_server.request.otheranswers import in_form, in_protobuf
from sampan_server.request.outcomes import SWITCHED
from sampan_server.request.request import HANDED_OVER, Request
from sampan_server.request.statuses import answer_error, conflict, no_such_path, not_found
from sampan_server.request.warnings import warning_headers
from sampan_server.subresources import connecting, scale, upgrades
from sampan_server.write import drive
from sampan_server.write.intent import Intent
from sampan_server.write.patch import HOW, Patch
from sampan_server.write.steps import Work
from sampan_server.write.update import Update, sent_revision
from sampan_server.write.writing import Writing, strictness

METHODS = {"create": "POST", "get": "GET", "update": "PUT", "patch": "PATCH", "delete": "DELETE"}


class Subresources:
    """Everything below one object's path."""

    def __init__(self, writing: Writing, get: Get, update: Update, patch: Patch) -> None:
        self._writing, self._get, self._update, self._patch = writing, get, update, patch
        self.cluster: Cluster | None = None

    def __call__(self, request: Request, served: Served) -> Answer:
        """Of an object that another server may have made just now; then this one's cache is waited for."""
        collection = served.collection
        if collection is not None and served.key(request.namespace, request.name) not in collection.records:
            return fresh(request, self._writing.cache, -1, lambda: self._answer(request, served))
        return self._answer(request, served)

    def _answer(self, request: Request, served: Served) -> Answer:
        name, kind = request.subresource, served.kind
        sub = served.subresources.get(name)
        if sub is not None:
            return self._custom(request, served, sub)
        if name == "status" and kind.status and not request.rest:
            return self._whole(request, served, None)
        if name == "scale" and kind.scale and not request.rest:
            return self._scale(request, served)
        if kind.schema is not None:  # upstream's handler of custom resources has got the request, and finds nothing
            raise not_found(served.resource, request.name)
        raise no_such_path()

    def verb(self, request: Request, served: Served | None) -> str:
        """The RBAC verb of a request to a subresource."""
        sub = served.subresources.get(request.subresource) if served else None
        return sub.verb if sub is not None and sub.verb else request.verb

    def _whole(self, request: Request, served: Served, merge: Callable[[Object, Object], Object] | None) -> Answer:
        """A subresource that shows and takes the whole object."""
        if request.method == "GET":
            return self._get(request, served)
        if request.method == "PUT":
            return self._update(request, served, merge)
        if request.method == "PATCH":
            return self._patch(request, served, merge)
        raise not_allowed()

    def _custom(self, request: Request, served: Served, sub: Subresource) -> Answer:
        allowed = sub.methods or tuple(METHODS[verb] for verb in sub.verbs if verb in METHODS)
        if request.method not in allowed:
            raise not_allowed()
        if sub.merge is not None and request.method in ("GET", "PUT", "PATCH"):
            return self._whole(request, served, sub.merge)
        assert self.cluster is not None
        call = ServedCall(request, self.cluster, sub)
        if sub.connects:
            seen = connecting.options(sub, request.query, request.rest)
            return self._admitted(request, served, sub, call, "CONNECT", seen)
        if sub.admits and request.method == "POST":
            return self._admitted(request, served, sub, call, "CREATE", call.body())
        return self.answer(request, call, sub.serve, blocking=sub.blocking)

    def _admitted(
        self, request: Request, served: Served, sub: Subresource, call: ServedCall, operation: str, obj: Object
    ) -> Answer:
        """Served once admission has passed, which may block, and what it wants written is stored. The body is then as
        admission has left it."""
        intent = self._writing.intent(request, served, request.subresource)
        writer, parked = self._writing.writer, False

        def serve(review: Review) -> Answer:
            if operation == "CREATE":
                call.reviewed = review.object
            try:
                return self.answer(request, call, sub.serve, blocking=sub.blocking)
            except Offloaded:
                if parked:
                    request.finish(request, HANDED_OVER)  # counted here, for it does not pass ``front`` any more
                raise

        if operation == "CONNECT":
            reviewing = writer.review_only(intent, operation, None, obj)
        else:
            reviewing = writer.admitted(intent, obj)
        try:
            return self._writing.run(request, drive.followed(reviewing, serve))
        finally:
            parked = True

    def answer(
        self, request: Request, call: ServedCall, serve: Callable[[Any], Any], *, blocking: bool = False
    ) -> Answer:
        """Run plugin code: on the pool if it may block and there is one."""

        def run() -> Answer:
            return self._finished(request, serve(call))

        if not blocking or request.loop is None:
            result = serve(call)
            return self._inline(request, result)
        if "upgrade" in (request.environ.get("HTTP_CONNECTION") or "").lower():
            raise Offloaded(run_raw=lambda sock: _raw(sock, call, run, request))
        raise Offloaded(lambda: _guarded(request, run))

    def virtual(self, request: Request, served: Served) -> Answer:
        """A kind that is answered, never stored."""
        form = negotiation.form_for(request, served, tables=False)
        assert self.cluster is not None and served.kind.answer is not None
        if request.method != "POST":
            raise not_allowed()
        check_write(request)
        call = ServedCall(request, self.cluster)
        call.strictness = strictness(request)
        if served.kind.answer_blocks:
            return self.answer(request, call, served.kind.answer, blocking=True)
        answer = served.kind.answer(call)
        if form.how == "partial":
            return in_form(form, to_partial(answer), 201, warning_headers(request.warnings))
        return self._inline(request, answer)

    def _inline(self, request: Request, result: Any) -> Answer:
        if isinstance(result, Changing):
            return self._writing.run(request, self._changing(request, result))
        return self._shown(request, result)

    def _finished(self, request: Request, result: Any) -> Answer:
        """The same on a pool thread, where waiting is fine."""
        if isinstance(result, Changing):
            return drive.block(self._changing(request, result), self._writing.cache)
        return self._shown(request, result)

    def _changing(self, request: Request, result: Changing) -> Work[Answer]:
        served = request.served
        assert served is not None
        intent = self._writing.intent(request, served, request.subresource)
        written = yield from self._writing.writer.update(intent, result.change)
        obj = served.shown(written.record().decode())
        return self._shown(request, result.answer(obj) if result.answer else obj)

    def _shown(self, request: Request, result: Any) -> Answer:
        if isinstance(result, Answer):
            return result
        status = 201 if request.method == "POST" else 200
        answer = Answer(status, encode_json(result), headers=warning_headers(request.warnings))
        return in_protobuf(request, answer)

    def _scale(self, request: Request, served: Served) -> Answer:
        assert self.cluster is not None
        kind = served.kind
        form = negotiation.form_for(request, served)
        if request.method == "GET":
            return _scale_answer(request, form, scaling.shown(kind, ServedCall(request, self.cluster).target()))
        if request.method not in ("PUT", "PATCH"):
            raise not_allowed()
        check_write(request)
        intent = self._writing.intent(request, served, "scale")
        if request.method == "PUT":
            take = self._scale_put(request)
        elif HOW.get(bodies.media_of(request)) == "apply":
            take = self._scale_apply(request, intent)
        else:
            take = self._scale_patch(request)
        return self._writing.run(request, self._scaling(request, intent, take, form))

    def _scaling(self, request: Request, intent: Intent, take: Callable[[Object], Object], form: Form) -> Work[Answer]:
        kind = intent.served.kind

        def change(obj: Object) -> Object:
            found = scaling.shown(kind, obj)
            scale.mark_unset(kind, obj, found)
            if intent.operation == "Apply":
                scale.show_managers(kind, obj, found)
            sent = take(found)
            if request.method != "PUT":
                scale.check_name(sent, request.name)
            revision = sent_revision({"metadata": sent.get("metadata") or {}})
            if revision and str(revision) != obj["metadata"]["resourceVersion"]:
                raise conflict(intent.served.resource, intent.name)
            scale.check_custom(kind, intent.name, sent)
            if intent.operation == "Apply":
                scale.take_managers(kind, obj, sent)
            return scaling.written(kind, obj, sent)

        written = yield from self._writing.writer.update(intent, change)
        obj = intent.served.shown(written.record().decode())
        return _scale_answer(request, form, scaling.shown(kind, obj))

    def _scale_put(self, request: Request) -> Callable[[Object], Object]:
        sent = unserved.decode("autoscaling", "v1", "Scale", bodies.read(request), bodies.media_of(request))
        if sent.get("kind") not in (None, "", "Scale"):
            kind = sent["kind"]
            why = f'no kind "{kind}" is registered for version "autoscaling/v1"'
            raise BadRequest(f'{kind} in version "v1" cannot be handled as a Scale: {why}')
        scale.check_name(sent, request.name)
        return lambda shown: sent

    def _scale_apply(self, request: Request, intent: Intent) -> Callable[[Object], Object]:
        intent.operation = "Apply"
        config, warnings = configuration.read(scale.SCALE, bodies.read(request), strictness(request))
        request.warnings += warnings
        force = is_set(request, "force")
        return lambda shown: scale.applied(shown, config, manager=intent.manager, force=force)

    def _scale_patch(self, request: Request) -> Callable[[Object], Object]:
        how = HOW.get(bodies.media_of(request))
        if how is None:
            raise UnsupportedMediaType(f"the body of the request was in an unknown format - {bodies.media_of(request)}")
        patch, strict = patching.read(how, bodies.read(request)), strictness(request)

        def take(shown: Object) -> Object:
            patched, warnings = patching.patch_listless(how, scale.schema(), shown, patch, strict)
            request.warnings += [each for each in warnings if each not in request.warnings]
            return patched

        return take


def _scale_answer(request: Request, form: Form, found: Object) -> Answer:
    include = request.value("includeObject") or "Metadata"
    shown = scale.in_form(found, form, now=time.time(), include=include)
    return in_form(form, shown, 200, warning_headers(request.warnings))


def not_allowed() -> MethodNotAllowed:
    return MethodNotAllowed("the server does not allow this method on the requested resource", bare=True)


def _guarded(request: Request, run: Callable[[], Answer]) -> Answer:
    try:
        return run()
    except Exception as error:
        return in_protobuf(request, answer_error(error))


def _raw(sock: object, call: ServedCall, run: Callable[[], Answer], request: Request) -> None:
    """Plugin code with the socket in reach; where it did not take it, its answer is written by hand."""
    taken: list[Upgrade] = []

    def takeover(head: bytes) -> Upgrade:
        taken.append(upgrades.taken(sock, head))
        if request.tracker is not None:
            request.tracker.begin(SWITCHED)
        return taken[-1]

    call.raw_takeover = takeover
    answer = _guarded(request, run)
    if not taken:
        if request.tracker is not None:
            request.tracker.raw_status = answer.status
        upgrades.SocketUpgrade(sock).sendall(_by_hand(answer))


def _by_hand(answer: Answer) -> bytes:
    body = answer.body if isinstance(answer.body, bytes) else b"".join(answer.body)
    lines = [
        f"HTTP/1.1 {answer.status} {'OK' if answer.status < 400 else 'Refused'}",
        f"Content-Type: {answer.content_type}",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *(f"{name}: {value}" for name, value in answer.headers),
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
