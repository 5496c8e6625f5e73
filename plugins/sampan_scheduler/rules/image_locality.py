"""ImageLocality: nodes that have the pod's images already are better, the more of them the larger they are."""

from __future__ import annotations

from collections.abc import Sequence

from sampan_scheduler.nodes import Cluster
from sampan_scheduler.pods import PodInfo

#: Bytes below which images do not count, and bytes a container above which more do not help. Source: upstream.
LEAST, MOST_EACH = 23 << 20, 1000 << 20


class ImageLocality:
    name = "ImageLocality"
    local = False

    def scores(self, pod: PodInfo, cluster: Cluster, rows: Sequence[int], weight: int = 1) -> list[int] | None:
        """0 to 100 (times ``weight``); an image counts in proportion to how many nodes have it, so
        that not all pods go to the first."""
        known = [places for image in pod.images if (places := cluster.images.get(image))]
        if sum(max(places.values()) for places in known) <= LEAST:
            return None
        total, most = len(cluster), MOST_EACH * pod.containers
        bytes_by_row: dict[int, int] = {}
        for places in known:
            spread = len(places) / total
            for name, size in places.items():
                row = cluster.by_name[name].row
                bytes_by_row[row] = bytes_by_row.get(row, 0) + int(size * spread)
        points = {
            row: weight * (100 * (min(max(n, LEAST), most) - LEAST) // (most - LEAST))
            for row, n in bytes_by_row.items()
        }
        return [points.get(row, 0) for row in rows] if any(points.values()) else None
