from __future__ import annotations

import pytest

from sampan.errors import Invalid
from sampan_federation import resources
from sampan_federation.resources import CLUSTERS, FEDERATED_HPAS, MULTI_CLUSTER_SERVICES, SERVICE_IMPORTS


def test_every_kind_is_served(client):
    every = [each for each in vars(resources).values() if isinstance(each, type(CLUSTERS))]

    assert len(every) == 15
    for resource in every:
        assert client.list(resource).items == []


def test_services_and_autoscalers_are_checked(create):
    imported = {"type": "ClusterSetIP", "ports": [{"port": 80, "protocol": "TCP"}]}

    assert create(SERVICE_IMPORTS, imported) == imported
    with pytest.raises(Invalid, match="type"):
        create(SERVICE_IMPORTS, {**imported, "type": "Magic"})
    with pytest.raises(Invalid, match="maxReplicas"):
        create(FEDERATED_HPAS, {"scaleTargetRef": {"kind": "Deployment", "name": "a"}})
    assert create(MULTI_CLUSTER_SERVICES, {"types": ["CrossCluster"]}) == {"types": ["CrossCluster"]}
