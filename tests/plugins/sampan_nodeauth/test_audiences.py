import pytest

from sampan_machinery.resources import CSI_DRIVERS, PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES
from sampan_nodeauth.audiences import allowed


class Cluster:
    def __init__(self):
        self.objects = {
            (CSI_DRIVERS, "", "vault.test"): {"spec": {"tokenRequests": [{"audience": "vault"}]}},
            (CSI_DRIVERS, "", "plain.test"): {"spec": {}},
            (PERSISTENT_VOLUME_CLAIMS, "ns", "mine"): {"spec": {"volumeName": "pv"}},
            (PERSISTENT_VOLUME_CLAIMS, "ns", "unbound"): {"spec": {}},
            (PERSISTENT_VOLUMES, "", "pv"): {"spec": {"csi": {"driver": "vault.test"}}},
        }

    def get(self, resource, name, namespace=""):
        return self.objects.get((resource, namespace, name))


@pytest.mark.parametrize(
    ("volume", "audience", "wanted"),
    [
        ({"csi": {"driver": "vault.test"}}, "vault", True),
        ({"csi": {"driver": "vault.test"}}, "other", False),
        ({"csi": {"driver": "plain.test"}}, "vault", False),
        ({"csi": {"driver": "none.test"}}, "vault", False),
        ({"persistentVolumeClaim": {"claimName": "mine"}}, "vault", True),
        ({"persistentVolumeClaim": {"claimName": "unbound"}}, "vault", False),
        ({"persistentVolumeClaim": {"claimName": "gone"}}, "vault", False),
        ({"projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}}, "", True),
        ({"projected": {"sources": [{"configMap": {}}]}}, "", False),
    ],
)
def test_a_token_is_for_whom_a_volume_of_the_pod_wants_it(volume, audience, wanted):
    pod = {"metadata": {"name": "web", "namespace": "ns"}, "spec": {"volumes": [{"name": "v", **volume}]}}

    assert allowed(audience, pod, Cluster()) is wanted
