"""The collections this plugin speaks of, and the annotations that mean something to it."""

from __future__ import annotations

from sampan.contracts.kinds import Resource

GROUP = "networking.k8s.io"

INGRESSES = Resource(GROUP, "v1", "ingresses", "Ingress")
CLASSES = Resource(GROUP, "v1", "ingressclasses", "IngressClass", False)

#: How an Ingress named its class before there was a field for it.
OLD_CLASS = "kubernetes.io/ingress.class"
IS_DEFAULT = "ingressclass.kubernetes.io/is-default-class"
