"""Which ConfigMaps and Secrets the volumes of this node's pods show, watched so that changes reach the pods at once.

One watch an object, however many pods show it; none for a pod that shows none. Knows nothing of what volumes look like.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from sampan.contracts.kinds import Object
from sampan_client.informers import Informer
from sampan_machinery.resources import CONFIG_MAPS, SECRETS

#: Every pod shows it, and it changes when the cluster's certificate authority does: the slow refresh will do.
STEADY = "kube-root-ca.crt"


class Reference(NamedTuple):
    kind: str  # ConfigMap or Secret
    namespace: str
    name: str


def of_pod(pod: Object) -> set[Reference]:
    """What the pod's volumes show."""
    namespace = pod["metadata"]["namespace"]
    found = {Reference(kind, namespace, name) for volume in pod["spec"].get("volumes") or ()
             for kind, name in _of_volume(volume)}  # fmt: skip
    return {one for one in found if one.name and one.name != STEADY}


def _of_volume(volume: Object) -> Iterator[tuple[str, str]]:
    for source in (volume, *((volume.get("projected") or {}).get("sources") or ())):
        if shown := source.get("configMap"):
            yield "ConfigMap", shown.get("name", "")
        if shown := source.get("secret"):
            yield "Secret", shown.get("secretName") or shown.get("name", "")


class References:
    def __init__(
        self, client: Any, on_change: Callable[[Reference], None], *, informer: Callable[..., Any] = Informer
    ) -> None:
        self._client, self._on_change, self._make = client, on_change, informer
        self._lock = threading.Lock()
        self._watches: dict[Reference, Any] = {}
        self._followers: dict[str, tuple[set[Reference], Callable[[], None]]] = {}

    def follow(self, pod: Object, poke: Callable[[], None]) -> None:
        """Call ``poke`` whenever something the pod shows has changed, until ``forget``. Harmless when repeated."""
        uid, wanted = pod["metadata"]["uid"], of_pod(pod)
        if not wanted:
            return
        with self._lock:
            if uid in self._followers:
                return
            self._followers[uid] = wanted, poke
            fresh = {one: self._informer(one) for one in wanted if one not in self._watches}
            self._watches |= fresh
        for informer in fresh.values():
            informer.start()

    def forget(self, uid: str) -> None:
        with self._lock:
            wanted, _ = self._followers.pop(uid, (set(), None))
            used = {one for others, _ in self._followers.values() for one in others}
            ended = [self._watches.pop(one) for one in wanted - used if one in self._watches]
        for informer in ended:
            informer.stop()

    def close(self) -> None:
        with self._lock:
            ended, self._watches, self._followers = list(self._watches.values()), {}, {}
        for informer in ended:
            informer.stop()

    def _informer(self, one: Reference) -> Any:
        resource = CONFIG_MAPS if one.kind == "ConfigMap" else SECRETS
        return self._make(
            self._client, resource, namespace=one.namespace, fields=f"metadata.name={one.name}",
            on_change=lambda old, new: self._changed(one), keep=_version,
        )  # fmt: skip

    def _changed(self, one: Reference) -> None:
        self._on_change(one)
        with self._lock:
            pokes = [poke for wanted, poke in self._followers.values() if one in wanted]
        for poke in pokes:
            poke()


def _version(obj: Object) -> Object:
    """Contents are fetched when they are needed; held is only what tells one state from another."""
    meta = obj["metadata"]
    return {"metadata": {key: meta[key] for key in ("name", "namespace", "uid", "resourceVersion") if key in meta}}
