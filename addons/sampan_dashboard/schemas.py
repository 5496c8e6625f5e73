"""The OpenAPI schema of a kind as the server publishes it. Of a document only that is decoded which the kind refers to:
a group's document has some megabytes with descriptions.

Source: Kubernetes API concepts, "OpenAPI V3"; OpenAPI 3.0, "Reference Object".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from sampan.contracts.kinds import Resource
from sampan.errors import StatusError
from sampan_client import Client

Schema = Mapping[str, Any]
PREFIX = "#/components/schemas/"
MARK = "x-kubernetes-group-version-kind"
NESTED = 8  # references that lead to references


class _Components(msgspec.Struct):
    schemas: dict[str, msgspec.Raw] = {}


class _Document(msgspec.Struct):
    components: _Components = msgspec.field(default_factory=_Components)


class _Kind(msgspec.Struct):
    group: str = ""
    version: str = ""
    kind: str = ""


class _Marked(msgspec.Struct):
    kinds: list[_Kind] = msgspec.field(name=MARK, default_factory=list)


class Definitions:
    """The definitions of one document, each decoded when it is asked for."""

    def __init__(self, raw: Mapping[str, msgspec.Raw] | None = None) -> None:
        self._raw = raw or {}
        self._decoded: dict[str, Schema] = {}

    def of(self, schema: Schema) -> Schema:
        """What a reference stands for, with what stands beside it (a default, a description); {} for one that leads
        nowhere."""
        for _ in range(NESTED):
            parts: Any = schema.get("allOf") or ()
            target = schema.get("$ref")
            if target is None and len(parts) == 1:
                target = parts[0].get("$ref")
            if target is None:
                return schema
            beside = {key: value for key, value in schema.items() if key not in ("$ref", "allOf")}
            schema = {**self._named(str(target).removeprefix(PREFIX)), **beside}
        return {}

    def kind(self, resource: Resource) -> Schema | None:
        wanted = _Kind(resource.group, resource.version, resource.kind)
        for name, raw in self._raw.items():
            if MARK.encode() in bytes(raw) and wanted in msgspec.json.decode(raw, type=_Marked).kinds:
                return self._named(name)
        return None

    def _named(self, name: str) -> Schema:
        if name not in self._decoded:
            found = msgspec.json.decode(self._raw[name]) if name in self._raw else {}
            self._decoded[name] = found if isinstance(found, dict) else {}
        return self._decoded[name]


def of_kind(client: Client, resource: Resource) -> tuple[Definitions, Schema]:
    """(definitions, the kind's schema); both empty where the server publishes none that this user may read."""
    start = f"apis/{resource.group}" if resource.group else "api"
    try:
        answer = client.request(
            "GET", f"/openapi/v3/{start}/{resource.version}", headers={"Accept": "application/json"}
        )
        found = Definitions(msgspec.json.decode(answer.body, type=_Document).components.schemas)
        return found, found.kind(resource) or {}
    except StatusError as error:
        if error.code not in (401, 403, 404, 406):
            raise
    except msgspec.MsgspecError:
        pass  # no document of OpenAPI; the form follows from the object's values
    return Definitions(), {}
