"""Containers of all clusters at this machine's Docker daemon. Only looks."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sampan.contracts.components import Leftover
from sampan.errors import SampanError
from sampan_docker.daemon import SOCKET
from sampan_docker.engine import ask, connect
from sampan_docker.translation import CLUSTER, HOME

PATIENCE = 5.0


def leftovers() -> list[Leftover]:
    """[] where no daemon answers."""
    if not os.environ.get("DOCKER_HOST") and not os.path.exists(SOCKET):
        return []
    try:
        client = connect(timeout=PATIENCE)
    except SampanError:
        return []
    try:
        found = ask("RuntimeError", client.containers, all=True, filters={"label": [CLUSTER]})
    finally:
        client.close()
    return list(of_containers(found))


def of_containers(found: Iterable[Mapping[str, Any]]) -> Iterator[Leftover]:
    """One for each cluster, from the daemon's list."""
    counts: dict[tuple[str, str], int] = {}
    for container in found:
        labels = container.get("Labels") or {}
        key = labels.get(CLUSTER, ""), labels.get(HOME, "")
        counts[key] = counts.get(key, 0) + 1
    for (cluster, home), count in sorted(counts.items()):
        yield Leftover(
            what=f"{count} containers of the cluster {cluster}",
            remove=f"docker rm -f $(docker ps -aq --filter label={CLUSTER}={cluster})",
            home=home,
        )
