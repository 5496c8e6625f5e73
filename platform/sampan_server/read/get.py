"""GET of one object."""

from __future__ import annotations

from sampan.contracts.serving import Answer
from sampan_server.cache.cache import Cache
from sampan_server.read import forms
from sampan_server.read.freshness import asked_revision, fresh
from sampan_server.registry import Served
from sampan_server.request import negotiation
from sampan_server.request.aside import Aside
from sampan_server.request.request import Request
from sampan_server.request.statuses import not_found


class Get:
    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def __call__(self, request: Request, served: Served) -> Answer:
        form = negotiation.form_for(request, served)
        if form.protobuf and not request.may_wait:
            key = served.key(request.namespace, request.name)
            if forms.is_cold(served, form, (key,)):
                raise Aside(heavy=True)
        asked = asked_revision(request)
        return fresh(request, self._cache, asked, lambda: self._answer(request, served, form))

    def _answer(self, request: Request, served: Served, form: negotiation.Form) -> Answer:
        assert served.collection is not None
        record = served.collection.records.get(served.key(request.namespace, request.name))
        if record is None:
            raise not_found(served.resource, request.name)
        if form is negotiation.JSON and not served.converts:
            return Answer(200, record.body)
        return Answer(200, forms.one(served, form, record, request.value("includeObject") or "Metadata"), form.media)
