"""DELETE of one object, and of a collection."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from sampan.contracts.kinds import Object
from sampan.contracts.serving import Answer
from sampan.errors import BadRequest, NotFound
from sampan_machinery.kindschema import unserved
from sampan_server.read import forms
from sampan_server.read.freshness import too_large
from sampan_server.read.list import MANY, Asked, List, Slice, read_query
from sampan_server.read.selecting import Selection
from sampan_server.registry import Served
from sampan_server.request import bodies, negotiation
from sampan_server.request.aside import Aside
from sampan_server.request.options import integer
from sampan_server.request.otheranswers import in_form
from sampan_server.request.request import Request
from sampan_server.request.statuses import success
from sampan_server.request.warnings import warning_headers
from sampan_server.write import drive
from sampan_server.write.deletes import Deleter, Options, read_options
from sampan_server.write.intent import Intent
from sampan_server.write.steps import Work
from sampan_server.write.writes import Written
from sampan_server.write.writing import Writing, accepted, audit_annotations

_OPTIONS = "DeleteOptions"
_UNHANDLED = f'{_OPTIONS} in version "v1" cannot be handled as a {_OPTIONS}: '
_UNRECOGNIZED = re.compile(r"the object provided is unrecognized \(.*?\): (.*) \([^()]*\)", re.DOTALL)


class Delete:
    def __init__(self, writing: Writing, deleter: Deleter) -> None:
        self._writing, self._deleter = writing, deleter

    def __call__(self, request: Request, served: Served) -> Answer:
        form = accepted(request, served)
        sent = sent_options(request)
        options = read_options(sent)
        intent = self._writing.intent(request, served)
        intent.dry_run, intent.make_options = options.dry_run, partial(_told, sent)
        work = self._deleter.delete(intent, options)
        return self._writing.run(
            request, drive.followed(work, lambda done: _answer(request, served, form, done, options))
        )


class DeleteCollection:
    """Deletes what a list with the same selectors shows, one after another."""

    def __init__(self, writing: Writing, deleter: Deleter, listing: List) -> None:
        self._writing, self._deleter, self._list = writing, deleter, listing

    def __call__(self, request: Request, served: Served) -> Answer:
        form = negotiation.form_for(request, served)
        selection = Selection.of(request, served)
        if not request.may_wait and (request.value("resourceVersion") or request.value("continue")):
            raise Aside  # it may be of a state that only the store has; the body is not read yet
        if not request.may_wait and selection.reach() > MANY:
            raise Aside  # a thread waits for each commit; it does not compute for long
        if form.protobuf and not request.may_wait and forms.is_cold(served, form, selection.candidates()):
            raise Aside(heavy=True)
        sent = sent_options(request)
        read_options(sent)  # refuses what is wrong before anything is listed
        asked = read_query(request, served.scope(request.namespace), paged=True)  # upstream lists in pages of its own
        listed = partial(self._slice, served, selection, asked)
        return self._writing.run(request, self._all(request, served, form, sent, selection, listed))

    def _slice(self, served: Served, selection: Selection, asked: Asked) -> Slice:
        if max(asked.exact, asked.at_least) > self._writing.cache.revision:
            raise too_large(max(asked.exact, asked.at_least), self._writing.cache.revision)
        return self._list.slice(served, selection, asked)

    def _all(
        self, request: Request, served: Served, form: negotiation.Form, sent: Object, selection: Selection,
        listed: Callable[[], Slice],
    ) -> Work[Answer]:  # fmt: skip
        options = read_options(sent)
        yield ()  # what has just been made elsewhere is deleted, too
        found = listed()
        state: dict[str, Any] = {}  # of one request: what waits for something is bounded for all objects together
        for record in found.records:
            intent = Intent(
                served, record.namespace, record.name, request.user, dry_run=options.dry_run, warnings=request.warnings,
                annotations=audit_annotations(request), make_options=partial(_told, sent), state=state,
            )  # fmt: skip
            try:
                yield from self._deleter.delete(intent, options)
            except NotFound:
                continue
        last = found.records[-1].key if found.more and found.records else ""
        meta = self._list.meta(served, found, selection, last, plain=form.how == "json")
        body = forms.listing(served, form, found.records, meta)
        return Answer(200, body, form.media, warning_headers(request.warnings))


def sent_options(request: Request) -> Object:
    """DeleteOptions of the body, or where there is none of the query; not checked. Reads the body: once."""
    data = bodies.read(request)
    if data:
        return _decoded(data, bodies.media_of(request))
    query = request.query
    sent: Object = {"gracePeriodSeconds": integer(request, "gracePeriodSeconds"), "dryRun": query.get("dryRun")}
    if "orphanDependents" in query:
        sent["orphanDependents"] = request.flag("orphanDependents")
    if "propagationPolicy" in query:
        sent["propagationPolicy"] = request.value("propagationPolicy")
    sent["preconditions"] = {name: request.value(name) for name in ("uid", "resourceVersion") if name in query}
    return sent


def _decoded(data: bytes, media: str) -> Object:
    """The DeleteOptions of a body; raises BadRequest, as upstream without saying of what."""
    if data.strip() == b"null":
        return {}
    try:
        sent = unserved.decode("", "v1", _OPTIONS, data, media)
    except BadRequest as error:
        found = _UNRECOGNIZED.fullmatch(error.message)
        raise BadRequest(found[1] if found else error.message.removeprefix(_UNHANDLED)) from None
    if (kind := sent.get("kind") or _OPTIONS) != _OPTIONS:
        raise BadRequest(f'no kind "{kind}" is registered for this resource')
    return sent


def _told(sent: Object, kind: str) -> Object:
    """The same as admission sees it."""
    said = {name: value for name, value in sent.items() if value not in (None, {}, [])}
    return {**said, "kind": kind, "apiVersion": "meta.k8s.io/v1"}


def _answer(request: Request, served: Served, form: negotiation.Form, written: Written, options: Options) -> Answer:
    headers = warning_headers(request.warnings)
    if written.deleted and not served.stored.shown_deleted:
        uid = written.record().decode()["metadata"].get("uid", "")
        return in_form(form, success(served.resource, request.name, uid), 200, headers)
    body = forms.one(served, form, written.record(), request.value("includeObject") or "Metadata")
    return Answer(202 if options.cascading and not written.deleted else 200, body, form.media, headers)
