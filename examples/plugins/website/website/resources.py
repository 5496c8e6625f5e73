"""The collections this plugin speaks of."""

from __future__ import annotations

from sampan.contracts.kinds import Resource

GROUP = "web.example.org"

WEBSITES = Resource(GROUP, "v1", "websites", "Website")
CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap")
SERVICES = Resource("", "v1", "services", "Service")
DEPLOYMENTS = Resource("apps", "v1", "deployments", "Deployment")
INGRESSES = Resource("networking.k8s.io", "v1", "ingresses", "Ingress")
