"""Where others learn to check service accounts' tokens."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from clusters import until


def test_the_keys_are_offered_where_a_pod_reaches_them(cluster, namespace):
    said = json.loads(cluster.kubectl("get", "--raw", "/.well-known/openid-configuration"))
    place = urlsplit(said["jwks_uri"])
    cluster.apply(cluster.pod("asker", "while true; do sleep 0.2; done"))
    cluster.kubectl("wait", "pod/asker", "--for=condition=Ready", "--timeout=120s")

    ask = f"true | busybox nc -w 20 {place.hostname} {place.port} && echo reached"

    assert place.path == "/openid/v1/jwks"
    until(lambda: "reached" in cluster.kubectl("exec", "asker", "--", "sh", "-c", ask, check=False))
    assert json.loads(cluster.kubectl("get", "--raw", place.path))["keys"]
