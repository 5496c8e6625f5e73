from __future__ import annotations

from sampan_federation.policies.kinds import AGAIN, HostKinds
from sampan_machinery.resources import CONFIG_MAPS, DEPLOYMENTS


def test_kinds_are_found_and_asked_for_once(fleet):
    now = [1000.0]
    kinds = HostKinds(fleet.client, lambda: now[0])

    assert kinds.resource("apps/v1", "Deployment") == DEPLOYMENTS
    assert kinds.resource("v1", "ConfigMap") == CONFIG_MAPS
    assert kinds.resource("apps/v1", "Nothing") is None
    assert kinds.resource("example.com/v1", "Boat") is None

    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object"}}}
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "boats.example.com"},
        "spec": {
            "group": "example.com", "scope": "Namespaced", "names": {"plural": "boats", "kind": "Boat"},
            "versions": [version],
        },
    }  # fmt: skip
    fleet.client.request("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", body=definition)
    fleet.settle()
    assert kinds.resource("example.com/v1", "Boat") is None  # not asked again so soon
    now[0] += AGAIN
    assert (
        fleet.until(lambda: kinds.resource("example.com/v1", "Boat") or now.__setitem__(0, now[0] + AGAIN)).plural
        == "boats"
    )
