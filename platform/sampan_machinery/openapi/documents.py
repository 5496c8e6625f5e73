"""The OpenAPI documents of a cluster: one for version 2, one for each group and version in version 3.

Built when first asked for, member by member into a compressor, and kept compressed: descriptions make a document four
times as long, and what is not asked for again soon should take no room. An etag is made from what goes into a document
rather than from its bytes, so the index costs no building. Knows nothing of HTTP.
"""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections.abc import Container, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

import msgspec

from sampan import __version__
from sampan.contracts.kinds import Kind
from sampan_machinery.kindschema import schema_of
from sampan_machinery.openapi import gnostic, own
from sampan_machinery.openapi.definitions import Definitions
from sampan_machinery.openapi.descriptions import Descriptions, Shipped
from sampan_machinery.openapi.parts import Part, part_of
from sampan_machinery.openapi.paths import META, Paths
from sampan_machinery.openapi.streams import Members, encoded, gzipped
from sampan_machinery.schema import Schemas

_ALWAYS = tuple(META + name for name in ("DeleteOptions", "Patch", "Status", "WatchEvent"))
V2 = "v2"
V2_PROTOBUF = "v2.protobuf"
PLAIN_FOR = 5.0  # seconds that a document is held uncompressed


class Other(NamedTuple):
    """The document of version 2 of a server that serves this group version, as ``parts.extract`` returns it."""

    group: str
    version: str
    document: bytes


class Documents:
    """The documents for these kinds. Thread-safe. Kinds the schema table has no types for get paths only."""

    def __init__(
        self, kinds: Sequence[Kind], schemas: Schemas, descriptions: Descriptions | None = None,
        *, before: Documents | None = None, others: Sequence[Other] = (),
    ) -> None:  # fmt: skip
        """``descriptions`` None: those that are shipped. ``before``: documents of former kinds; what was made for group
        versions that are unchanged is taken over. ``others`` are joined to the document of version 2."""
        self._others = tuple(others)
        self._kinds: dict[str, list[Kind]] = {}
        for kind in kinds:
            start = f"apis/{kind.group}" if kind.group else "api"
            self._kinds.setdefault(f"{start}/{kind.version}", []).append(kind)
        self._schemas = schemas
        self._descriptions = descriptions or Shipped()
        self._zipped: dict[str, bytes] = {}
        self._plain: dict[str, bytes] = {}
        self._etags: dict[str, str] = {}
        self._lock = threading.RLock()
        if before is not None:
            # Without its lock, which a thread may hold for as long as a document takes to be made.
            same = [path for path, there in self._kinds.items() if before._kinds.get(path) == there]
            self._zipped = {path: made for path in same if (made := before._zipped.get(path)) is not None}
            self._etags = {path: etag for path in same if (etag := before._etags.get(path)) is not None}

    def joined(self, others: Sequence[Other]) -> Documents:
        """With other servers' documents in that of version 2."""
        kinds = [kind for path in self._kinds.values() for kind in path]
        return Documents(kinds, self._schemas, self._descriptions, before=self, others=others)

    def v2(self) -> bytes:
        """The whole cluster as Swagger 2.0, JSON."""
        return self._whole(V2)

    def v2_protobuf(self) -> bytes:
        """The same as the protobuf message that ``gnostic.MEDIA_TYPE`` names."""
        return self._whole(V2_PROTOBUF)

    def v3(self, path: str) -> bytes | None:
        """The OpenAPI 3.0 document of ``api/v1`` or ``apis/apps/v1``, JSON; None where nothing is served there."""
        return self._whole(path) if path in self._kinds else None

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
        if path not in self._kinds and path not in (V2, V2_PROTOBUF):
            return None
        with self._lock:
            if path not in self._zipped:
                self._zipped[path] = gzipped(self._pieces(path))
            return self._zipped[path]

    def is_indexed(self) -> bool:
        """Whether ``v3_index`` has nothing to work out."""
        return len(self._etags) >= len(self._kinds)

    def is_made(self, path: str) -> bool:
        """Whether ``gzipped`` has the document in its cache."""
        return path in self._zipped

    def etag(self, path: str) -> str:
        """A value that changes with the document, without quotes. ``path`` as for ``v3``, or "v2"."""
        found = self._etags.get(path)
        if found is None:
            found = self._etags[path] = self._etag(path)
        return found

    def _etag(self, path: str) -> str:
        kinds = (
            [kind for path in sorted(self._kinds) for kind in self._kinds[path]] if path == V2 else self._kinds[path]
        )
        facts = [__version__, self._schemas.table.version, self._descriptions.identity, path]
        for kind in kinds:
            facts += [*kind.resource[:4], str(kind.namespaced), *kind.verbs, str(kind.status), str(bool(kind.scale))]
            facts += [f"{sub.name}={sub.kind}:{sub.verbs}" for sub in kind.subresources]
            if (own_schema := schema_of(kind).published) is not None:
                facts.append(msgspec.json.encode(own_schema, order="sorted").decode())
        facts += [hashlib.sha256(each.document).hexdigest() for each in self._others if path == V2]
        return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:32].upper()

    def _whole(self, path: str) -> bytes:
        """The uncompressed document; kept for some seconds, so that further requests share it."""
        with self._lock:
            found = self._plain.get(path)
            if found is None:
                found = self._plain[path] = gzip.decompress(self.gzipped(path) or b"")
                forget = threading.Timer(PLAIN_FOR, self._plain.pop, (path, None))
                forget.daemon = True
                forget.start()
            return found

    def _pieces(self, path: str) -> Iterator[bytes]:
        if path == V2_PROTOBUF:
            return gnostic.encoded(self._document(V2))
        return encoded(Members(self._document(path).items()))

    def _document(self, path: str) -> dict[str, Any]:
        """The document's members in the order in which they must be iterated: paths first, they determine the
        schemas."""
        openapi = 2 if path == V2 else 3
        groups = [path] if path in self._kinds else sorted(self._kinds)
        kinds = [kind for each in groups for kind in sorted(self._kinds[each], key=lambda kind: kind.plural)]
        table = own.extended(self._schemas.table, kinds)
        definitions = Definitions(table, self._descriptions, openapi, kinds)
        paths = Paths(table, definitions, openapi)
        items = Members(pair for kind in kinds for pair in paths.of_kind(kind).items())
        if openapi == 2:
            parts = self._parts(table.types)
            joined = Members(chain(items.pairs, *(part.paths.items() for part in parts)))
            ours = frozenset().union(*(part.ours for part in parts))
            schemas = Members(
                chain(
                    self._schemas_of(kinds, paths, definitions, ours),
                    *(part.definitions.items() for part in parts),
                )
            )
            return {"swagger": "2.0", "info": self._info(), "paths": joined, "definitions": schemas}
        components = Members([("schemas", Members(self._schemas_of(kinds, paths, definitions)))])
        return {"openapi": "3.0.0", "info": self._info(), "paths": items, "components": components}

    def _schemas_of(
        self, kinds: Sequence[Kind], paths: Paths, definitions: Definitions, more: Iterable[str] = ()
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        names = {paths.name_of(kind) for kind in kinds} - {""}
        yield from definitions.closure({*paths.roots, *_ALWAYS, *names, *more})

    def _parts(self, known: Container[str]) -> list[Part]:
        parts: list[Part] = []
        for group, version, document in self._others:
            earlier = {name: schema for part in parts for name, schema in part.definitions.items()}
            parts.append(part_of(document, group, version, known, earlier))
        return parts

    def _info(self) -> dict[str, str]:
        return {"title": "Kubernetes", "version": self._schemas.table.version}
