"""The page that finds anything by name, label, image, address or error text, among what the user may list."""

from __future__ import annotations

from typing import NamedTuple

import falcon

from sampan.errors import StatusError
from sampan_dashboard.accounts import Account
from sampan_dashboard.navigation import Entry, entry, object_link
from sampan_dashboard.reading import objects
from sampan_dashboard.related import event
from sampan_dashboard.search import Hit, hit
from sampan_dashboard.web import Pages, account_of

KINDS = (
    "pods", "deployments.apps", "statefulsets.apps", "daemonsets.apps", "cronjobs.batch", "jobs.batch", "services",
    "ingresses.networking.k8s.io", "configmaps", "secrets", "serviceaccounts", "persistentvolumeclaims", "nodes",
    "namespaces", "events",
)  # fmt: skip
MOST_LOOKED_AT = 20_000  # objects of one kind
MOST_OF_KIND, MOST = 25, 100
SHORTEST = 2


class Found(NamedTuple):
    hit: Hit
    kind: str
    namespace: str
    name: str
    address: str


class SearchPage:
    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        account, wanted = account_of(req), (req.get_param("q") or "").strip()
        found = search(account, wanted) if len(wanted) >= SHORTEST else []
        self._pages.show(
            req, resp, "search.html", wanted=wanted, found=found[:MOST], kinds=kinds(account, wanted), most=MOST,
            short=0 < len(wanted) < SHORTEST,
        )  # fmt: skip


def kinds(account: Account, wanted: str) -> list[Entry]:
    """Kinds whose name begins so: the way to a list."""
    low = wanted.lower()
    found = [kind.resource for kind in account.kinds()]
    return [entry(each) for each in found if low and (each.plural.startswith(low) or each.kind.lower().startswith(low))]


def search(account: Account, wanted: str) -> list[Found]:
    """The best first."""
    found: list[Found] = []
    for name in KINDS:
        kind = account.kind(name)
        if kind is None:
            continue
        own: list[Found] = []
        try:
            for number, obj in enumerate(objects(account.client, kind.resource)):
                if number >= MOST_LOOKED_AT:
                    break
                best = hit(obj, wanted)
                if best is None:
                    continue
                metadata = obj["metadata"]
                namespace, title = str(metadata.get("namespace") or ""), str(metadata["name"])
                address = object_link(kind.resource, namespace, title)
                if name == "events":
                    told = event(obj, account)
                    title, address = told.about, told.address or address
                own.append(Found(best, kind.resource.kind, namespace, title, address))
        except StatusError as error:
            if error.code not in (403, 404):
                raise
        found += sorted(own, key=lambda each: each.hit.rank)[:MOST_OF_KIND]
    return sorted(found, key=lambda each: (each.hit.rank, each.kind, each.namespace, each.name))
