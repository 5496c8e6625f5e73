from __future__ import annotations

import pytest

from sampan.errors import Invalid
from sampan_federation.resources import WORKLOAD_REBALANCERS

WEB = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "namespace": "shop"}


def test_a_rebalancer_names_workloads(create):
    spec = {"workloads": [WEB], "ttlSecondsAfterFinished": 0}

    assert create(WORKLOAD_REBALANCERS, spec) == spec
    for wrong, words in (({"workloads": []}, "workloads"), ({"workloads": [{"kind": "A", "name": "a"}]}, "apiVersion")):
        with pytest.raises(Invalid, match=words):
            create(WORKLOAD_REBALANCERS, wrong)
