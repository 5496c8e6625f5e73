"""What a runtime says of sandboxes and containers, asked once a state: a list tells identifiers and states, and only
what has changed since is asked for more."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, NamedTuple

from sampan_cri import translation
from sampan_cri.client import Client, is_missing
from sampan_cri.translation import CLUSTER, EXITED, READY, RUNNING, UID
from sampan_runtime.contracts import Container, RuntimeFailure, Sandbox

Fields = dict[str, Any]


class KnownContainer(NamedTuple):
    state: int
    container: Container
    log_path: str
    tty: bool
    pid: int


class KnownSandbox(NamedTuple):
    state: int
    sandbox: Sandbox
    network: str  # path of its network namespace; "": the node's, or not told


class Statuses:
    """Of one cluster. Thread-safe."""

    def __init__(self, client: Client, cluster: str) -> None:
        self._client, self._cluster = client, cluster
        self._lock = threading.Lock()
        self._containers: dict[str, KnownContainer] = {}
        self._sandboxes: dict[str, KnownSandbox] = {}

    def sandboxes(self, pod_uid: str = "") -> list[Sandbox]:
        listed = self._listed("ListPodSandbox", "items", pod_uid)
        self._forget(self._sandboxes, listed, pod_uid, lambda known: known.sandbox.uid)
        found = [self._maybe(self.sandbox, item["id"], item["state"]) for item in listed]
        return [one.sandbox for one in found if one]

    def containers(self, pod_uid: str = "") -> list[Container]:
        listed = self._listed("ListContainers", "containers", pod_uid)
        self._forget(self._containers, listed, pod_uid, lambda known: known.container.pod_uid)
        found = [self._maybe(self._container, item, item["state"]) for item in listed]
        return [one.container for one in found if one]

    def container(self, identifier: str) -> KnownContainer:
        """As it is now. Raises CriFailure."""
        listed = self._client.call("ListContainers", filter={"id": identifier})["containers"]
        if not listed:
            raise RuntimeFailure("RuntimeError", f"no container {identifier[:12]}")
        return self._container(listed[0], listed[0]["state"])

    def sandbox(self, identifier: str, state: int = READY) -> KnownSandbox:
        """As it was when it last got into that state. Raises CriFailure."""
        known = self._sandboxes.get(identifier)
        if known is None or known.state != state:
            answer = self._client.call("PodSandboxStatus", pod_sandbox_id=identifier, verbose=True)
            found, network = answer["status"], translation.network_namespace(answer["info"])
            known = KnownSandbox(found["state"], translation.sandbox(found), network)
            with self._lock:
                self._sandboxes[identifier] = known
        return known

    def forget(self, identifier: str) -> None:
        """What is known of it has changed though its state has not."""
        with self._lock:
            self._containers.pop(identifier, None)
            self._sandboxes.pop(identifier, None)

    def _container(self, item: Fields, state: int) -> KnownContainer:
        known = self._containers.get(item["id"])
        if known is None or known.state != state:
            answer = self._client.call("ContainerStatus", container_id=item["id"], verbose=True)
            status, info = answer["status"], answer["info"]
            told = translation.details(info)
            known = KnownContainer(
                status["state"], translation.container(item, status, translation.applied(status, info)),
                status["log_path"], bool((told.get("config") or {}).get("tty")), int(told.get("pid") or 0),
            )  # fmt: skip
            with self._lock:
                self._containers[item["id"]] = known
        return known

    # for events

    def uid_of(self, identifier: str) -> str:
        if (known := self._containers.get(identifier)) is not None:
            return known.container.pod_uid
        if (sandbox := self._sandboxes.get(identifier)) is not None:
            return sandbox.sandbox.uid
        for method, key in (("ListContainers", "containers"), ("ListPodSandbox", "items")):
            for item in self._client.call(method, filter={"id": identifier})[key]:
                return str(item["labels"].get(UID, "")) if item["labels"].get(CLUSTER) == self._cluster else ""
        return ""

    def has_ended(self, identifier: str) -> bool:
        """Whether the runtime's lists say so of a container or a sandbox; what is in neither has."""
        containers = self._client.call("ListContainers", filter={"id": identifier})["containers"]
        if containers:
            return bool(containers[0]["state"] >= EXITED)
        sandboxes = self._client.call("ListPodSandbox", filter={"id": identifier})["items"]
        return not sandboxes or sandboxes[0]["state"] != READY

    def states(self) -> dict[str, tuple[str, int]]:
        items = [*self._listed("ListPodSandbox", "items", ""), *self._listed("ListContainers", "containers", "")]
        return {item["id"]: (item["labels"].get(UID, ""), item["state"]) for item in items}

    def _listed(self, method: str, key: str, pod_uid: str) -> list[Fields]:
        labels = {CLUSTER: self._cluster, **({UID: pod_uid} if pod_uid else {})}
        found: list[Fields] = self._client.call(method, filter={"label_selector": labels})[key]
        return found

    def _forget(self, known: dict[str, Any], listed: list[Fields], pod_uid: str, uid_of: Callable[[Any], str]) -> None:
        """What is not listed any more."""
        here = {item["id"] for item in listed}
        with self._lock:
            for identifier in [
                one for one, found in known.items() if one not in here and pod_uid in ("", uid_of(found))
            ]:
                del known[identifier]

    @staticmethod
    def _maybe(ask: Callable[[Any, int], Any], subject: Any, state: int) -> Any:
        """None of what was removed meanwhile."""
        try:
            return ask(subject, state)
        except RuntimeFailure as error:
            if is_missing(error):
                return None
            raise

    def running_logs(self) -> list[tuple[str, str]]:
        """(container, path of its log) of those that ran when they were last asked about."""
        with self._lock:
            return [(one, known.log_path) for one, known in self._containers.items() if known.state == RUNNING]
