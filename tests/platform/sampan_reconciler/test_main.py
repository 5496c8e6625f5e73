from __future__ import annotations

from sampan_machinery.resources import DEPLOYMENTS, REPLICA_SETS
from sampan_testing.cluster import start

DEPLOYMENT = {
    "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "default"},
    "spec": {
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "a", "image": "b"}]},
        },
    },
}  # fmt: skip


def test_reconcilers_that_are_left_out_do_nothing(caplog):
    with start(travel=True, without=["deployment-controller", "deploymnt"]) as cluster:
        cluster.client.create(DEPLOYMENTS, DEPLOYMENT)
        cluster.clock.advance(60)

        assert cluster.client.list(REPLICA_SETS).items == []
        assert "no reconciler deploymnt" in caplog.text
