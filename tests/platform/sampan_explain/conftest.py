"""Objects as controllers and node agents leave them, and their explanation."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from sampan_explain import Objects, explain
from sampan_machinery.metadata import parse_time

NOW = parse_time("2026-01-02T00:00:00Z")
EARLIER = "2026-01-01T23:00:00Z"


def obj(kind, name, api="v1", namespace="default", **more):
    metadata = {"name": name, "uid": f"uid-{name}", "creationTimestamp": EARLIER, **more.pop("metadata", {})}
    if namespace:
        metadata["namespace"] = namespace
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **more}


def condition(type, status="True", reason="", message=""):
    return {"type": type, "status": status, "reason": reason, "message": message, "lastTransitionTime": EARLIER}


def pod(name="web-1", phase="Running", *, node="node-1", ready=None, statuses=(), initial=(), labels=None, owner=None,
        conditions=(), status=None, metadata=None, container=None, **spec):  # fmt: skip
    """``statuses`` as node agents write them; ``ready``: the condition."""
    found = [*conditions]
    if ready is not None:
        found.append(condition("Ready", str(ready)))
    meta = {"labels": labels or {"app": "web"}, **(metadata or {})}
    if owner:
        meta["ownerReferences"] = [
            {"kind": owner["kind"], "name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"],
             "controller": True, "apiVersion": owner["apiVersion"]}
        ]  # fmt: skip
    return obj(
        "Pod", name, metadata=meta,
        spec={"containers": [{"name": "app", "image": "example/app:1", **(container or {})}],
              **({"nodeName": node} if node else {}), **spec},
        status={"phase": phase, "conditions": found, "containerStatuses": list(statuses),
                "initContainerStatuses": list(initial), **(status or {})},
    )  # fmt: skip


def waiting(reason, message="", name="app", **more):
    return {"name": name, "ready": False, "restartCount": 0,
            "state": {"waiting": {"reason": reason, "message": message}}, **more}  # fmt: skip


def running(name="app", *, ready=True, **more):
    return {"name": name, "ready": ready, "restartCount": 0, "state": {"running": {"startedAt": EARLIER}}, **more}


def crashed(code, reason="Error", name="app", count=4, **more):
    return waiting(
        "CrashLoopBackOff", name=name,
        restartCount=count, lastState={"terminated": {"exitCode": code, "reason": reason, **more}},
    )  # fmt: skip


def event(about, reason, message, type="Warning", count=3):
    metadata = about["metadata"]
    return obj(
        "Event",
        f"{metadata['name']}.{reason}",
        namespace=metadata.get("namespace", "default"),
        type=type,
        reason=reason,
        message=message,
        count=count,
        lastTimestamp=EARLIER,
        involvedObject={"kind": about["kind"], "name": metadata["name"], "uid": metadata["uid"]},
    )


def node(name="node-1", ready="True", **more):
    return obj(
        "Node",
        name,
        namespace="",
        spec=more.pop("spec", {}),
        status={"conditions": [condition("Ready", ready, "KubeletReady", "posting"), *more.pop("conditions", ())]},
        **more,
    )


def service(name="web", selector=None, port=80, target=None, **spec):
    return obj(
        "Service",
        name,
        spec={
            "selector": {"app": "web"} if selector is None else selector,
            "ports": [{"port": port, **({"targetPort": target} if target else {})}],
            **spec,
        },
    )


def endpoints(name="web", *ready):
    return obj("EndpointSlice", f"{name}-x", "discovery.k8s.io/v1",
               metadata={"labels": {"kubernetes.io/service-name": name}},
               endpoints=[{"addresses": ["10.0.0.1"], "conditions": {"ready": each}} for each in ready])  # fmt: skip


def explained(found, *others, logs=None, now=NOW, explainers=()):
    return explain(found, Objects.of([found, *others], now, logs=logs), explainers)


@pytest.fixture
def make():
    """The builders above."""
    return SimpleNamespace(
        obj=obj,
        condition=condition,
        pod=pod,
        waiting=waiting,
        running=running,
        crashed=crashed,
        event=event,
        node=node,
        service=service,
        endpoints=endpoints,
        now=NOW,
        earlier=EARLIER,
        one_line=lambda found: " ".join(found.lines()),
    )


@pytest.fixture
def why():
    """Explain an object beside all others that there are."""
    return explained


@pytest.fixture
def reasons():
    return lambda found: [cause.reason for cause in found.causes]
