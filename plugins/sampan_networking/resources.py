"""Names that mean something to this plugin."""

from __future__ import annotations

GROUP = "networking.k8s.io"


#: How an Ingress named its class before there was a field for it.
OLD_CLASS = "kubernetes.io/ingress.class"
IS_DEFAULT = "ingressclass.kubernetes.io/is-default-class"
