"""The stored form of an object: the final JSON without its revision, which is inserted when it is read.

Keys in the order kind, apiVersion, metadata, rest; metadata begins with ``"resourceVersion":""``, so that the revision
is inserted by one replacement in the bytes and a read never decodes. Knows nothing of kinds or fields.
"""

from __future__ import annotations

from typing import Any

import msgspec

from sampan.errors import BadRequest

Object = dict[str, Any]

_encode = msgspec.json.Encoder().encode
_UNSET = b'"resourceVersion":""'


def encode(obj: Object, api_version: str, kind: str) -> bytes:
    """The stored form. ``obj`` is not changed; its kind, apiVersion and resourceVersion are ignored.

    Raises BadRequest for values that JSON cannot represent: lone surrogates, endless nesting.
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
    """A stored value with its revision, as sent to clients."""
    return value.replace(_UNSET, b'"resourceVersion":"%d"' % revision, 1)
