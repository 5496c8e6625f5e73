"""What a pod or node has used over the last day, of the metrics add-on, as lines of an SVG. Reads, and pure shapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

import msgspec

from sampan.contracts.kinds import Object
from sampan.errors import StatusError
from sampan_dashboard.accounts import Account
from sampan_dashboard.overview import amount, shown

WIDTH, HEIGHT = 480, 90  # pixels
SINCE, STEP = "24h", "5m"


class Chart(NamedTuple):
    name: str
    path: str  # of an SVG path element
    area: str
    most: str
    last: str
    begin: str
    end: str


def of_object(account: Account, obj: Object) -> list[Chart]:
    """None where there is no metrics add-on, or the user may not read what it keeps."""
    metadata = obj["metadata"]
    name, namespace = quote(str(metadata["name"]), safe=""), quote(str(metadata.get("namespace") or ""), safe="")
    if obj["kind"] not in ("Pod", "Node"):
        return []
    where = f"namespaces/{namespace}/pods/{name}" if obj["kind"] == "Pod" else f"nodes/{name}"
    path = f"/apis/metrics.k8s.io/v1beta1/{where}/history?since={SINCE}&step={STEP}"
    try:
        found = msgspec.json.decode(account.client.request("GET", path).body)
    except (StatusError, msgspec.MsgspecError):
        return []
    return charts(found if isinstance(found, dict) else {})


def charts(history: Mapping[str, Any]) -> list[Chart]:
    points = summed(history)
    if len(points) < 2:
        return []
    return [chart(name, [(time, usage[name]) for time, usage in points]) for name in ("cpu", "memory")]


def summed(history: Mapping[str, Any]) -> list[tuple[str, dict[str, int]]]:
    """(time, billionths of each) in order; the containers of a pod together."""
    found: dict[str, dict[str, int]] = {}
    for point in history.get("items") or ():
        sums = found.setdefault(str(point.get("timestamp") or ""), {"cpu": 0, "memory": 0})
        for name in sums:
            sums[name] += amount((point.get("usage") or {}).get(name))
    return sorted(found.items())


def chart(name: str, points: Sequence[tuple[str, int]]) -> Chart:
    """A line and the area below it; time goes by the number of the point, 0 is at the bottom."""
    values = [value for _, value in points]
    top = max(values) or 1
    xs = [round(number * WIDTH / (len(points) - 1), 1) for number in range(len(points))]
    ys = [round(HEIGHT - value * (HEIGHT - 4) / top, 1) for value in values]
    path = "M" + " L".join(f"{x} {y}" for x, y in zip(xs, ys, strict=True))
    return Chart(
        name, path, f"{path} L{WIDTH} {HEIGHT} L0 {HEIGHT} Z", shown(name, max(values)), shown(name, values[-1]),
        points[0][0], points[-1][0],
    )  # fmt: skip
