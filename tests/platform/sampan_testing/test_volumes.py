import pytest

from sampan.errors import NotFound
from sampan_machinery.resources import PERSISTENT_VOLUME_CLAIMS as CLAIMS
from sampan_machinery.resources import PERSISTENT_VOLUMES as VOLUMES
from sampan_machinery.resources import PODS, STATEFUL_SETS
from sampan_testing.cluster import start


@pytest.fixture
def cluster():
    with start(nodes=2) as found:
        yield found


def test_a_stateful_set_with_claims_runs_on_fake_nodes_and_its_volumes_go_with_their_claims(cluster):
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    container = {"name": "c", "image": "i", "volumeMounts": [{"name": "data", "mountPath": "/data"}]}
    template = {"metadata": {"labels": {"app": "db"}}, "spec": {"containers": [container]}}
    owner = {
        "metadata": {"name": "db"},
        "spec": {"serviceName": "db", "replicas": 2, "selector": {"matchLabels": {"app": "db"}}, "template": template,
                 "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": spec}]},
    }  # fmt: skip
    cluster.client.create(STATEFUL_SETS, owner, "default")

    for pod in ("db-0", "db-1"):
        cluster.until(lambda pod=pod: cluster.client.get(PODS, pod, "default")["status"].get("phase") == "Running")
        claim = cluster.client.get(CLAIMS, f"data-{pod}", "default")
        assert claim["status"]["phase"] == "Bound"
    volume = cluster.client.get(CLAIMS, "data-db-1", "default")["spec"]["volumeName"]

    cluster.client.delete(STATEFUL_SETS, "db", "default")
    cluster.client.delete(CLAIMS, "data-db-1", "default")

    def is_gone():
        try:
            cluster.client.get(VOLUMES, volume)
        except NotFound:
            return True
        return False

    cluster.until(is_gone)
