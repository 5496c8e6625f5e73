"""What extends the cluster: add-ons by the objects they ship, API services, webhooks and custom kinds."""

from __future__ import annotations

from typing import NamedTuple

import falcon

from sampan.contracts.kinds import Object
from sampan_dashboard.accounts import Account
from sampan_dashboard.reading import some
from sampan_dashboard.related import Linked, linked
from sampan_dashboard.web import Pages, account_of

LABEL = "sampan.dev/addon"
SHIPPED = (
    "deployments.apps", "daemonsets.apps", "services", "configmaps", "serviceaccounts",
    "clusterroles.rbac.authorization.k8s.io", "roles.rbac.authorization.k8s.io",
)  # fmt: skip
SERVERS = "apiservices.apiregistration.k8s.io"
WEBHOOKS = (
    "validatingwebhookconfigurations.admissionregistration.k8s.io",
    "mutatingwebhookconfigurations.admissionregistration.k8s.io",
)


class Extension(NamedTuple):
    title: str
    objects: list[Linked]


class AddonsPage:
    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        account = account_of(req)
        self._pages.show(
            req, resp, "addons.html", addons=addons(account), servers=extensions(account, (SERVERS,), is_remote),
            webhooks=extensions(account, WEBHOOKS),
        )  # fmt: skip


def addons(account: Account) -> list[Extension]:
    """By the label of what they ship."""
    found: dict[str, list[Linked]] = {}
    for name in SHIPPED:
        if (kind := account.kind(name)) is not None:
            for obj in some(account.client, kind.resource, labels=LABEL, most=200):
                found.setdefault(str(obj["metadata"]["labels"][LABEL]), []).append(linked(obj, kind.resource))
    return [Extension(name, objects) for name, objects in sorted(found.items())]


def extensions(account: Account, names: tuple[str, ...], wanted: object = None) -> list[Linked]:
    found = []
    for name in names:
        if (kind := account.kind(name)) is not None:
            objects = some(account.client, kind.resource, most=500)
            found += [linked(obj, kind.resource) for obj in objects if wanted is None or is_remote(obj)]
    return found


def is_remote(obj: Object) -> bool:
    """Whether another server answers: an APIService with a Service."""
    return bool((obj.get("spec") or {}).get("service"))
