"""GET of kinds whose objects are made when they are read (``Kind.computed``): no revisions, no pages, no watch."""

from __future__ import annotations

from sampan.contracts.serving import Answer, Cluster
from sampan_machinery.metadata import copy
from sampan_server.cache.records import Record, labels_of
from sampan_server.read import forms
from sampan_server.read.selecting import Selection
from sampan_server.registry import Served
from sampan_server.request import negotiation
from sampan_server.request.encoding import encode_json
from sampan_server.request.request import Request
from sampan_server.request.statuses import not_found


def answer(request: Request, served: Served, cluster: Cluster) -> Answer:
    """One of the objects, or those that the selectors take."""
    form = negotiation.form_for(request, served, streams=not request.name)
    include = request.value("includeObject") or "Metadata"
    if request.name:
        record = next((each for each in _records(served, request, cluster) if each.name == request.name), None)
        if record is None:
            raise not_found(served.resource, request.name)
        return Answer(200, forms.one(served, form, record, include), form.media)
    selection = Selection.of(request, served)
    found = [each for each in _records(served, request, cluster) if selection.wants(each)]
    return Answer(200, forms.listing(served, form, found, {}, include), form.media)


def _records(served: Served, request: Request, cluster: Cluster) -> list[Record]:
    kind = served.kind
    assert kind.computed is not None
    records = []
    for obj in kind.computed(cluster):
        meta = obj["metadata"]
        if request.namespace and served.namespaced and meta.get("namespace") != request.namespace:
            continue
        whole = {"kind": kind.kind, "apiVersion": kind.api_version, **copy(obj)}
        served.schema.complete(whole)
        body = encode_json(whole)
        records.append(Record(served.key(meta.get("namespace") or "", meta["name"]), body, 0, labels_of(body)))
    return records
