"""Stored objects of a kind in the cache: pruned and defaulted by the schema of the version that they are stored in.

The schema may have changed since they were written, or the write came by another version, whose defaults are others.
What is in the store stays as it is until the next update. Without it every read would have to decode. Source:
apiextensions-apiserver, customresource_handler.go (what its storage codec does when it reads).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

from sampan.contracts.kinds import Object
from sampan_machinery.encoding import encode
from sampan_server.cache.collection import Collection
from sampan_server.cache.records import Record, fill_revision
from sampan_server.registry import Served
from sampan_server.request.encoding import decode_json

log = logging.getLogger(__name__)


def renew(collection: Collection, versions: Iterable[Served]) -> None:
    """Put every record of one of these versions into the form that its schema gives it now.

    From here on also each that comes, where several versions write to the collection. Records are replaced field by
    field, and readers may hold them: a reader sees either form.
    """
    served = tuple(versions)
    collection.renew = (lambda record: _renew(record, served)) if len(served) > 1 else None
    for record in list(collection.records.values()):
        _renew(record, served)


def _renew(record: Record, versions: Sequence[Served]) -> None:
    stored = record.body if record.stored is None else record.stored
    try:
        body = _renewed(record, stored, versions)
    except Exception as error:  # what others have put into the store must not end the feed
        log.debug("%s is left as it is stored: %s", record.key, error)
        body = None
    if body != (None if record.stored is None else record.body):
        record.renew(body)


def _renewed(record: Record, stored: bytes, versions: Sequence[Served]) -> bytes | None:
    """The form that readers get; None where it is the stored one. May raise anything: stored bytes are of any shape."""
    for served in versions:
        if stored.startswith(served.head):
            break
    else:
        return None
    obj: Object = decode_json(stored)
    found = served.schema.prune(obj)
    served.schema.default(found)
    if found == obj:
        return None
    found["metadata"]["resourceVersion"] = ""
    return fill_revision(encode(found, served.kind.api_version, served.kind.kind), record.revision)
