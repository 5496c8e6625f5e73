"""The resources this plugin speaks of."""

from __future__ import annotations

from sampan.contracts.kinds import Resource

NAMESPACES = Resource("", "v1", "namespaces", "Namespace", False)
ACCOUNTS = Resource("", "v1", "serviceaccounts", "ServiceAccount", True)
SECRETS = Resource("", "v1", "secrets", "Secret", True)
CONFIGMAPS = Resource("", "v1", "configmaps", "ConfigMap", True)
PODS = Resource("", "v1", "pods", "Pod", True)
NODES = Resource("", "v1", "nodes", "Node", False)

DEFAULT = "default"
ROOT_CA = "kube-root-ca.crt"
TOKEN_TYPE = "kubernetes.io/service-account-token"
NAME_ANNOTATION = "kubernetes.io/service-account.name"
UID_ANNOTATION = "kubernetes.io/service-account.uid"
