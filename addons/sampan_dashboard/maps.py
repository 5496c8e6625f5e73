"""The map of a namespace, or of one application in it."""

from __future__ import annotations

import falcon

from sampan.contracts.kinds import Object
from sampan_dashboard import graph
from sampan_dashboard.accounts import Account
from sampan_dashboard.navigation import object_link
from sampan_dashboard.reading import namespaces, some
from sampan_dashboard.web import Pages, account_of

KINDS = (
    "ingresses.networking.k8s.io", "services", "cronjobs.batch", "deployments.apps", "statefulsets.apps",
    "daemonsets.apps", "replicasets.apps", "jobs.batch", "pods", "configmaps", "secrets", "persistentvolumeclaims",
)  # fmt: skip


class MapPage:
    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        account = account_of(req)
        namespace, app = req.get_param("namespace") or "default", req.get_param("app") or ""
        found = objects_of(account, namespace)
        whole = graph.graph(found)
        if app:
            whole = graph.around(
                whole, [graph.key_of(obj["kind"], obj["metadata"]["name"]) for obj in of_app(found, app)]
            )
        resources = {
            kind.resource.kind: kind.resource for kind in account.kinds() if kind.resource.group_resource in KINDS
        }
        drawn = graph.drawn(whole)
        links = {
            each.node.key: object_link(resources[each.node.kind], namespace, each.node.name) for each in drawn.placed
        }
        self._pages.show(
            req, resp, "map.html", drawn=drawn, links=links, namespace=namespace, app=app, apps=graph.apps(found),
            namespaces=namespaces(account), box=(graph.WIDTH, graph.HEIGHT),
        )  # fmt: skip


def objects_of(account: Account, namespace: str) -> list[Object]:
    """What the user may list of it; the data of ConfigMaps and Secrets is thrown away at once."""
    found = []
    for name in KINDS:
        if (kind := account.kind(name)) is not None:
            for obj in some(account.client, kind.resource, namespace, most=500):
                obj.pop("data", None)
                found.append(obj)
    return found


def of_app(objects: list[Object], app: str) -> list[Object]:
    return [
        obj for obj in objects if app in ((obj["metadata"].get("labels") or {}).get(name) for name in graph.APP)
    ]  # fmt: skip
