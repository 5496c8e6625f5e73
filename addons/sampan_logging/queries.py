"""A log query as an Elasticsearch search, and its answer as lines. Pure. Must not know the client."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from sampan.errors import BadRequest
from sampan_logging.documents import index_name

PAGE = 1000  # hits asked for at a time; Elasticsearch gives 10,000 at most
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_SINCE = re.compile(r"(\d+)([smhdw])")


class SearchQuery(NamedTuple):
    """``text`` in Elasticsearch's query string syntax; "" and () mean any. ``since``: ``15m`` or a time in RFC 3339."""

    text: str = ""
    namespace: str = ""
    pod: str = ""
    container: str = ""
    selector: str = ""
    since: str = ""


def search(question: SearchQuery, *, size: int, flat: bool, after: list[Any] | None = None) -> dict[str, Any]:
    """The search's body, newest first. Raises BadRequest."""
    must: list[dict[str, Any]] = []
    if question.text:
        must.append({"query_string": {"query": question.text, "default_field": "message", "default_operator": "AND"}})
    wanted = {
        "kubernetes.namespace": question.namespace,
        "kubernetes.pod.name": question.pod,
        "kubernetes.container.name": question.container,
    }
    filters: list[dict[str, Any]] = [{"term": {field: value}} for field, value in wanted.items() if value]
    unwanted: list[dict[str, Any]] = []
    for part in filter(None, question.selector.split(",")):
        (unwanted if _negative(part) else filters).append(_label(part.strip(), flat))
    if question.since:
        filters.append({"range": {"@timestamp": {"gte": _since(question.since)}}})
    body: dict[str, Any] = {
        "query": {"bool": {"must": must, "filter": filters, "must_not": unwanted}},
        "sort": [
            {"@timestamp": {"order": "desc", "numeric_type": "date_nanos"}},
            {"order": {"order": "desc", "unmapped_type": "long"}},
            {"kubernetes.pod.uid": {"order": "desc", "unmapped_type": "keyword"}},
            {"kubernetes.container.name": {"order": "desc", "unmapped_type": "keyword"}},
        ],
        "size": min(size, PAGE),
        "track_total_hits": False,
    }
    if after:
        body["search_after"] = after
    return body


def pattern(prefix: str, *, stream: bool) -> str:
    """The indices to search."""
    return index_name(prefix, 0, stream=True) if stream else f"{prefix}-*"


def in_words(document: dict[str, Any]) -> str:
    """One line of the answer."""
    about = document.get("kubernetes") or {}
    where = f"{about.get('namespace')}/{(about.get('pod') or {}).get('name')}"
    container = (about.get("container") or {}).get("name")
    mark = "(gap) " if (document.get("event") or {}).get("kind") == "gap" else ""
    return f"{document.get('@timestamp')} {where} {container}: {mark}{document.get('message')}"


def _negative(part: str) -> bool:
    return "!=" in part or part.strip().startswith("!")


def _label(part: str, flat: bool) -> dict[str, Any]:
    name, sign, value = re.match(r"!?\s*([^=!\s]*)\s*(!=|==|=|)\s*(.*)", part, re.DOTALL).groups()  # type: ignore[union-attr]  # matches any text
    if not name or any(sign in value for sign in "=!() "):
        raise BadRequest(f"the selector {part!r} is not KEY, !KEY, KEY=VALUE or KEY!=VALUE")
    field = f"kubernetes.labels.{name if flat else name.replace('.', '_')}"
    return {"term": {field: value}} if sign else {"exists": {"field": field}}


def _since(text: str) -> str:
    match = _SINCE.fullmatch(text)
    if match:
        return f"now-{int(match[1]) * _UNITS[match[2]]}s"
    if not re.fullmatch(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?", text):
        raise BadRequest(
            f"--since {text!r} is neither a length of time (15m, 2h, 1d) nor a time (2026-01-31T12:00:00Z)"
        )
    return text
