"""What differs between two comparable answers: one Difference each, with a key that is the same for the same fault.

``ours`` is the server under test, ``peers`` the other. Values are generalised in keys: quoted text and numbers in
messages, positions in lists.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|\b\d+\b')
_OBJECT = re.compile(r"^(\[\]\.object\.)?(rows\[\]\.object|items\[\])\.(?!kind|apiVersion)|^\[\]\.object\.")
_MISSING = object()


@dataclass(frozen=True)
class Difference:
    where: str  # "create pods"
    aspect: str  # status, reason, cause, message, warnings, object, managedFields, table, list, watch
    path: str
    shape: str
    ours: str
    peers: str

    @property
    def key(self) -> str:
        verb = f"{self.where.partition(' ')[0]} " if self.aspect in ("status", "reason") else ""
        return f"{verb}{self.where.partition(' ')[2]} {self.aspect} {self.path}: {self.shape}"

    @property
    def line(self) -> str:
        """What accepted differences are matched with."""
        return f"{self.where} {self.aspect} {self.path}: {self.shape} | {self.ours} | {self.peers}"


def differences(where: str, ours: dict[str, Any], peers: dict[str, Any]) -> list[Difference]:
    found = list(_answers(where, ours, peers))
    return list({difference.key: difference for difference in found}.values())


def _answers(where: str, ours: dict[str, Any], peers: dict[str, Any]) -> Iterator[Difference]:
    mine, others = ours["body"], peers["body"]
    if where.startswith("watch"):
        mine, others = mine or [], others or []  # bookmarks alone, or nothing at all
    if ours["status"] != peers["status"]:
        shape = f"{ours['status']} not {peers['status']}"
        yield Difference(where, "status", "", f"{shape} {_reason(peers)}", _shown(mine), _shown(others))
        return
    if ours["type"] != peers["type"]:
        yield Difference(where, "type", "", f"{ours['type']} not {peers['type']}", ours["type"], peers["type"])
    if ours["warnings"] != peers["warnings"]:
        yield from _warnings(where, ours["warnings"], peers["warnings"])
    if _is_failure(mine) and _is_failure(others):
        yield from _failures(where, mine, others)
        return
    if _kind_of(mine) != _kind_of(others) and not where.startswith("watch"):
        shape = f"{_kind_of(mine)} not {_kind_of(others)}"
        yield Difference(where, "kind", "", shape, _shown(mine), _shown(others))
        return
    yield from contents(where, _aspect(others), mine, others)


def contents(where: str, aspect: str, ours: Any, peers: Any) -> Iterator[Difference]:
    """An object in a list, in a row or in an event is compared as an object: one fault, wherever it is seen."""
    if _is_error(ours) != _is_error(peers):
        shape = f"{'an error' if _is_error(ours) else 'events'} not {'an error' if _is_error(peers) else 'events'}"
        yield Difference(where, aspect, "", shape, _shown(ours), _shown(peers))
        return
    for path, shape, left, right in _walk(ours, peers, ""):
        inner = _OBJECT.sub("", path)
        kind = "managedFields" if "managedFields" in path else aspect if inner == path else "object"
        yield Difference(where, kind, inner, shape, _shown(left), _shown(right))


def _is_error(body: Any) -> bool:
    """A watch that ends with an error, or an answer that is one event, an error."""
    events = body if isinstance(body, list) else [body]
    return any(isinstance(event, dict) and event.get("type") == "ERROR" for event in events)


def _kind_of(body: Any) -> str:
    return str(body.get("kind")) if isinstance(body, dict) else type(body).__name__


def _is_failure(body: Any) -> bool:
    return isinstance(body, dict) and body.get("kind") == "Status" and body.get("status") == "Failure"


def _reason(answer: dict[str, Any]) -> str:
    body = answer["body"]
    if not _is_failure(body):
        return ""
    causes = (body.get("details") or {}).get("causes") or ()
    return (
        " ".join(sorted({_general_path(cause.get("field", "")) for cause in causes})) or _general(body["message"])[:70]
    )


def _aspect(body: Any) -> str:
    if isinstance(body, list):
        return "watch"
    kind = body.get("kind", "") if isinstance(body, dict) else ""
    return "table" if kind == "Table" else "list" if kind.endswith("List") else "object"


def _warnings(where: str, ours: list[str], peers: list[str]) -> Iterator[Difference]:
    for text in peers:
        if text not in ours:
            yield Difference(where, "warnings", "", f"lacks {_general(text)}", _shown(ours), text)
    for text in ours:
        if text not in peers:
            yield Difference(where, "warnings", "", f"adds {_general(text)}", text, _shown(peers))
    if sorted(ours) == sorted(peers):
        yield Difference(where, "warnings", "", "order", _shown(ours), _shown(peers))


def _failures(where: str, ours: dict[str, Any], peers: dict[str, Any]) -> Iterator[Difference]:
    if ours.get("reason") != peers.get("reason"):
        shape = f"{ours.get('reason')} not {peers.get('reason')}"
        yield Difference(where, "reason", "", shape, str(ours.get("message")), str(peers.get("message")))
        return
    mine, others = ((body.get("details") or {}).get("causes") or [] for body in (ours, peers))
    if mine != others:
        yield from _causes(where, mine, others)
    elif not mine and ours.get("message") != peers.get("message"):
        shape = f"{_general(str(ours.get('message')))} not {_general(str(peers.get('message')))}"
        yield Difference(where, "message", "", shape, str(ours.get("message")), str(peers.get("message")))
    for path, shape, left, right in _walk(ours, peers, ""):
        if not path.startswith(("message", "details.causes", "reason")):
            yield Difference(where, "failure", path, shape, _shown(left), _shown(right))


def _causes(where: str, ours: list[Any], peers: list[Any]) -> Iterator[Difference]:
    mine, others = [_cause(cause) for cause in ours], [_cause(cause) for cause in peers]
    for cause in peers:
        if _cause(cause) not in mine:
            yield _about(where, "lacks", cause, ours, peers)
    for cause in ours:
        if _cause(cause) not in others:
            yield _about(where, "adds", cause, ours, peers)
    if sorted(mine) == sorted(others):
        yield Difference(where, "cause", "", f"order {_fields(peers)}", _shown(mine), _shown(others))
    elif set(mine) == set(others):
        yield Difference(where, "cause", "", f"number {_fields(peers)}", _shown(mine), _shown(others))


def _fields(causes: list[Any]) -> str:
    return " ".join(dict.fromkeys(_general_path(cause.get("field", "")) for cause in causes))


def _about(where: str, word: str, cause: Any, ours: list[Any], peers: list[Any]) -> Difference:
    field, message = cause.get("field", ""), cause.get("message", "")
    shape = f"{word} {cause.get('reason')} {_general(message)}"
    left, right = ([_cause(each) for each in side] for side in (ours, peers))
    return Difference(where, "cause", _general_path(field), shape, _shown(left), _shown(right))


def _cause(cause: Any) -> str:
    return f"{cause.get('field', '')}: {cause.get('reason', '')}: {cause.get('message', '')}"


def _general(text: str) -> str:
    return _QUOTED.sub("_", text)


def _general_path(path: str) -> str:
    return re.sub(r"\[[^]]*\]", "[]", path)


def _shown(value: Any) -> str:
    if value is _MISSING:
        return "nothing"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) < 900 else text[:900] + "…"


def _walk(ours: Any, peers: Any, path: str) -> Iterator[tuple[str, str, Any, Any]]:
    """Path, shape and both values of each place where the two are not the same."""
    if type(ours) is type(peers) and ours == peers:
        return
    if isinstance(ours, dict) and isinstance(peers, dict):
        for key in dict.fromkeys([*peers, *ours]):
            step = re.sub(r"^(k|v):.*", r"\1:", key)
            below = f"{path}.{step}" if path else step
            left, right = ours.get(key, _MISSING), peers.get(key, _MISSING)
            if left is _MISSING or right is _MISSING:
                shape = f"lacks {_kind(right)}" if left is _MISSING else f"adds {_kind(left)}"
                yield below, shape, left, right
            else:
                yield from _walk(left, right, below)
    elif isinstance(ours, list) and isinstance(peers, list):
        if len(ours) != len(peers):
            yield path, f"{'fewer' if len(ours) < len(peers) else 'more'} items", ours, peers
            return
        if sorted(map(_shown, ours)) == sorted(map(_shown, peers)):
            yield path, "order", ours, peers
            return
        for left, right in zip(ours, peers, strict=True):
            yield from _walk(left, right, f"{path}[]")
    else:
        yield path, f"{_kind(ours)} not {_kind(peers)}", ours, peers


def _kind(value: Any) -> str:
    if value in ([], {}):
        return "empty " + type(value).__name__
    if isinstance(value, str):
        return "text" if value else "empty text"
    return type(value).__name__
