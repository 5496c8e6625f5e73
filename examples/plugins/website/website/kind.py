"""The kind Website: its fields, what the schema cannot say of them, and what kubectl shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sampan.contracts.kinds import Column, Kind, Object, Problem
from sampan_machinery import names, problems
from sampan_machinery.metadata import condition_is, get_path
from website.resources import GROUP

HOME_PAGE = "index.html"

SPEC: dict[str, Any] = {
    "type": "object",
    "description": "What the site shows, and where.",
    "required": ["pages"],
    "properties": {
        "pages": {
            "type": "object",
            "description": "The site's files by name; index.html is the first that visitors see.",
            "minProperties": 1,
            "additionalProperties": {"type": "string"},
        },
        "host": {
            "type": "string",
            "description": "The name by which browsers ask for it. Without one the site has a Service and no Ingress.",
            "pattern": r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
            "maxLength": 253,
        },
        "replicas": {
            "type": "integer",
            "format": "int32",
            "description": "How many pods serve it.",
            "minimum": 0,
            "maximum": 100,
            "default": 1,
        },
        "image": {"type": "string", "description": "An image with busybox in it.", "default": "busybox:1"},
        "ingressClassName": {
            "type": "string",
            "description": "Who serves the Ingress; the cluster's default if unset.",
        },
    },
}

CONDITION: dict[str, Any] = {
    "type": "object",
    "required": ["type", "status"],
    "properties": {
        "type": {"type": "string"},
        "status": {"type": "string", "enum": ["True", "False", "Unknown"]},
        "reason": {"type": "string"},
        "message": {"type": "string"},
        "observedGeneration": {"type": "integer"},
        "lastTransitionTime": {"type": "string", "format": "date-time"},
    },
}

STATUS: dict[str, Any] = {
    "type": "object",
    "description": "What has become of it; written by the controller.",
    "properties": {
        "observedGeneration": {"type": "integer", "description": "The generation of the spec that this speaks of."},
        "readyReplicas": {"type": "integer", "description": "Pods that serve the site now."},
        "url": {"type": "string", "description": "Where to look."},
        "conditions": {
            "type": "array",
            "items": CONDITION,
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["type"],
        },
    },
}


def validate(site: Object, old: Object | None) -> Iterator[Problem]:
    """What a schema cannot say. It is asked only about objects that fit the schema."""
    pages = site["spec"]["pages"]
    if HOME_PAGE not in pages:
        yield problems.required("spec.pages[index.html]", "a site needs a first page")
    for name in pages:
        for complaint in names.config_key(name):
            yield problems.invalid("spec.pages", name, complaint)


def _ready(site: Object) -> str:
    return f"{get_path(site, 'status', 'readyReplicas', default=0)}/{get_path(site, 'spec', 'replicas', default=1)}"


WEBSITE = Kind(
    group=GROUP,
    version="v1",
    kind="Website",
    plural="websites",
    short_names=("site",),
    schema={
        "type": "object",
        "description": "A Website is a set of pages that the cluster serves.",
        "required": ["spec"],
        "properties": {"spec": SPEC, "status": STATUS},
    },
    status=True,
    generation=True,
    validate=validate,
    columns=(
        Column("Name", lambda site: site["metadata"]["name"], format="name"),
        Column("Available", lambda site: str(condition_is(site.get("status"), "Available"))),
        Column("Ready", _ready),
        Column("URL", lambda site: get_path(site, "status", "url", default="")),
        Column("Age", lambda site: site["metadata"].get("creationTimestamp"), type="date"),
        Column("Image", lambda site: get_path(site, "spec", "image", default=""), priority=1),
    ),
)
