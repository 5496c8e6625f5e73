"""What extends the cluster: add-ons by the objects they ship, API services, webhooks; and, beside a sampan cluster and
for a user who may do everything, add-ons to be switched and configured, and plugins with their failures.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import falcon

from sampan.contracts.kinds import Object
from sampan.errors import BadRequest, NotFound
from sampan_dashboard import diffs, forms
from sampan_dashboard.accounts import Account
from sampan_dashboard.navigation import link
from sampan_dashboard.operating import Operator, may_operate, require_all
from sampan_dashboard.reading import some
from sampan_dashboard.related import Linked, linked
from sampan_dashboard.web import Pages, account_of, form_field

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


OWN = "dashboard"  # it would end before it can answer


class AddonsPage:
    def __init__(self, pages: Pages, operator: Operator | None) -> None:
        self._pages, self._operator = pages, operator

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        account = account_of(req)
        may = self._operator is not None and may_operate(account)
        installed = self._operator.addons() if self._operator is not None and may else []
        self._pages.show(
            req, resp, "addons.html", addons=addons(account), servers=extensions(account, (SERVERS,), is_remote),
            webhooks=extensions(account, WEBHOOKS), installed=installed, beside=self._operator is not None, may=may,
            own=OWN,
        )  # fmt: skip


class AddonPage:
    """One add-on: its settings as a form, and users' edits of what it has shipped."""

    def __init__(self, pages: Pages, operator: Operator | None) -> None:
        self._pages, self._operator = pages, operator

    def on_get(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        operator = required(self._operator, req)
        with ThreadPoolExecutor(1) as pool:  # each is a command, most of whose time is its start
            listed = pool.submit(operator.addons)
            found = forms.fields(operator.settings(name))
        self._show(req, resp, operator, name, found, done=req.get_param("done") or "", listed=listed.result())

    def on_post(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        operator, verb = required(self._operator, req), form_field(req, "step")
        if verb not in ("enable", "disable", "configure", "reset"):
            raise BadRequest(f"there is no action {verb!r}")
        if name == OWN:
            raise BadRequest(f"the dashboard cannot do that to itself: `sampan addons {verb} {OWN}`")
        found = forms.fields(operator.settings(name)) if verb == "configure" else []
        words = forms.words(found, req.context.form)
        if verb == "configure" and not words:
            raise falcon.HTTPSeeOther(link("addons", name))
        done = operator.change(account_of(req).who.name, verb, name, *words)
        if done.code == 0:
            raise falcon.HTTPSeeOther(link("addons", name, done=done.words[:500]))
        resp.status = falcon.HTTP_422
        found = forms.filled(found, req.context.form) if found else forms.fields(operator.settings(name))
        self._show(req, resp, operator, name, found, problem=forms.problem(done.words))

    def _show(
        self, req: falcon.Request, resp: falcon.Response, operator: Operator, name: str, found: list[forms.Field], *,
        problem: tuple[str, str] = ("", ""), done: str = "", listed: list[dict[str, Any]] | None = None,
    ) -> None:  # fmt: skip
        state = next((each for each in listed or operator.addons() if each["name"] == name), None)
        if state is None:
            raise NotFound(f"no add-on is called {name!r}")
        text, unknown = operator.diff(name) if state["enabled"] else ("", "")
        known = any(field.key == problem[0] for field in found)
        lines = [diffs.Line(*_signed(line)) for line in text.splitlines()]
        self._pages.show(
            req, resp, "addon.html", state=state, fields=found, wrong=problem if known else ("", ""),
            failed="" if known else problem[1], done=done, diff=lines, unknown=unknown, own=OWN,
        )  # fmt: skip


class PluginsPage:
    def __init__(self, pages: Pages, operator: Operator | None) -> None:
        self._pages, self._operator = pages, operator

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        found = required(self._operator, req).plugins()
        worst = sorted(found, key=lambda each: (not each["failures"], each["state"] not in ("failed",), each["name"]))
        self._pages.show(req, resp, "plugins.html", plugins=worst)


def required(operator: Operator | None, req: falcon.Request) -> Operator:
    """Raises NotFound where the dashboard does not run beside a cluster of sampan, Forbidden for most users."""
    if operator is None:
        raise NotFound("add-ons are switched where the cluster runs: this dashboard does not run beside it")
    require_all(account_of(req))
    return operator


def _signed(line: str) -> tuple[str, str]:
    if line.startswith("@@"):
        return "@", line
    return (line[:1], line[1:]) if line[:1] in ("+", "-") else (" ", line[1:])


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
