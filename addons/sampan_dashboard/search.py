"""What a search text finds in an object: its name, a label, an image, an address, what went wrong. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

Object = Mapping[str, Any]


class Hit(NamedTuple):
    """Where the text was found; a smaller ``rank`` is a better hit."""

    rank: int
    where: str
    text: str


def texts(obj: Object) -> Iterator[tuple[int, str, str]]:
    """(rank, where, text) of everything that is searched."""
    metadata = obj.get("metadata") or {}
    yield 1, "name", str(metadata.get("name") or "")
    for key, value in (metadata.get("labels") or {}).items():
        yield 3, "label", f"{key}={value}"
    spec, status = obj.get("spec"), obj.get("status")
    if isinstance(spec, dict):
        yield from _of_spec(spec)
    if isinstance(status, dict):
        yield from _of_status(status)
    if obj.get("kind") == "Event":
        yield 6, "event", f"{obj.get('reason')}: {obj.get('message')}"


def _of_spec(spec: Object) -> Iterator[tuple[int, str, str]]:
    template = spec.get("template") or (spec.get("jobTemplate") or {}).get("spec", {}).get("template") or {}
    pod = template.get("spec") if isinstance(template, dict) else None
    for holder in (spec, pod or {}):
        for part in ("initContainers", "containers"):
            for container in holder.get(part) or () if isinstance(holder.get(part), list) else ():
                yield 4, "image", str(container.get("image") or "")
    for address in (*_texts(spec.get("clusterIPs")), *_texts(spec.get("externalIPs"))):
        yield 2, "IP", address
    for rule in spec.get("rules") or () if isinstance(spec.get("rules"), list) else ():
        if isinstance(rule, dict) and rule.get("host"):
            yield 3, "host", str(rule["host"])


def _of_status(status: Object) -> Iterator[tuple[int, str, str]]:
    for key in ("podIP", "hostIP"):
        if status.get(key):
            yield 2, "IP", str(status[key])
    for each in status.get("addresses") or () if isinstance(status.get("addresses"), list) else ():
        if isinstance(each, dict):
            yield 2, "address", str(each.get("address") or "")
    for part in ("initContainerStatuses", "containerStatuses"):
        for each in status.get(part) or ():
            for name in ("state", "lastState"):
                for found in (each.get(name) or {}).values():
                    if isinstance(found, dict) and (found.get("message") or found.get("reason")):
                        yield 5, "error", f"{found.get('reason') or ''} {found.get('message') or ''}".strip()
    for each in status.get("conditions") or () if isinstance(status.get("conditions"), list) else ():
        if isinstance(each, dict) and each.get("status") == "False" and each.get("message"):
            yield 5, "condition", f"{each.get('reason') or each.get('type')}: {each['message']}"


def _texts(value: Any) -> Iterable[str]:
    return [str(each) for each in value] if isinstance(value, list) else []


def hit(obj: Object, wanted: str) -> Hit | None:
    """The best place in which the text is, upper and lower case alike."""
    low, found = wanted.lower(), []
    for rank, where, text in texts(obj):
        at = text.lower()
        if low in at:
            found.append(Hit(0 if where == "name" and at == low else rank, where, text))
    return min(found, default=None)
