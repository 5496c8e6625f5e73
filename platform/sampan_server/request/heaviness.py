"""Which requests would keep the event loop from others for long, by what is known before their body is read.

The bound for one request on the loop is 20 ms. What it costs follows from the size of the body and of the object that
is there: fields are checked, merged and owned one by one, in Python, at 1 to 5 microseconds each.
"""

from __future__ import annotations

from sampan_server.registry import Served
from sampan_server.request.bodies import media_of
from sampan_server.request.request import Request

BODY = 8 << 10  # bytes
TEXT = 4 << 10  # bytes of a body in YAML or protobuf, which are read in Python
OBJECT = 16 << 10  # bytes of the stored object that a request changes
QUERY = 1 << 10  # bytes of a query, with a selector of many terms
ROWS = 100  # objects shown in a form that has to be made
_JSON = frozenset({"application/json", "application/merge-patch+json", "application/strategic-merge-patch+json",
                   "application/json-patch+json"})  # fmt: skip
_CHANGES = frozenset({"update", "patch", "delete"})
_CHECKED = frozenset({"create", "update", "patch"})


def is_heavy(request: Request, served: Served) -> bool:
    """Whether the request belongs on a thread. Of subresources that block, never: they have threads of their own."""
    environ = request.environ
    sub = served.subresources.get(request.subresource) if request.subresource else None
    if sub is not None and sub.blocking:
        return False
    length = environ.get("CONTENT_LENGTH")
    if length and len(length) > 3 and int(length) > (BODY if media_of(request) in _JSON else TEXT):  # 1,000 and more
        return True
    if request.verb in _CHECKED and served.schema.checks_long:
        return True
    if request.verb in _CHANGES and served.collection is not None:
        record = served.collection.records.get(served.key(request.namespace, request.name))
        return record is not None and len(record.body) > OBJECT
    if request.verb == "list" and served.collection is not None:
        return _has_many_rows(request, served)
    return False


def _has_many_rows(request: Request, served: Served) -> bool:
    """Tables and other versions are made object by object; what is stored is sent as it is."""
    assert served.collection is not None
    if len(served.collection.records) <= ROWS:
        return False
    if len(request.environ.get("QUERY_STRING") or "") > QUERY:
        return True
    limit = request.value("limit") if request.query else ""
    if limit.isascii() and limit.isdigit() and 0 < int(limit[:9]) <= ROWS:
        return False
    accept = request.environ.get("HTTP_ACCEPT", "")
    converts = served.collection.head != served.head
    return converts or "as=Table" in accept or "as=PartialObjectMetadataList" in accept
