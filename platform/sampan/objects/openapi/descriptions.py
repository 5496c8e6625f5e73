"""What fields are for, in words: short sentences of our own, and upstream's where kubernetes-validate is installed.

``kubectl explain`` shows them. The package is the extra ``sampan[explain]``; without it most fields have no words.
Knows nothing of paths and kinds.
"""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Mapping
from pathlib import Path

import msgspec

log = logging.getLogger(__name__)

#: Fields that mean the same everywhere, by name and, where needed, by owner's last word.
_STANDARD = {
    "apiVersion": "APIVersion defines which version of its group this object is written in, such as v1 or apps/v1.",
    "kind": "Kind names the type of this object, in CamelCase. It cannot be changed.",
    "metadata": "Standard object's metadata: name, namespace, labels, annotations and what the server keeps of it.",
    "spec": "What is wanted of this object.",
    "status": "What has been observed of this object. Written by the system.",
}
_METADATA = {
    "name": "Unique within a namespace and kind; cannot be changed.",
    "namespace": "The namespace this object lives in; empty for cluster-wide kinds.",
    "labels": "Short keys and values by which objects are selected.",
    "annotations": "Keys and values for tools and people, never selected by.",
    "generateName": "Prefix for a name that the server completes, used when name is empty.",
    "uid": "Unique in time and space; given by the server.",
    "resourceVersion": "The revision at which this object was last written; for conflict checks and watches.",
    "generation": "Counts the changes to what is wanted.",
    "creationTimestamp": "When the server created this object.",
    "deletionTimestamp": "When this object is due to be removed; set by the server on a graceful deletion.",
    "deletionGracePeriodSeconds": "Seconds allowed to end before removal.",
    "finalizers": "Who must finish before this object can be removed.",
    "ownerReferences": "Objects this one belongs to; it is removed when all of them are gone.",
    "managedFields": "Who set which field; kept by the server for server-side apply.",
}
_METADATA_TYPE = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"


class Descriptions:
    """Words by definition and field. ``upstream`` maps a definition to ``{field: words}``, "" being itself."""

    def __init__(self, upstream: Mapping[str, Mapping[str, str]]) -> None:
        self._upstream = upstream
        self.complete = bool(upstream)

    def of_type(self, name: str) -> str:
        return self._upstream.get(name, {}).get("", "")

    def of_field(self, name: str, field: str) -> str:
        """Upstream's words if there are any, else ours, else ""."""
        ours = _METADATA if name == _METADATA_TYPE else _STANDARD
        return self._upstream.get(name, {}).get(field) or ours.get(field, "")


def installed(version: str) -> Descriptions:
    """The descriptions of this schema version (``v1.37.0``) from kubernetes-validate, or only our own."""
    found = importlib.util.find_spec("kubernetes_validate")
    if found is None or found.origin is None:
        return Descriptions({})
    path = Path(found.origin).parent / "kubernetes-json-schema" / f"{version}-local" / "_definitions.json"
    try:
        whole = msgspec.json.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError) as error:
        log.warning("explain: no descriptions for %s from kubernetes-validate: %s", version, error)
        return Descriptions({})
    return Descriptions({name: _words(node) for name, node in (whole.get("$defs") or whole["definitions"]).items()})


def _words(node: Mapping[str, object]) -> dict[str, str]:
    fields = node.get("properties")
    nodes = {"": node, **(fields if isinstance(fields, dict) else {})}
    return {field: child["description"] for field, child in nodes.items() if child.get("description")}
