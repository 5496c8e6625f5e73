"""The OpenAPI documents of a cluster: one for version 2, one for each group and version in version 3.

Built when first asked for and kept as bytes. An etag is made from what goes into a document rather than from its
bytes, so the index costs no building. Knows nothing of HTTP.
"""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from sampan import __version__
from sampan.contracts.kinds import Kind
from sampan.objects.openapi import gnostic, own
from sampan.objects.openapi.definitions import Definitions
from sampan.objects.openapi.descriptions import Descriptions, installed
from sampan.objects.openapi.paths import META, Paths
from sampan.objects.schema import Schemas

_ALWAYS = tuple(META + name for name in ("DeleteOptions", "Patch", "Status", "WatchEvent"))
V2 = "v2"
V2_PROTOBUF = "v2.protobuf"


class Documents:
    """The documents for these kinds. Thread-safe. Kinds the schema table has no types for get paths only."""

    def __init__(self, kinds: Sequence[Kind], schemas: Schemas, descriptions: Descriptions | None = None) -> None:
        """``descriptions`` None: those of kubernetes-validate if that is installed."""
        self._kinds: dict[str, list[Kind]] = {}
        for kind in kinds:
            start = f"apis/{kind.group}" if kind.group else "api"
            self._kinds.setdefault(f"{start}/{kind.version}", []).append(kind)
        self._schemas = schemas
        self._given = descriptions
        self._built: dict[str, bytes] = {}
        self._zipped: dict[str, bytes] = {}
        self._lock = threading.RLock()

    def v2(self) -> bytes:
        """The whole cluster as Swagger 2.0, JSON."""
        return self._once(self._built, V2, self._build_v2)

    def v2_protobuf(self) -> bytes:
        """The same as the protobuf message that ``gnostic.MEDIA_TYPE`` names."""
        return self._once(self._built, V2_PROTOBUF, lambda: gnostic.encode(msgspec.json.decode(self.v2())))

    def v3(self, path: str) -> bytes | None:
        """The OpenAPI 3.0 document of ``api/v1`` or ``apis/apps/v1``, JSON; None where nothing is served there."""
        if path not in self._kinds:
            return None
        return self._once(self._built, path, lambda: self._build_v3(path))

    def v3_index(self) -> dict[str, Any]:
        """``{"paths": {"apis/apps/v1": {"serverRelativeURL": "/openapi/v3/apis/apps/v1?hash=…"}}}``."""
        return {
            "paths": {
                path: {"serverRelativeURL": f"/openapi/v3/{path}?hash={self.etag(path)}"}
                for path in sorted(self._kinds)
            }
        }

    def gzipped(self, path: str) -> bytes | None:
        """The same document compressed. ``path`` as for ``v3``, or "v2", or "v2.protobuf"."""
        body = self.v2() if path == V2 else self.v2_protobuf() if path == V2_PROTOBUF else self.v3(path)
        return None if body is None else self._once(self._zipped, path, lambda: gzip.compress(body, 6, mtime=0))

    def etag(self, path: str) -> str:
        """What changes when the document does, without quotes. ``path`` as for ``v3``, or "v2"."""
        kinds = (
            [kind for path in sorted(self._kinds) for kind in self._kinds[path]] if path == V2 else self._kinds[path]
        )
        facts = [__version__, self._schemas.table.version, str(self._descriptions().complete), path]
        for kind in kinds:
            facts += [*kind.resource[:4], str(kind.namespaced), *kind.verbs, str(kind.status), str(bool(kind.scale))]
            facts += [f"{sub.name}={sub.kind}:{sub.verbs}" for sub in kind.subresources]
            if kind.schema is not None:
                facts.append(msgspec.json.encode(kind.schema, order="sorted").decode())
        return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:32].upper()

    def _all(self) -> list[Kind]:
        return [kind for path in sorted(self._kinds) for kind in self._kinds[path]]

    def _once(self, kept: dict[str, bytes], key: str, build: Callable[[], bytes]) -> bytes:
        found = kept.get(key)
        if found is None:
            with self._lock:
                found = kept.get(key)
                if found is None:
                    found = kept[key] = build()
        return found

    def _descriptions(self) -> Descriptions:
        with self._lock:
            if self._given is None:
                self._given = installed(self._schemas.table.version)
            return self._given

    def _build_v2(self) -> bytes:
        paths, schemas = self._parts(self._all(), 2)
        return msgspec.json.encode({"swagger": "2.0", "info": self._info(), "paths": paths, "definitions": schemas})

    def _build_v3(self, path: str) -> bytes:
        paths, schemas = self._parts(self._kinds[path], 3)
        return msgspec.json.encode(
            {"openapi": "3.0.0", "info": self._info(), "paths": paths, "components": {"schemas": schemas}}
        )

    def _parts(self, kinds: Sequence[Kind], openapi: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """Path items and definitions of these kinds."""
        table = own.extended(self._schemas.table, kinds)
        definitions = Definitions(table, self._descriptions(), openapi, kinds)
        paths = Paths(table, definitions, openapi)
        items: dict[str, Any] = {}
        for kind in kinds:
            items.update(paths.of_kind(kind))
        names = {table.type_name(kind.group, kind.version, kind.kind) for kind in kinds} - {None}
        roots = {*paths.roots, *_ALWAYS, *(name for name in names if name)}
        return dict(sorted(items.items())), definitions.closure(roots)

    def _info(self) -> dict[str, str]:
        return {"title": "Kubernetes", "version": self._schemas.table.version}
