"""Stored objects of a kind whose schema has changed, in the cache: pruned and defaulted by the schema of now.

What is in the store stays as it is. Without it every read would have to decode. Source: apiextensions-apiserver,
customresource_handler.go (what its storage codec does when it reads).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

from sampan.errors import StatusError
from sampan_machinery.encoding import encode
from sampan_server.cache.collection import Collection
from sampan_server.cache.records import Record, fill_revision
from sampan_server.registry import Served

log = logging.getLogger(__name__)


def renew(collection: Collection, versions: Iterable[Served]) -> None:
    """Put every record of one of these versions into the form that its schema gives it now.

    Records are replaced field by field, and readers may hold them: a reader sees either form.
    """
    served = tuple(versions)
    for record in list(collection.records.values()):
        body = _renewed(record, served)
        if body is not None:
            record.body = body
            record.forget()


def _renewed(record: Record, versions: Sequence[Served]) -> bytes | None:
    """The new form; None where it is as it was."""
    for served in versions:
        if record.body.startswith(served.head):
            break
    else:
        return None
    obj = record.decode()
    try:
        found = served.schema.prune(obj)
        served.schema.default(found)
    except StatusError as error:
        log.debug("%s is left as it is stored: %s", record.key, error)
        return None
    if found == obj:
        return None
    found["metadata"]["resourceVersion"] = ""
    return fill_revision(encode(found, served.kind.api_version, served.kind.kind), record.revision)
