"""The pages of one object: summary, YAML, events, revisions."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import falcon

from sampan.contracts.kinds import Object
from sampan.errors import NotFound
from sampan_dashboard import charts, diffs, forwards, related, rollouts, summaries
from sampan_dashboard.contributions import Contributions
from sampan_dashboard.health import health
from sampan_dashboard.logs import selector_of
from sampan_dashboard.navigation import object_link
from sampan_dashboard.permissions import Rules, missing_rule, scope_of
from sampan_dashboard.reading import Target, some, target_of
from sampan_dashboard.web import Pages

SCALED = ("Deployment", "StatefulSet", "ReplicaSet", "ReplicationController")
LOGGED = ("Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "Service")
TABS = ("", "yaml", "events", "why", "history", "logs", "rollout")


def buttons(obj: Object, target: Target, rules: Rules) -> dict[str, bool]:
    """What is offered: what the kind has, and whether the user may. What one may not is shown as a rule that lacks."""
    resource, kind, name = target.resource, str(obj["kind"]), target.name
    patch = rules.may("patch", resource, name)
    pods = target.account.kind("pods")
    found = {
        "edit": rules.may("update", resource, name) if "update" in target.kind.verbs else None,
        "delete": rules.may("delete", resource, name) if "delete" in target.kind.verbs else None,
        "scale": rules.may("patch", resource, name, "scale") if kind in SCALED else None,
        "restart": patch if kind in rollouts.ROLLED else None,
        "rollback": patch if kind in rollouts.ROLLED else None,
        "suspend": patch if kind in ("CronJob", "Job") else None,
        "trigger": _may_trigger(target, rules) if kind == "CronJob" else None,
        "cordon": patch if kind == "Node" else None,
        "drain": patch if kind == "Node" else None,
        "terminal": bool(rules.may("create", resource, name, "exec")) if kind == "Pod" else None,
        "logs": bool(pods and rules.may("get", pods.resource, name, "log")) if kind in LOGGED else None,
    }
    return {name: allowed for name, allowed in found.items() if allowed is not None}


def _may_trigger(target: Target, rules: Rules) -> bool:
    jobs = target.account.kind("jobs.batch")
    return jobs is not None and rules.may("create", jobs.resource)


def lacking(target: Target, allowed: dict[str, bool]) -> list[tuple[str, str]]:
    """(action, rule that would allow it) for each that the user may not."""
    verbs = {"edit": ("update", ""), "delete": ("delete", ""), "scale": ("patch", "scale"), "logs": ("get", "log"),
             "terminal": ("create", "exec")}  # fmt: skip
    found = []
    for name, may in allowed.items():
        if may or name == "rollback":
            continue
        verb, subresource = verbs.get(name, ("patch", ""))
        resource = target.resource
        kind = target.account.kind("pods" if name == "logs" else "jobs.batch" if name == "trigger" else "")
        if kind is not None:
            resource, verb = kind.resource, "create" if name == "trigger" else verb
        found.append((name, missing_rule(verb, resource, scope_of(resource, target.namespace), subresource)))
    return found


def around(target: Target, obj: Object, tab: str) -> dict[str, Any]:
    """What every page of an object shows."""
    allowed = buttons(obj, target, target.account.rules(target.namespace))
    return {
        "target": target, "obj": obj, "tab": tab, "health": health(obj), "allowed": allowed,
        "lacking": lacking(target, allowed), "resource": target.resource,
        "has_rollout": obj["kind"] in rollouts.ROLLED, "version": obj["metadata"].get("resourceVersion", ""),
    }  # fmt: skip


class ObjectPage:
    def __init__(self, pages: Pages, added: Contributions, why: Callable[..., Any] = lambda *given: None) -> None:
        """``why(target, obj, added)``: the Explanation of an object that is not well, else None."""
        self._pages, self._added, self._why = pages, added, why

    def on_get(self, req: falcon.Request, resp: falcon.Response, kind: str, namespace: str, name: str) -> None:
        target = read_for(req, kind, namespace, name)
        req.context.past = object_link(target.resource, target.namespace, target.name, "history")
        obj, account = target.get(), target.account
        status = obj.get("status") if isinstance(obj.get("status"), dict) else {}
        self._pages.show(
            req, resp, "object.html", sentence=summaries.sentence(obj, time.time()), facts=summaries.facts(obj),
            containers=summaries.containers(obj), conditions=_conditions(status or {}),
            owners=related.owners_of(account, obj), owned=related.owned_by(account, obj),
            traffic=related.traffic_of(target, obj), events=related.events_of(account, obj)[:10],
            usage=charts.of_object(account, obj), done=req.get_param("done") or "",
            forwards=forwards.commands(obj), addresses=forwards.addresses(obj),
            why=self._why(target, obj, self._added),
            links=self._added.links(target.resource.group_resource, target.namespace, target.name),
            panels=self._added.shown(target.client, target.resource.group_resource, obj),
            **around(target, obj, ""),
        )  # fmt: skip


def _conditions(status: Object) -> list[dict[str, str]]:
    """Of any kind, a custom one too, whose conditions may lack a field."""
    found = status.get("conditions")
    return [
        {name: str(each.get(name) or "") for name in ("type", "status", "reason", "message")}
        for each in (found if isinstance(found, list) else ())
        if isinstance(each, dict)
    ]


class YamlPage:
    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def on_get(self, req: falcon.Request, resp: falcon.Response, kind: str, namespace: str, name: str) -> None:
        target = read_for(req, kind, namespace, name)
        obj, shown = target.get(), req.get_param("values") == "1"
        text = diffs.text_of(obj if shown else diffs.hidden_secret(obj), managed=req.get_param("managed") == "1")
        self._pages.show(
            req, resp, "yaml.html", text=text, is_secret=obj["kind"] == "Secret", shown=shown,
            **around(target, obj, "yaml"),
        )  # fmt: skip


class EventsPage:
    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def on_get(self, req: falcon.Request, resp: falcon.Response, kind: str, namespace: str, name: str) -> None:
        target = read_for(req, kind, namespace, name)
        obj = target.get()
        events = related.events_of(target.account, obj)
        self._pages.show(req, resp, "events.html", events=events, **around(target, obj, "events"))


class RolloutPage:
    """Revisions, and what going back to one would change in the pod template."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def on_get(self, req: falcon.Request, resp: falcon.Response, kind: str, namespace: str, name: str) -> None:
        target = read_for(req, kind, namespace, name)
        obj = target.get()
        found = revisions_of(target, obj)
        chosen = next((each for each in found if str(each.number) == req.get_param("revision")), None)
        template = (obj.get("spec") or {}).get("template") or {}
        lines = diffs.diff(diffs.text_of(template), diffs.text_of(chosen.template)) if chosen else []
        self._pages.show(
            req, resp, "rollout.html", revisions=found, chosen=chosen, lines=lines, **around(target, obj, "rollout")
        )


def revisions_of(target: Target, obj: Object) -> list[rollouts.Revision]:
    """Raises NotFound for a kind without revisions."""
    if obj["kind"] not in rollouts.ROLLED:
        raise NotFound(f"a {obj['kind']} has no revisions")
    kind = target.account.kind(
        "replicasets.apps" if obj["kind"] == "Deployment" else "controllerrevisions.apps"
    )  # fmt: skip
    if kind is None:
        return []
    return rollouts.revisions(obj, some(target.client, kind.resource, target.namespace, labels=selector_of(obj)))


def read_for(req: falcon.Request, kind: str, namespace: str, name: str) -> Target:
    target = target_of(req, kind, namespace, name)
    req.context.rule = missing_rule("get", target.resource, scope_of(target.resource, target.namespace))
    return target
