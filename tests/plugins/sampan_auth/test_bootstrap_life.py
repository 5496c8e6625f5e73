"""Bootstrap tokens in a whole cluster, in process."""

from __future__ import annotations

import base64

from sampan_machinery.resources import CONFIG_MAPS, SECRETS
from sampan_testing.cluster import start


def test_cluster_info_is_signed_as_tokens_come_and_go():
    data = {"token-id": "abcdef", "token-secret": "0123456789abcdef", "usage-bootstrap-signing": "true"}
    secret = {
        "metadata": {"name": "bootstrap-token-abcdef"}, "type": "bootstrap.kubernetes.io/token",
        "data": {key: base64.b64encode(value.encode()).decode() for key, value in data.items()},
    }  # fmt: skip
    with start() as cluster:
        client = cluster.client
        client.create(SECRETS, secret, "kube-system")

        signature = "jws-kubeconfig-abcdef"
        assert cluster.until(lambda: client.get(CONFIG_MAPS, "cluster-info", "kube-public")["data"][signature])
        client.delete(SECRETS, "bootstrap-token-abcdef", "kube-system")
        assert cluster.until(lambda: signature not in client.get(CONFIG_MAPS, "cluster-info", "kube-public")["data"])
