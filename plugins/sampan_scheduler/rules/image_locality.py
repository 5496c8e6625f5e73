"""ImageLocality: nodes that have the pod's images already are better, the more of them the larger they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sampan_scheduler.groups import Grouping, Images, Trait
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
        known = _known(pod, cluster)
        if not known:
            return None
        bytes_by_row: dict[int, int] = {}
        for places in map(cluster.images.__getitem__, known):
            spread = len(places) / len(cluster)
            for name, size in places.items():
                row = cluster.by_name[name].row
                bytes_by_row[row] = bytes_by_row.get(row, 0) + int(size * spread)
        points = {row: weight * _share(pod, there) for row, there in bytes_by_row.items()}
        return [points.get(row, 0) for row in rows] if any(points.values()) else None

    def grouping(self, pod: PodInfo, cluster: Cluster, weight: int = 1) -> Grouping:
        """The same points for groups of nodes that have the same images of the pod."""
        known = _known(pod, cluster)
        if not known:
            return Grouping(())

        def points(sizes: Mapping[Trait, int]) -> Mapping[Trait, int]:
            spreads = [len(cluster.images[image]) / len(cluster) for image in known]
            found = {}
            for (images,) in sizes:
                there = sum(int(size * spread) for size, spread in zip(images, spreads, strict=True))
                found[(images,)] = weight * _share(pod, there)
            return found

        return Grouping((Images(tuple(known)),), points)


def _known(pod: PodInfo, cluster: Cluster) -> list[str]:
    """The pod's images that any node has; empty where they are too small to count."""
    known = [image for image in pod.images if image in cluster.images]
    return known if sum(max(cluster.images[image].values()) for image in known) > LEAST else []


def _share(pod: PodInfo, there: int) -> int:
    """0 to 100."""
    most = MOST_EACH * pod.containers
    return 100 * (min(max(there, LEAST), most) - LEAST) // (most - LEAST)
