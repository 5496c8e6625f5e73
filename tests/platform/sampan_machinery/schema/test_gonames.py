"""What Go calls types that are not structs, also of the kinds that are not about pods."""

from __future__ import annotations

import pytest

from sampan.errors import BadRequest
from sampan_machinery.schema import load
from sampan_machinery.schema.gonames import is_map, named


@pytest.mark.parametrize(
    ("group", "kind", "body", "said"),
    [
        ("storage.k8s.io", "CSIDriver", b'{"spec": {"volumeLifecycleModes": [1]}}', "of type v1.VolumeLifecycleMode"),
        ("resource.k8s.io", "ResourceClaim", b'{"spec": {"devices": {"constraints": [{"matchAttribute": true}]}}}',
         "of type v1.FullyQualifiedName"),
        ("batch", "CronJob", b'{"spec": {"concurrencyPolicy": 1}}', "of type v1.ConcurrencyPolicy"),
        ("", "ResourceQuota", b'{"spec": {"hard": 1}}', "of type v1.ResourceList"),
        ("certificates.k8s.io", "CertificateSigningRequest", b'{"spec": {"usages": [1]}}', "of type v1.KeyUsage"),
    ],
)  # fmt: skip
def test_a_wrong_type_is_told_with_the_name_that_go_has(group, kind, body, said):
    with pytest.raises(BadRequest) as caught:
        load().decode(group, "v1", kind, body)

    assert said in str(caught.value)


def test_only_lists_of_amounts_are_whole_maps():
    assert is_map(named("PersistentVolumeSpec", "capacity")) and not is_map(named("PodSpec", "dnsPolicy"))
