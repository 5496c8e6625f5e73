"""What a button does. Each is one request to the API server as the user; what it answers is what is shown."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

import falcon

from sampan.contracts.kinds import Object
from sampan.errors import BadRequest, NotFound, StatusError
from sampan_dashboard import drains, rollouts
from sampan_dashboard.navigation import link, object_link
from sampan_dashboard.objects import revisions_of
from sampan_dashboard.past import undelete
from sampan_dashboard.permissions import missing_rule, scope_of
from sampan_dashboard.reading import Target, objects, target_of
from sampan_dashboard.web import Pages, form_field
from sampan_machinery.metadata import now_text
from sampan_machinery.selectors import escape

MOST_REPLICAS = 100_000
PROPAGATION = ("Background", "Foreground", "Orphan")
POLICY = "policy/v1"


class Action:
    """POST /o/…/do/scale, and so on."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def on_post(
        self, req: falcon.Request, resp: falcon.Response, kind: str, namespace: str, name: str, action: str
    ) -> None:  # fmt: skip
        target = target_of(req, kind, namespace, name)
        if action not in ACTIONS:
            raise NotFound(f"there is no action {action!r}")
        verb, subresource = VERBS.get(action, ("patch", ""))
        resource = target.resource
        req.context.rule = missing_rule(verb, resource, scope_of(resource, target.namespace), subresource)
        if action == "drain":
            done, left = drain(target)
            self._pages.show(req, resp, "drained.html", target=target, done=done, left=left)
            return
        goal = ACTIONS[action](target, lambda field: form_field(req, field))
        raise falcon.HTTPSeeOther(goal or object_link(resource, target.namespace, target.name) + f"?done={action}")


Field = Callable[[str], str]


def scale(target: Target, field: Field) -> str:
    text = field("replicas").strip()
    if not text.isdecimal() or int(text) > MOST_REPLICAS:
        raise BadRequest(f"replicas must be a number from 0 to {MOST_REPLICAS}")
    _patch(target, {"spec": {"replicas": int(text)}}, subresource="scale")
    return ""


def restart(target: Target, field: Field) -> str:
    _patch(target, rollouts.restart(now_text(time.time())))
    return ""


def rollback(target: Target, field: Field) -> str:
    obj = target.get()
    found = next((each for each in revisions_of(target, obj) if str(each.number) == field("revision")), None)
    if found is None:
        raise NotFound(f"{target.name} keeps no revision {field('revision')}")
    target.client.patch(target.resource, target.name, rollouts.back_to(obj, found), target.namespace, how="json")
    return ""


def suspend(target: Target, field: Field) -> str:
    _patch(target, {"spec": {"suspend": field("value") == "true"}})
    return ""


def trigger(target: Target, field: Field) -> str:
    """A Job from the CronJob's template, now."""
    jobs = target.account.kind("jobs.batch")
    if jobs is None or target.resource.kind != "CronJob":
        raise BadRequest("only a CronJob can be triggered")
    job = job_of(target.get(), secrets.token_hex(3))
    made = target.client.create(jobs.resource, job, target.namespace)
    return object_link(jobs.resource, target.namespace, str(made["metadata"]["name"])) + "?done=trigger"


def job_of(cron: Object, suffix: str) -> dict[str, Any]:
    """As `kubectl create job --from=cronjob/…`: the annotation marks the Job, and the CronJob is its owner."""
    template = (cron.get("spec") or {}).get("jobTemplate") or {}
    metadata = template.get("metadata") or {}
    name = str(cron["metadata"]["name"])[: 63 - 8 - len(suffix)]
    owner = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "name": cron["metadata"]["name"],
        "uid": cron["metadata"]["uid"],
    }
    return {
        "apiVersion": "batch/v1", "kind": "Job",
        "metadata": {
            "name": f"{name}-manual-{suffix}", "labels": dict(metadata.get("labels") or {}),
            "annotations": {**(metadata.get("annotations") or {}), "cronjob.kubernetes.io/instantiate": "manual"},
            "ownerReferences": [{**owner, "controller": True}],
        },
        "spec": template.get("spec") or {},
    }  # fmt: skip


def cordon(target: Target, field: Field) -> str:
    _patch(target, {"spec": {"unschedulable": True if field("value") == "true" else None}})
    return ""


def delete(target: Target, field: Field) -> str:
    """Only the object that was looked at: its uid is a precondition."""
    propagation = field("propagation") or "Background"
    if propagation not in PROPAGATION:
        raise BadRequest(f"propagation must be one of {', '.join(PROPAGATION)}")
    grace = field("grace").strip()
    if grace and not grace.isdecimal():
        raise BadRequest("grace must be a number of seconds")
    uid = field("uid")
    if not uid:
        raise BadRequest("uid must be that of the object to delete")
    target.client.delete(
        target.resource, target.name, target.namespace, uid=uid, propagation=propagation,
        grace=int(grace) if grace else None,
    )  # fmt: skip
    return link("l", target.resource.group_resource, namespace=target.namespace)


def drain(target: Target) -> tuple[list[str], list[drains.Left]]:
    """Cordon the node and ask for the eviction of its pods once; those that a budget protects are named."""
    if target.resource.kind != "Node":
        raise BadRequest("only a Node can be drained")
    _patch(target, {"spec": {"unschedulable": True}})
    pods = target.account.kind("pods")
    if pods is None:
        raise NotFound("the cluster has no pods")
    fields = f"spec.nodeName={escape(target.name)}"
    evict, left = drains.plan(objects(target.client, pods.resource, fields=fields))
    done = []
    for namespace, name in evict:
        body = {"apiVersion": POLICY, "kind": "Eviction", "metadata": {"name": name, "namespace": namespace}}
        try:
            target.client.create(pods.resource, body, namespace, subresource="eviction", name=name)
            done.append(f"{namespace}/{name}")
        except StatusError as error:
            left.append(drains.Left(namespace, name, error.message))
    return done, left


def _patch(target: Target, body: Any, *, subresource: str = "") -> None:
    target.client.patch(target.resource, target.name, body, target.namespace, subresource=subresource)


ACTIONS: Mapping[str, Callable[[Target, Field], str]] = {
    "scale": scale,
    "restart": restart,
    "rollback": rollback,
    "suspend": suspend,
    "trigger": trigger,
    "cordon": cordon,
    "delete": delete,
    "undelete": lambda target, field: undelete(target),
    "drain": lambda target, field: "",  # answers with a page of its own
}
VERBS = {"scale": ("patch", "scale"), "delete": ("delete", ""), "trigger": ("get", ""), "undelete": ("create", "")}
