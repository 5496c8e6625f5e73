"""Sandboxes of all clusters at the CRI runtimes of this machine. Only looks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sampan.contracts.components import Leftover
from sampan.errors import SampanError
from sampan_cri import discovery
from sampan_cri.translation import CLUSTER, HOME

PATIENCE = 5.0


def leftovers() -> list[Leftover]:
    """[] where no runtime is found at the usual places."""
    if discovery.trouble():
        return []
    from sampan_cri.client import Client

    client = Client(path := discovery.found())
    try:
        items = client.call("ListPodSandbox", patience=PATIENCE)["items"]
    except SampanError:
        return []
    finally:
        client.close()
    return list(of_sandboxes(items, path))


def of_sandboxes(items: Iterable[Mapping[str, Any]], path: str) -> Iterator[Leftover]:
    """One for each cluster, from the runtime's list."""
    counts: dict[tuple[str, str], int] = {}
    for item in items:
        if cluster := item["labels"].get(CLUSTER):
            key = cluster, item["annotations"].get(HOME, "")
            counts[key] = counts.get(key, 0) + 1
    for (cluster, home), count in sorted(counts.items()):
        tool = f"crictl --runtime-endpoint unix://{path}"
        yield Leftover(
            what=f"{count} pods of the cluster {cluster}",
            remove=f"{tool} rmp -f $({tool} pods -q --label {CLUSTER}={cluster})",
            home=home,
        )
