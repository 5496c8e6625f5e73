"""The rows of requests: creating, reading, patching, listing. Each leaves its result under a budget's name."""

from __future__ import annotations

from collections.abc import Callable

import wrk
from api import Api
from manifests import CONFIGMAP, POD, named

Results = dict[str, float]
MERGE = "application/merge-patch+json"


class Requests:
    """One server under load; ``pods`` is how many the lists hold."""

    def __init__(self, api: Api, *, seconds: int, pods: int) -> None:
        self._api, self._seconds, self._pods = api, seconds, pods

    def run(self, wanted: Callable[[str], bool]) -> Results:
        rows: dict[str, Callable[[], float]] = {
            "create_configmap": lambda: self._create("configmaps", CONFIGMAP),
            "create_pod": lambda: self._create("pods", POD),
            "get_pod": lambda: self._load(f"{self._filled('bench-s', 200)}/fill-1", 16),
            "patch_status": self._patch,
            "list_pods": lambda: self._load(self._filled("bench-l", self._pods), 2),
            "list_page": lambda: self._load(f"{self._filled('bench-l', self._pods)}?limit=500", 4),
            "list_label": lambda: self._load(f"{self._filled('bench-l', self._pods)}?labelSelector=shard%3D7", 4),
        }
        return {name: measure() for name, measure in rows.items() if wanted(name)}

    def _create(self, plural: str, manifest: dict[str, object]) -> float:
        namespace = self._api.namespace("bench-w")
        return wrk.per_second(
            self._api, f"/api/v1/namespaces/{namespace}/{plural}", seconds=self._seconds, connections=16,
            method="POST", body=manifest, prefix="c",
        )  # fmt: skip

    def _patch(self) -> float:
        return wrk.per_second(
            self._api, f"{self._filled('bench-s', 200)}/fill-IDX/status", seconds=self._seconds, connections=8,
            method="PATCH", body={"status": {"phase": "Pending", "message": "NAME"}}, prefix="m", content_type=MERGE,
        )  # fmt: skip

    def _load(self, path: str, connections: int) -> float:
        return wrk.per_second(self._api, path, seconds=self._seconds, connections=connections)

    def _filled(self, namespace: str, count: int) -> str:
        """A collection of so many pods; those that are there stay."""
        path = f"/api/v1/namespaces/{self._api.namespace(namespace)}/pods"
        if self._api.call("GET", f"{path}/fill-{count - 1}")[0] != 200:
            self._api.each(count, 8, lambda n, on: self._api.must("POST", path, named(POD, f"fill-{n}", n % 100), on))
        return path
