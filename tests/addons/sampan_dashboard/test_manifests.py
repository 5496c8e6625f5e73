from __future__ import annotations

from sampan.contracts.options import ManifestOptions
from sampan_dashboard.manifests import manifests


def test_its_identity_is_given_nothing():
    assert manifests(ManifestOptions(dns_ip="10.96.0.10", cluster_domain="cluster.local", settings=None)) == []
