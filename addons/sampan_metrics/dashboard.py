"""What nodes and pods use now, as columns of the dashboard's lists, read as the signed-in user.

Must not know the dashboard, which takes any objects of this shape (hook contribute_dashboard_columns).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec

from sampan.errors import StatusError
from sampan_client import Client
from sampan_machinery.quantities import is_quantity, nanos

API = "/apis/metrics.k8s.io/v1beta1"
Key = tuple[str, str]


class Usage:
    """CPU and memory of the objects of one kind."""

    title = "CPU · memory"

    def __init__(self, kind: str, *, wide: bool) -> None:
        self.kinds: Collection[str] = (kind,)
        self.wide = wide

    def cells(self, client: Client, rows: Sequence[Key]) -> Mapping[Key, str]:
        """One request for the nodes, or for each namespace among the rows. Nothing where the user may not read it."""
        found: dict[Key, str] = {}
        for namespace in dict.fromkeys(namespace for namespace, _ in rows):
            path = f"{API}/namespaces/{namespace}/pods" if "pods" in self.kinds else f"{API}/nodes"
            try:
                listed = msgspec.json.decode(client.request("GET", path).body)
            except StatusError:
                continue
            for item in listed.get("items") or ():
                found[namespace, str(item["metadata"]["name"])] = text(item)
        return found


def text(item: Mapping[str, Any]) -> str:
    """Of a NodeMetrics or PodMetrics: 12m · 34 MiB."""
    parts = [item.get("usage") or {}, *((each.get("usage") or {}) for each in item.get("containers") or ())]
    cpu, memory = (sum(_nanos(part.get(name)) for part in parts) for name in ("cpu", "memory"))
    return f"{cpu // 10**6}m · {memory // 10**9 // 2**20} MiB"


def _nanos(value: Any) -> int:
    return nanos(value) if is_quantity(value) else 0
