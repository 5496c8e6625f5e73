"""One request with places to fill in, and stories: requests that belong together because they are about one object.

A place is filled per server, as both servers give their own uids and versions: ``@NAME@`` the story's name, ``@RV@``
and ``@OLD@`` the newest and the first resourceVersion seen, ``@UID@``, ``@CONT@`` a list's continue token.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import protobufs
import yaml

MERGE, STRATEGIC, JSON_PATCH, APPLY = (
    f"application/{how}" for how in ("merge-patch+json", "strategic-merge-patch+json", "json-patch+json",
                                     "apply-patch+yaml")
)  # fmt: skip
JSON, YAML, PROTOBUF = "application/json", "application/yaml", protobufs.MEDIA_TYPE
TABLE, PARTIAL, PARTIALS = (
    f"application/json;as={form};v=v1;g=meta.k8s.io" for form in ("Table", "PartialObjectMetadata",
                                                                  "PartialObjectMetadataList")
)  # fmt: skip


@dataclass(frozen=True)
class Step:
    verb: str  # what reports call it: create, patch, get …
    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    accept: str = ""
    content_type: str = ""
    body: Any = None

    def filled(self, places: Mapping[str, str]) -> tuple[str, dict[str, str], bytes | None]:
        """Path with query, headers and body, ready to be sent."""
        headers = {"Content-Type": self.content_type} if self.content_type else {}
        if self.accept:
            headers["Accept"] = self.accept
        path = quote(_filled(self.path, places), safe="/:")
        query = {name: _filled(value, places) for name, value in self.query.items()}
        body = None if self.body is None else self._encoded(_filled(self.body, places))
        return path + (f"?{urlencode(query)}" if query else ""), headers, body

    def _encoded(self, body: Any) -> bytes:
        if isinstance(body, str):
            return body.encode()
        if self.content_type == PROTOBUF:
            return protobufs.encode(body)
        if self.content_type == YAML:
            return yaml.safe_dump(body, allow_unicode=True).encode()
        return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()

    def short(self) -> str:
        query = f"?{urlencode(self.query)}" if self.query else ""
        kind = f" ({self.content_type.removeprefix('application/')})" if self.content_type not in ("", JSON) else ""
        accept = f" accept {self.accept}" if self.accept else ""
        body = "" if self.body is None else f" {self.body if isinstance(self.body, str) else json.dumps(self.body)}"
        return f"{self.method} {self.path}{query}{accept}{kind}{body}"


@dataclass(frozen=True)
class Story:
    resource: str  # plural, with its group: deployments.apps
    collection: str  # the path of the collection that its object is in
    steps: tuple[Step, ...]

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        steps = [{key: value for key, value in asdict(step).items() if value not in (None, "", {})}
                 for step in self.steps]  # fmt: skip
        return {"resource": self.resource, "collection": self.collection, "steps": steps}


def from_plain(story: Mapping[str, Any]) -> Story:
    return Story(story["resource"], story["collection"], tuple(Step(**step) for step in story["steps"]))


def _filled(value: Any, places: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        if "@" in value:
            for place, text in places.items():
                value = value.replace(place, text)
        return value
    if isinstance(value, dict):
        return {_filled(key, places): _filled(child, places) for key, child in value.items()}
    if isinstance(value, list):
        return [_filled(child, places) for child in value]
    return value
