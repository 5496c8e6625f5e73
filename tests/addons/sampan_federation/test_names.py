from __future__ import annotations

from sampan_federation.names import binding_name, execution_namespace


def test_names_are_karmadas():
    assert binding_name("Deployment", "web") == "web-deployment"
    assert binding_name("ClusterRole", "system:node") == "system.node-clusterrole"
    assert execution_namespace("east") == "karmada-es-east"
