"""The rows of the table: what is measured, what the peer held (kube-apiserver 1.36.2 with etcd), the first bar."""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    key: str
    what: str
    peer: float | None
    bar: float  # at least this, or at most where ``less`` is better
    unit: str
    less: bool = False

    def passes(self, value: float) -> bool:
        return value <= self.bar if self.less else value >= self.bar


ROWS = (
    Row("api_ready", "`sampan up` to the API answering", None, 2.0, "s", less=True),
    Row("node_ready", "… to the node Ready", None, 4.0, "s", less=True),
    Row("first_pod", "… to the first pod running (exec runtime)", None, 6.0, "s", less=True),
    Row("idle_memory", "memory of the whole idle cluster (PSS)", 520, 150, "MB", less=True),
    Row("idle_cpu", "CPU of the whole idle cluster", 3.0, 1.5, "% of a core", less=True),
    Row("create_configmap", "create ConfigMap 1 KB, 16 connections", 1710, 1368, "/s"),
    Row("create_pod", "create Pod 2 KB, 16 connections", 980, 784, "/s"),
    Row("get_pod", "get Pod, 16 connections", 2970, 5940, "/s"),
    Row("patch_status", "merge patch of a Pod's status, 8 connections", 580, 870, "/s"),
    Row("list_pods", "list 5,000 Pods (about 20 MB), 2 connections", 2.5, 25, "/s"),
    Row("list_page", "list a page of 500, 4 connections", 29, 232, "/s"),
    Row("list_label", "list by label (1 %), 4 connections", 8.7, 174, "/s"),
    Row("watch_p99", "create → 50 watchers, p99", 14, 21, "ms", less=True),
    Row("peak_memory", "API server's memory after the rows above (PSS)", 1900, 600, "MB", less=True),
    Row("idle_watches", "5,000 idle watches over plain sockets, added memory", None, 10, "MB", less=True),
    Row("idle_watches_tls", "5,000 idle watches over TLS, added memory (no bar)", None, 10_000, "MB", less=True),
    Row("schedule_basic", "schedule 3,000 pods on 1,000 nodes: basic", 480, 240, "pods/s"),
    Row("schedule_spread", "… with topology spread", 315, 158, "pods/s"),
    Row("schedule_antiaffinity", "… with anti-affinity", 210, 105, "pods/s"),
)
BY_KEY = {row.key: row for row in ROWS}


def table(found: dict[str, float]) -> str:
    """Markdown, a row for each figure taken."""
    lines = ["| work | peer | first bar | sampan | ratio to peer | bar |", "|---|---|---|---|---|---|"]
    for row in ROWS:
        if row.key not in found:
            continue
        value = found[row.key]
        ratio = "" if not row.peer else f"{(row.peer / value if row.less else value / row.peer):.1f}×"
        sign = "≤" if row.less else "≥"
        peer = f"{row.peer:g} {row.unit}" if row.peer else "–"
        bar = "–" if row.bar >= 10_000 else f"{sign} {row.bar:g} {row.unit}"
        verdict = "–" if row.bar >= 10_000 else "held" if row.passes(value) else "**missed**"
        lines.append(f"| {row.what} | {peer} | {bar} | {value:,.4g} {row.unit} | {ratio} | {verdict} |")
    return "\n".join(lines)
