"""The objects that make up a site, as they are wanted: pure functions of the Website."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from sampan.contracts.kinds import Object, Resource
from sampan_machinery.metadata import controller_ref
from website.resources import CONFIG_MAPS, DEPLOYMENTS, GROUP, INGRESSES, SERVICES

PORT = 8080
LABEL = f"{GROUP}/site"
PAGES_HASH = f"{GROUP}/pages"
#: On the pod's own address: where pods are processes of one machine, many may then use the same port.
SERVE = f"exec busybox httpd -f -p $POD_IP:{PORT} -h /www"


def wanted(site: Object) -> dict[Resource, Object]:
    """Every object of the site by its collection; all carry the site's name."""
    parts = {
        CONFIG_MAPS: {"data": site["spec"]["pages"]},
        DEPLOYMENTS: {"spec": _deployment(site)},
        SERVICES: {"spec": {"selector": _labels(site), "ports": [{"name": "http", "port": 80, "targetPort": "http"}]}},
    }
    if site["spec"].get("host"):
        parts[INGRESSES] = {"spec": _ingress(site)}
    return {resource: {"metadata": _metadata(site), **rest} for resource, rest in parts.items()}


def _metadata(site: Object) -> Object:
    meta = site["metadata"]
    return {
        "name": meta["name"],
        "namespace": meta["namespace"],
        "labels": _labels(site),
        "ownerReferences": [controller_ref(site)],
    }


def _labels(site: Object) -> dict[str, str]:
    return {LABEL: site["metadata"]["name"]}


def _deployment(site: Object) -> Object:
    """The pages' hash is in the template, so that changed pages roll out as a changed image would."""
    spec = site["spec"]
    pages = hashlib.sha256(json.dumps(spec["pages"], sort_keys=True).encode()).hexdigest()[:16]
    container: dict[str, Any] = {
        "name": "httpd",
        "image": spec["image"],
        "command": ["sh", "-c", SERVE],
        "env": [{"name": "POD_IP", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "status.podIP"}}}],
        "ports": [{"name": "http", "containerPort": PORT}],
        "readinessProbe": {"httpGet": {"path": "/", "port": "http"}, "periodSeconds": 1},
        "volumeMounts": [{"name": "pages", "mountPath": "/www"}],
    }
    template = {
        "metadata": {"labels": _labels(site), "annotations": {PAGES_HASH: pages}},
        "spec": {
            "containers": [container],
            "terminationGracePeriodSeconds": 1,
            "volumes": [{"name": "pages", "configMap": {"name": site["metadata"]["name"]}}],
        },
    }
    return {"replicas": spec["replicas"], "selector": {"matchLabels": _labels(site)}, "template": template}


def _ingress(site: Object) -> Object:
    backend = {"service": {"name": site["metadata"]["name"], "port": {"name": "http"}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    spec: Object = {"rules": [{"host": site["spec"]["host"], "http": {"paths": [path]}}]}
    if "ingressClassName" in site["spec"]:
        spec["ingressClassName"] = site["spec"]["ingressClassName"]
    return spec


def merged(current: Any, part: Any) -> Any:
    """``current`` with what ``part`` wants; what others have added (defaults, annotations) stays."""
    if isinstance(current, dict) and isinstance(part, dict):
        return {**current, **{key: merged(current.get(key), value) for key, value in part.items()}}
    if isinstance(current, list) and isinstance(part, list) and len(current) == len(part):
        return [merged(old, new) for old, new in zip(current, part, strict=True)]
    return part


def updated(resource: Resource, current: Object, part: Object) -> Object:
    """The object as it should be; equal to ``current`` where nothing is to do."""
    result: Object = merged(current, part)
    if resource == CONFIG_MAPS:
        result["data"] = part["data"]  # a page that was taken out goes
    return result
