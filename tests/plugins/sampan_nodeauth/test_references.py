from __future__ import annotations

import pytest

from sampan_nodeauth.references import Reference, of_pod


@pytest.mark.parametrize(
    ("spec", "plural"),
    [
        ({"imagePullSecrets": [{"name": "x"}]}, "secrets"),
        ({"serviceAccountName": "x"}, "serviceaccounts"),
        ({"containers": [{"envFrom": [{"secretRef": {"name": "x"}}]}]}, "secrets"),
        ({"containers": [{"envFrom": [{"configMapRef": {"name": "x"}}]}]}, "configmaps"),
        ({"initContainers": [{"env": [{"valueFrom": {"secretKeyRef": {"name": "x", "key": "k"}}}]}]}, "secrets"),
        ({"ephemeralContainers": [{"env": [{"valueFrom": {"configMapKeyRef": {"name": "x"}}}]}]}, "configmaps"),
        ({"volumes": [{"name": "v", "secret": {"secretName": "x"}}]}, "secrets"),
        ({"volumes": [{"name": "v", "configMap": {"name": "x"}}]}, "configmaps"),
        ({"volumes": [{"name": "v", "projected": {"sources": [{"secret": {"name": "x"}}]}}]}, "secrets"),
        ({"volumes": [{"name": "v", "projected": {"sources": [{"configMap": {"name": "x"}}]}}]}, "configmaps"),
        ({"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "x"}}]}, "persistentvolumeclaims"),
        ({"volumes": [{"name": "v", "csi": {"nodePublishSecretRef": {"name": "x"}}}]}, "secrets"),
        ({"volumes": [{"name": "v", "azureFile": {"secretName": "x"}}]}, "secrets"),
        ({"volumes": [{"name": "v", "rbd": {"secretRef": {"name": "x"}}}]}, "secrets"),
        ({"resourceClaims": [{"name": "c", "resourceClaimName": "x"}]}, "resourceclaims"),
    ],
)
def test_a_pod_names_what_it_needs(pod, spec, plural):
    assert of_pod(pod(**spec)) == {Reference(plural, "x")}


def test_a_generic_ephemeral_volume_is_a_claim_of_the_pods_name(pod):
    assert of_pod(pod("db", volumes=[{"name": "data", "ephemeral": {}}])) == {
        Reference("persistentvolumeclaims", "db-data")
    }


def test_a_generated_resource_claim_is_named_by_the_status(pod):
    status = {"resourceClaimStatuses": [{"name": "c", "resourceClaimName": "made"}]}

    assert of_pod(pod(status=status)) == {Reference("resourceclaims", "made")}


def test_a_mirror_pod_names_nothing(pod):
    mirror = pod(annotations={"kubernetes.io/config.mirror": "x"}, imagePullSecrets=[{"name": "x"}])

    assert of_pod(mirror) == frozenset()
