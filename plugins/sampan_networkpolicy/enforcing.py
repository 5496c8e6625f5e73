"""The policies in force on this node: what informers and starting pods say becomes rules in the packet filter."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Mapping
from typing import Protocol

from sampan.contracts.kinds import Object
from sampan_networkpolicy import deciding, subjects
from sampan_networkpolicy.deciding import PolicyRules

log = logging.getLogger(__name__)


class Filter(Protocol):
    def apply(self, wanted: PolicyRules) -> None: ...

    def gap(self) -> str: ...

    def forget(self) -> None: ...


class Snapshot(Protocol):
    """What is known of the cluster."""

    def policies(self) -> list[Object]: ...

    def pods(self) -> list[Object]: ...

    def namespaces(self) -> list[Object]: ...


class Enforcement:
    """Called by the component's thread after changes, and by pods' threads before containers start."""

    def __init__(self, filter: Filter, known: Snapshot, node: str) -> None:
        self._filter = filter
        self._known = known
        self._node = node
        self._lock = threading.Lock()
        self._starting: dict[str, Object] = {}  # uid → lean pod with the addresses that the API does not show yet

    def start(self, pod: Object, addresses: Iterable[str]) -> None:
        """Put the policies of a pod in force whose sandbox has just got these addresses. Raises ScriptRefused."""
        lean = subjects.lean_pod(pod)
        lean["spec"]["nodeName"] = self._node
        lean["status"] = {"podIPs": [{"ip": address} for address in addresses]}
        with self._lock:
            self._starting[pod["metadata"]["uid"]] = lean
            self._apply()

    def changed(self, old: Object | None, new: Object | None) -> None:
        """An informer's handler for pods: once the API shows what a starting pod has, or it is gone, the API counts."""
        pod = new or old
        assert pod is not None
        uid = pod["metadata"].get("uid", "")
        lean = self._starting.get(uid)
        if lean is not None and (new is None or new["status"]["podIPs"] == lean["status"]["podIPs"]):
            self._starting.pop(uid, None)

    def refresh(self, *, whole: bool = False) -> None:
        """``whole``: another program has removed what was in the kernel. Raises ScriptRefused."""
        with self._lock:
            if whole:
                self._filter.forget()
            self._apply()

    def _apply(self) -> None:
        starting = dict(self._starting)
        pods = [pod for pod in self._known.pods() if pod["metadata"].get("uid") not in starting]
        addresses = {uid: tuple(ip["ip"] for ip in pod["status"]["podIPs"]) for uid, pod in starting.items()}
        namespaces: Mapping[str, Mapping[str, str]] = {
            one["metadata"]["name"]: one["metadata"].get("labels") or {} for one in self._known.namespaces()
        }
        found = subjects.policy_pods([*pods, *starting.values()], addresses)
        self._filter.apply(deciding.decide(self._known.policies(), found, namespaces, self._node))
