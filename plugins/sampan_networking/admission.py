"""The rule DefaultIngressClass: a new Ingress that names no class gets the one marked as default.

Source: upstream's admission controller of this name. Where several are marked the newest counts, then the name.
"""

from __future__ import annotations

from sampan.contracts.admission import Review
from sampan.contracts.kinds import Object
from sampan.contracts.serving import Reader
from sampan_machinery.resources import INGRESS_CLASSES as CLASSES
from sampan_networking.resources import IS_DEFAULT, OLD_CLASS


class DefaultIngressClass:
    """Sets ``spec.ingressClassName``; never refuses."""

    name = "DefaultIngressClass"
    operations = frozenset({"CREATE"})
    resources = frozenset({"ingresses.networking.k8s.io"})
    subresources = frozenset({""})
    mutates = True
    second_round = True
    priority = 500

    def admit(self, review: Review) -> None:
        if review.object is None:
            return
        spec = review.object.setdefault("spec", {})
        annotations = review.object["metadata"].get("annotations") or {}
        if spec.get("ingressClassName") is not None or OLD_CLASS in annotations:
            return
        if name := default_class(review.reader):
            spec["ingressClassName"] = name


def default_class(reader: Reader) -> str:
    """The name of the default class, "" where there is none."""
    marked = [one["metadata"] for one in reader.list(CLASSES) if _is_default(one)]
    newest = max((one.get("creationTimestamp") or "" for one in marked), default="")
    return min((one["name"] for one in marked if (one.get("creationTimestamp") or "") == newest), default="")


def _is_default(ingress_class: Object) -> bool:
    return (ingress_class["metadata"].get("annotations") or {}).get(IS_DEFAULT) == "true"
