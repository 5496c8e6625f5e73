from __future__ import annotations

import pytest

from sampan_services.advice import advice

HEADLESS = {"type": "ClusterIP", "clusterIP": "None"}


def told(annotations=None, **spec):
    return list(advice({"metadata": {"annotations": annotations or {}}, "spec": {"sessionAffinity": "None", **spec}}))


@pytest.mark.parametrize(
    "spec, texts",
    [
        ({"type": "ClusterIP", "clusterIP": "10.96.0.9", "clusterIPs": ["10.96.0.9"]}, []),
        ({**HEADLESS, "sessionAffinity": "ClientIP"}, ["spec.SessionAffinity is ignored for headless services"]),
        ({**HEADLESS, "externalIPs": ["1.2.3.4"]}, ["spec.externalIPs is ignored for headless services"]),
        (
            {"type": "LoadBalancer", "externalIPs": ["FD00::1"]},
            [
                'spec.externalIPs[0]: IPv6 address "FD00::1" should be in RFC 5952 canonical format ("fd00::1")',
                "spec.externalIPs is deprecated and may no longer be implemented in some clusters",
            ],
        ),
        (
            {"type": "LoadBalancer", "loadBalancerIP": "010.1.1.1", "loadBalancerSourceRanges": ["FD00::/8", "x"]},
            [
                'spec.loadBalancerIP: non-standard IP address "010.1.1.1" is invalid: use "10.1.1.1"',
                'spec.loadBalancerSourceRanges[0]: IPv6 CIDR value "FD00::/8" should be in RFC 5952 canonical format '
                '("fd00::/8")',
            ],
        ),
        (
            {"type": "LoadBalancer", "loadBalancerIP": "::ffff:1.2.3.4"},
            ['spec.loadBalancerIP: non-standard IP address "::ffff:1.2.3.4" is invalid: use "1.2.3.4"'],
        ),
        (
            {"type": "ExternalName", "externalName": "a.b", "externalIPs": ["1.2.3.4"]},
            ['spec.externalIPs is ignored when spec.type is "ExternalName"'],
        ),
        (
            {"type": "ClusterIP", "externalName": "a.b"},
            ['spec.externalName is ignored when spec.type is not "ExternalName"'],
        ),
        (
            {"type": "ClusterIP", "trafficDistribution": "PreferClose"},
            ['spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"'],
        ),
    ],
)
def test_what_is_ignored_deprecated_or_oddly_spelled_is_told(spec, texts):
    assert told(**spec) == texts


def test_the_old_annotation_is_deprecated():
    (text,) = told({"service.kubernetes.io/topology-aware-hints": "auto"}, type="ClusterIP")

    assert text.endswith("is deprecated, please use service.kubernetes.io/topology-mode instead")
