"""The stored form of an object: final JSON but for its revision, which the reader fills in.

Keys in the order kind, apiVersion, metadata, rest; metadata begins with ``"resourceVersion":""``, so that filling in
the revision is one replacement in the bytes and reading never decodes. Knows nothing of kinds or fields.
"""

from __future__ import annotations

from typing import Any

import msgspec

from sampan.errors import BadRequest

Object = dict[str, Any]

_encode = msgspec.json.Encoder().encode
_UNSET = b'"resourceVersion":""'


def encode(obj: Object, api_version: str, kind: str) -> bytes:
    """The stored form. ``obj`` is left as it is; its own kind, apiVersion and resourceVersion do not count.

    Raises BadRequest for what JSON cannot hold: half surrogates, endless nesting.
    """
    metadata = {"resourceVersion": "", **(obj.get("metadata") or {})}
    metadata["resourceVersion"] = ""
    whole = {"kind": kind, "apiVersion": api_version, "metadata": metadata, **obj}
    whole["kind"], whole["apiVersion"], whole["metadata"] = kind, api_version, metadata
    try:
        return _encode(whole)
    except (OverflowError, UnicodeError, RecursionError, TypeError, ValueError) as error:
        raise BadRequest(f"{kind} cannot be stored as JSON: {error}") from None


def with_revision(value: bytes, revision: int) -> bytes:
    """A stored value as clients see it at this revision."""
    return value.replace(_UNSET, b'"resourceVersion":"%d"' % revision, 1)
