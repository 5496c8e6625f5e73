"""Words and look-ups that subjects share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sampan.contracts.resources import Object
from sampan_explain.objects import Objects
from sampan_machinery.metadata import get_path, parse_time
from sampan_machinery.resources import EVENTS


def ref(obj: Object) -> str:
    return f"{obj.get('kind', '').lower()}/{obj['metadata']['name']}"


def flag(namespace: str) -> str:
    """Of a kubectl command."""
    return f" -n {namespace}" if namespace else ""


def namespace_of(obj: Object) -> str:
    found: str = obj["metadata"].get("namespace", "")
    return found


def warnings(obj: Object, objects: Objects, *reasons: str) -> list[Object]:
    """Warning events about the object, the newest first; with those reasons, or all."""
    metadata = obj["metadata"]
    found = [
        event
        for event in objects.list(EVENTS, metadata.get("namespace") or "default")
        if _is_about(event, obj) and (event.get("reason") in reasons if reasons else event.get("type") == "Warning")
    ]
    return sorted(found, key=seen_at, reverse=True)


def _is_about(event: Object, obj: Object) -> bool:
    about, metadata = event.get("involvedObject") or {}, obj["metadata"]
    if about.get("uid") and metadata.get("uid") and about["uid"] != metadata["uid"]:
        return obj.get("kind") == "Node" and about.get("name") == metadata["name"]  # upstream puts the name there
    return bool(about.get("name") == metadata["name"] and about.get("kind") == obj.get("kind"))


def seen_at(event: Object) -> float:
    for field in ("lastTimestamp", "eventTime", "firstTimestamp"):
        if event.get(field):
            return parse_time(event[field])
    return parse_time(event["metadata"]["creationTimestamp"]) if event["metadata"].get("creationTimestamp") else 0.0


def event_fact(event: Object) -> str:
    count = event.get("count") or get_path(event, "series", "count", default=0)
    times = f" ({count} times)" if count and count > 1 else ""
    return f"event {event.get('reason')}{times}: {one_line(event.get('message'))}"


def one_line(text: object, most: int = 300) -> str:
    return " ".join(str(text or "").split())[:most]


def sentence(text: object) -> str:
    """With a full stop."""
    said = one_line(text).rstrip(".: ")
    return f"{said}." if said else ""


def listed(names: Iterable[str], most: int = 5) -> str:
    found = list(names)
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(found[:most]) + more


def age(seconds: float) -> str:
    """5s, 3m, 2h or 4d."""
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return f"{max(0, int(seconds))}s"


def since(text: str | None, now: float) -> float:
    """Seconds; 0 where no time is given."""
    return max(0.0, now - parse_time(text)) if text else 0.0


def plural(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def condition_fact(condition: Object) -> str:
    message = one_line(condition.get("message"))
    reason = condition.get("reason") or "no reason"
    return f"condition {condition['type']} is {condition['status']} ({reason}){': ' + message if message else ''}"


def similar(names: Sequence[str], name: str) -> str:
    """The most similar of the names, as a question; "" if none is."""
    import difflib

    near = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean {near[0]}?" if near else ""
