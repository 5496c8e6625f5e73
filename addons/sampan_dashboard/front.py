"""The first page: what is not well before all else, then nodes, capacity and recent warnings."""

from __future__ import annotations

from typing import Any, TypedDict

import falcon
import msgspec

from sampan.errors import StatusError
from sampan_dashboard.accounts import Account
from sampan_dashboard.overview import Sick, Sums, sick
from sampan_dashboard.reading import objects, some
from sampan_dashboard.related import Warned, recent
from sampan_dashboard.web import Pages, account_of

WORKLOADS = ("deployments.apps", "statefulsets.apps", "daemonsets.apps", "jobs.batch", "persistentvolumeclaims")
METRICS = "/apis/metrics.k8s.io/v1beta1/nodes"
MOST_PODS = 20_000
WARNINGS = 15


class _Metadata(TypedDict, total=False):
    name: Any
    namespace: Any
    deletionTimestamp: Any


class _Spec(TypedDict, total=False):
    nodeName: Any
    containers: Any
    initContainers: Any
    overhead: Any
    resources: Any


class _Pod(TypedDict, total=False):
    metadata: _Metadata
    spec: _Spec | None
    status: Any


class _Pods(TypedDict, total=False):
    """What the first page counts of pods. Decoding all of a pod takes five times as long as counting it."""

    metadata: Any
    items: list[_Pod] | None


class Front:
    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        account, namespace = account_of(req), req.get_param("namespace") or ""
        sums, cut = summed(account, namespace)
        troubles = [*failing(account, namespace), *sums.sick_pods]
        self._pages.show(
            req, resp, "overview.html", sums=sums, cut=cut, troubles=troubles[:50],
            warnings=warnings(account, namespace), namespace=namespace,
        )  # fmt: skip


def summed(account: Account, namespace: str) -> tuple[Sums, bool]:
    """Nodes and pods that the user may list, and whether there were too many pods to count."""
    sums = Sums()
    nodes, pods = account.kind("nodes"), account.kind("pods")
    for node in some(account.client, nodes.resource, most=5000) if nodes else ():
        sums.add_node(node)
    sums.add_usage(usage(account))
    if pods is None:
        return sums, False
    try:
        for pod in objects(account.client, pods.resource, namespace, type=_Pods):
            if sums.pods >= MOST_PODS:
                return sums, True
            sums.add_pod(pod)
    except StatusError as error:
        if error.code not in (403, 404):
            raise
    return sums, False


def usage(account: Account) -> list[dict[str, object]]:
    """Of the metrics add-on, or of metrics-server; none where there is neither."""
    try:
        found = msgspec.json.decode(account.client.request("GET", METRICS).body)
    except (StatusError, msgspec.MsgspecError):
        return []
    return list(found.get("items") or ())


def failing(account: Account, namespace: str) -> list[Sick]:
    found = []
    for name in WORKLOADS:
        if (kind := account.kind(name)) is not None:
            found += [(obj, name) for obj in some(account.client, kind.resource, namespace, most=5000)]
    return sick(found)


def warnings(account: Account, namespace: str) -> list[Warned]:
    kind = account.kind("events")
    if kind is None:
        return []
    found = some(account.client, kind.resource, namespace, fields="type=Warning", most=1000)
    return recent(found, account)[:WARNINGS]
