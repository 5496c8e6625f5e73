from __future__ import annotations

import pytest

from sampan_nodeauth.labels import forbidden, is_own


@pytest.mark.parametrize(
    ("label", "may"),
    [
        ("disk", True),
        ("example.com/zone", True),
        ("notkubernetes.io/x", True),
        ("kubernetes.io/hostname", True),
        ("topology.kubernetes.io/zone", True),
        ("node.kubernetes.io/anything", True),
        ("x.kubelet.kubernetes.io/anything", True),
        ("node-restriction.kubernetes.io/secure", False),
        ("a.node-restriction.kubernetes.io/secure", False),
        ("node-role.kubernetes.io/control-plane", False),
        ("kubernetes.io/other", False),
        ("x.k8s.io/other", False),
    ],
)
def test_kubernetes_own_domains_are_not_a_nodes_to_label(label, may):
    assert is_own(label) is may


def test_setting_changing_and_removing_are_all_seen():
    old = {"k8s.io/same": "1", "k8s.io/changed": "1", "k8s.io/removed": "1", "mine": "1"}
    new = {"k8s.io/same": "1", "k8s.io/changed": "2", "k8s.io/added": "1", "mine": "2"}

    assert forbidden(old, new) == ["k8s.io/added", "k8s.io/changed", "k8s.io/removed"]
