"""CustomResourceDefinitions on a server that has none: an empty list for a client that asks, and no entry in discovery.

Before kubectl and helm look for a kind that a group version does not have, they list the definitions, as it may be one
of them. A 404 stops them at the first such object ("failed to check CRD"); an empty list lets them say "no matches
for kind" and go on with the next. Once a plugin serves the kind, this is no longer asked. Satisfies
contracts.serving.Delegation.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from sampan.contracts.serving import Answer, Call, Delegated
from sampan.errors import MethodNotAllowed, NotFound

GROUP, VERSION, PLURAL = "apiextensions.k8s.io", "v1", "customresourcedefinitions"
_PATH = f"/apis/{GROUP}/{VERSION}/{PLURAL}"
_NONE = {
    "kind": "CustomResourceDefinitionList",
    "apiVersion": f"{GROUP}/{VERSION}",
    "metadata": {"resourceVersion": "1"},
    "items": [],
}


class NoDefinitions:
    name = "no-definitions"

    def start(self) -> None: ...

    def close(self) -> None: ...

    def find(self, group: str, version: str) -> Delegated | None:
        if (group, version) != (GROUP, VERSION):
            return None
        return Delegated(group=group, version=version, serve=serve)

    def all(self) -> Sequence[Delegated]:
        return ()  # so that no client creates one

    def generation(self) -> int:
        return 0


def serve(call: Call) -> Answer:
    path = call.path.rstrip("/")
    if path == _PATH:
        if call.method != "GET" or "watch" in call.query:
            raise MethodNotAllowed("the server does not allow this method on the requested resource")
        return Answer(200, json.dumps(_NONE).encode())
    if path.startswith(_PATH + "/"):
        name = path.removeprefix(_PATH + "/").partition("/")[0]
        raise NotFound(f'{PLURAL}.{GROUP} "{name}" not found', group=GROUP, kind=PLURAL, name=name)
    raise NotFound("the server could not find the requested resource")
