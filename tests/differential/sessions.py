"""A story told to one server: fills the places, remembers versions, makes the answers comparable."""

from __future__ import annotations

import datetime
import functools
import json
import re
import time
from typing import Any

import protobufs
import yaml
from protobufs import Unencodable
from steps import Step, Story
from targets import Answer, Target

_UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
_TIME = re.compile(r"\b(\d{4}-\d\d-\d\d)T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_SERVICE_IP = re.compile(r"\b10\.96\.\d+\.\d+\b")
_AGE = re.compile(r"(\d+(ms|s|m|h|d|y))+")
_NODE_PORT = re.compile(r":3[0-2]\d{3}/")
_DIFF = re.compile(r"\n(@@|  )[^\0]*")  # Go prints what changed, in a form that it does not keep stable
_COMPOSITE = re.compile(
    r"((?:Invalid|Unsupported|Duplicate) value: )(?:null|[{\[].*?[}\]])(?=: |$)"
)  # Go prints the fields of types that clients never see
_VERSION = re.compile(r"((?:current: |version: |record |precondition )\(?|\()\d+(\)?)")
_TOKEN_VOLUME = re.compile(r"\bkube-api-access-[a-z0-9]{5}\b")
_JSON_NUMBERS = functools.partial(json.loads, parse_constant=str)


#: what objects are called whose name is not the story's alone
_OBJECTS = {"apiservices": "v1.@NAME@.example", "customresourcedefinitions": "@NAME@s.differential.example"}
#: what the servers call themselves as the owner of fields
_SERVERS = {"sampan": "SERVER", "kube-apiserver": "SERVER"}
_DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_SETTLING = 100  # looks at a new definition


class Session:
    """One story on one server."""

    def __init__(self, target: Target, name: str) -> None:
        self._target = target
        self._name = name
        self.places = {"@NAME@": name, "@RV@": "0", "@OLD@": "0", "@UID@": "0", "@CONT@": "none"}
        self._generated = re.compile(rf"\b({re.escape(name)}[a-z0-9.-]*-)[bcdfghjklmnpqrstvwxz2456789]{{5}}\b")

    def tell(self, step: Step) -> dict[str, Any] | None:
        """The comparable answer; None where the step cannot be said."""
        try:
            path, headers, body = step.filled(self.places)
        except Unencodable:
            return None
        answer = self._target.ask(step.method, path, headers, body)
        content = _content(answer)
        if step.method != "GET" and step.path.startswith(_DEFINITIONS) and answer.status in (200, 201):
            self._settle()
        self._remember(content)
        return {
            "status": answer.status,
            "type": answer.content_type,
            "warnings": [self._text(text) for text in answer.warnings],
            "body": self._plain(content, ""),
        }

    def clean_up(self, story: Story) -> None:
        """Nothing of the story stays, whatever finalizers it left."""
        if sum(step.verb == "create" and step.path == story.collection for step in story.steps) > 2:
            self._target.ask("DELETE", f"{story.collection}?labelSelector=story%3D{self._name}", {}, None)
        path = f"{story.collection}/{self._object(story.resource.partition('.')[0])}"
        ask = functools.partial(self._target.ask, headers={"Content-Type": "application/json"})
        for _ in range(2):
            if self._target.ask("GET", path, {}, None).status != 200:
                return
            ask("DELETE", path, body=b'{"gracePeriodSeconds":0,"propagationPolicy":"Background"}')
            if self._target.ask("GET", path, {}, None).status != 200:
                return
            if story.resource == "namespaces":
                whole = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self._name}}
                ask("PUT", f"{path}/finalize", body=json.dumps(whole).encode())
            patch = {"Content-Type": "application/merge-patch+json"}
            self._target.ask("PATCH", path, patch, b'{"metadata":{"finalizers":null}}')

    def _settle(self) -> None:
        """Until the server has done what it does to a written definition a moment later: its status, its end."""
        path = f"{_DEFINITIONS}/{self._object('customresourcedefinitions')}"
        for _ in range(_SETTLING):
            found = _content(self._target.ask("GET", path, {}, None))
            if found.get("kind") == "Status":
                return
            going, others = "deletionTimestamp" in found["metadata"], len(found["metadata"].get("finalizers") or ()) > 1
            if others or (not going and (found.get("status") or {}).get("conditions")):
                return
            time.sleep(0.02)

    def _object(self, plural: str) -> str:
        """What the story's object is called."""
        return _OBJECTS.get(plural, "@NAME@").replace("@NAME@", self._name)

    def _remember(self, content: Any) -> None:
        if not isinstance(content, dict) or not isinstance(content.get("metadata"), dict):
            return
        metadata = content["metadata"]
        if isinstance(content.get("items"), list):
            self.places["@CONT@"] = metadata.get("continue") or self.places["@CONT@"]
        elif self._name in str(metadata.get("name")) and metadata.get("resourceVersion"):
            if self.places["@OLD@"] == "0":
                self.places["@OLD@"] = metadata["resourceVersion"]
            self.places["@RV@"] = metadata["resourceVersion"]
            self.places["@UID@"] = metadata.get("uid") or "0"

    def _plain(self, value: Any, key: str) -> Any:
        if key == "managedFields" and isinstance(value, list):
            value = sorted(value, key=_owner)  # they come in the order of their times, in whole seconds
            plain = [{name: self._plain(child, name) for name, child in entry.items()} for entry in value]
            for entry in plain:
                entry["manager"] = _SERVERS.get(entry.get("manager"), entry.get("manager"))
            return sorted(plain, key=_owner)
        if isinstance(value, dict):
            return {name: self._plain(child, name) for name, child in value.items()}
        if isinstance(value, list):
            return [self._plain(child, key) for child in value]
        if key in ("resourceVersion", "uid", "continue") and value:
            return key.upper()
        if key == "token" and isinstance(value, str) and value.startswith("eyJ"):
            return "TOKEN"
        if key in ("nodePort", "healthCheckNodePort") and isinstance(value, int) and 30000 <= value <= 33000:
            return "PORT"
        if key == "cells" and isinstance(value, str):
            return "AGE" if _AGE.fullmatch(value) else self._text(_NODE_PORT.sub(":PORT/", value))
        return self._text(value) if isinstance(value, str) else value

    def _text(self, text: str) -> str:
        text = text.replace(self.places["@CONT@"], "CONT") if self.places["@CONT@"] != "none" else text
        text = _TIME.sub(_now, _UUID.sub("UID", text))
        text = _TOKEN_VOLUME.sub("kube-api-access-XXXXX", _SERVICE_IP.sub("SERVICE-IP", text))
        text = _COMPOSITE.sub(r"\1VALUE", _DIFF.sub("", text))
        text = self._generated.sub(r"\1XXXXX", text).replace(self._name, "@NAME@")
        return _VERSION.sub(r"\1VERSION\2", text)


def _owner(entry: dict[str, Any]) -> str:
    return " ".join(str(entry.get(name)) for name in ("manager", "operation", "subresource", "apiVersion"))


def _content(answer: Answer) -> Any:
    kind = answer.content_type.partition(";")[0]
    try:
        if kind == "application/json":
            lines = answer.body.splitlines()
            if lines and lines[0].startswith(b'{"type":'):
                events = [_JSON_NUMBERS(line) for line in lines]
                return [event for event in events if not _is_mark(event)]
            return _JSON_NUMBERS(answer.body)
        if kind == protobufs.MEDIA_TYPE:
            return protobufs.decode(answer.body)
        if kind == "application/yaml":
            return yaml.safe_load(answer.body)
    except ValueError:
        pass
    return answer.body.decode("utf-8", "replace")


def _is_mark(event: dict[str, Any]) -> bool:
    """A bookmark, which comes when a server likes; not the one that ends an initial state."""
    return event["type"] == "BOOKMARK" and "initial-events-end" not in json.dumps(event)


def _now(found: re.Match[str]) -> str:
    """A time of today, give or take a day, is the server's; others are the story's."""
    try:
        day = datetime.date.fromisoformat(found[1])
    except ValueError:
        return found[0]
    return "NOW" if abs((day - datetime.datetime.now(datetime.UTC).date()).days) <= 1 else found[0]
