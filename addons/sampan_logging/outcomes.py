"""The result for one document: arrived, to be sent again, or refused permanently.

Pure. Source: Elasticsearch's bulk API (each item has a status and an error of its own). Must not know the client.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, NamedTuple


class Disposition(Enum):
    ARRIVED = "arrived"
    REPEATED = "repeated"  # it had arrived before
    RETRY = "retry"
    REJECTED = "rejected"
    DOUBTFUL = "doubtful"  # a request with it alone was refused: because of the document or of the server


class BulkResult(NamedTuple):
    fate: Disposition
    why: str = ""


#: Refused because of what the document is; everything else may pass (disk full, shard missing, index blocked …).
_FOR_GOOD = (400, 413)


def outcome(item: Mapping[str, Any]) -> BulkResult:
    """Of one item of a bulk answer, without its operation's name."""
    status = item.get("status")
    status = status if isinstance(status, int) else 500
    if 200 <= status < 300:
        return BulkResult(Disposition.ARRIVED)
    if status == 409:
        return BulkResult(Disposition.REPEATED)
    why = f"{status} {_reason(item.get('error'))}".strip()
    return BulkResult(Disposition.REJECTED if status in _FOR_GOOD else Disposition.RETRY, why)


def _reason(error: Any) -> str:
    if not isinstance(error, Mapping):
        return str(error or "")
    cause = error.get("caused_by")
    words = ": ".join(str(error[name]) for name in ("type", "reason") if error.get(name))
    return f"{words} ({_reason(cause)})" if isinstance(cause, Mapping) and cause else words
