"""``/``: the paths that are served. Source: upstream's pkg/server/routes/index.go (metav1.RootPaths)."""

from __future__ import annotations

from collections.abc import Iterable

from sampan.contracts.serving import Answer
from sampan_server.publish.discovery import Discovery
from sampan_server.request.encoding import encode_json
from sampan_server.request.request import Request
from sampan_server.request.statuses import no_such_path


class Paths:
    """Those of discovery, as they are now, and ``others``, which stay the same."""

    def __init__(self, discovery: Discovery, others: Iterable[str]) -> None:
        self._discovery = discovery
        self._others = frozenset(others)

    def __call__(self, request: Request) -> Answer:
        if request.path != "/":
            raise no_such_path()
        return Answer(200, encode_json({"paths": sorted(self._others.union(self._discovery.paths()))}))
