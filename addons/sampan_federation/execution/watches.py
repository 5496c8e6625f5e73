"""The watches of members: one for each kind that is propagated to a member, of the federation's own objects only.

What is kept of an object is its JSON as bytes, which takes a fifth of the memory of a dict.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import msgspec

from sampan.contracts.kinds import Object, Resource
from sampan_client import Client
from sampan_client.informers import Informer
from sampan_federation.execution.budget import BudgetTransport
from sampan_federation.interpreter.kinds import KindName
from sampan_federation.works.names import MANAGED, WORK_NAME, WORK_NAMESPACE
from sampan_machinery.metadata import annotations_of

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode

WorkKey = tuple[str, str]
OnWork = Callable[[WorkKey], None]


class Found(NamedTuple):
    """``known``: whether the watch is complete, so that an absent object is absent."""

    known: bool
    obj: Object | None


class MemberWatches:
    """The watches of one member, by a client of their own over the member's transport. Thread-safe."""

    def __init__(self, namespace: str, client: Client, on_work: OnWork) -> None:
        """``namespace``: the execution namespace; ``on_work`` is called for the Work of each changed object."""
        self.client = client  # the member's, to see whether it has been replaced
        self._namespace, self._on_work = namespace, on_work
        self._lock = threading.Lock()
        self._informers: dict[Resource, Informer] = {}
        self._expected: Counter[KindName] = Counter()
        self._watching = Client(
            BudgetTransport(client.transport, self._count), user_agent="sampan-federation", namespace=client.namespace
        )
        self._watching.hub = client.hub

    def find(self, resource: Resource, name: str, namespace: str) -> Found:
        """The object as the watch has it; begins to watch the kind."""
        with self._lock:
            informer = self._informers.get(resource)
            if informer is None:
                informer = self._informers[resource] = self._new(resource)
                informer.start()
        stored = informer.get(name, namespace)
        return Found(informer.synced, _decode(stored["raw"]) if stored is not None else None)

    def keep_only(self, needed: Counter[KindName]) -> None:
        """End the watches of kinds that no Work needs any more."""
        with self._lock:
            self._expected = needed
            ended = [self._informers.pop(each) for each in list(self._informers) if not needed[_name(each)]]
        for informer in ended:
            informer.stop()

    def close(self) -> None:
        with self._lock:
            informers, self._informers = list(self._informers.values()), {}
        for informer in informers:
            informer.stop()

    @property
    def kinds(self) -> Iterable[Resource]:
        return list(self._informers)

    def _new(self, resource: Resource) -> Informer:
        return Informer(
            self._watching, resource, labels=f"{MANAGED}=true", keep=kept, on_change=self._changed,
        )  # fmt: skip

    def _changed(self, old: Object | None, new: Object | None) -> None:
        work = work_of(new or old, self._namespace)
        if work is not None:
            self._on_work(work)

    def _count(self) -> int:
        return sum(self._expected.values())


def kept(obj: Object) -> Object:
    """What is stored of a member's object."""
    metadata = obj["metadata"]
    metadata.pop("managedFields", None)
    annotations = metadata.get("annotations")
    annotations = annotations if isinstance(annotations, dict) else {}  # a member may send anything
    return {
        "metadata": {
            **{key: metadata[key] for key in ("name", "namespace", "uid", "resourceVersion") if key in metadata},
            "annotations": {key: annotations[key] for key in (WORK_NAMESPACE, WORK_NAME) if key in annotations},
        },
        "raw": _encode(obj),
    }


def work_of(obj: Object | None, namespace: str) -> WorkKey | None:
    """The Work that the object says it is of: only one of its own member counts, whatever a member says."""
    annotations = annotations_of(obj or {})
    name = annotations.get(WORK_NAME)
    if annotations.get(WORK_NAMESPACE) != namespace or not isinstance(name, str):
        return None
    return namespace, name


def _name(resource: Resource) -> KindName:
    return KindName(resource.api_version, resource.kind)
