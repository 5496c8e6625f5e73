"""Valid objects of the kinds that tests/differential has none of, from which bodies are made."""

from __future__ import annotations

from typing import Any

_LABELS = {"app": "web"}
_SELECTOR = {"matchLabels": _LABELS}
_TEMPLATE = {"metadata": {"labels": _LABELS}, "spec": {"containers": [{"name": "main", "image": "nginx:1.27"}]}}
_ONCE = {"metadata": {}, "spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "busybox:1"}]}}
_CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, "storageClassName": "fast"}
_RULE = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"], "scope": "*"}
_HOOK = {
    "name": "a.example.com",
    "clientConfig": {"url": "https://127.0.0.1:1/x"},
    "rules": [{**_RULE, "resources": ["nothing"]}],
    "sideEffects": "None",
    "admissionReviewVersions": ["v1"],
    "failurePolicy": "Ignore",
    "timeoutSeconds": 1,
    "namespaceSelector": _SELECTOR,
    "matchConditions": [{"name": "a", "expression": "object.metadata.name == 'x'"}],
}
_MATCHED = {
    "resourceRules": [{**_RULE, "resources": ["secrets"]}],
    "namespaceSelector": {"matchLabels": {"policy": "on"}},
}
_SCHEMA = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "required": ["size"],
            "x-kubernetes-validations": [{"rule": "self.size >= oldSelf.size", "message": "must grow"}],
            "properties": {
                "size": {"type": "integer", "minimum": 0, "default": 1},
                "mode": {"type": "string", "enum": ["a", "b"], "pattern": "^[a-z]$"},
                "ports": {
                    "type": "array",
                    "maxItems": 4,
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["name"],
                    "items": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
                },
                "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                "share": {"x-kubernetes-int-or-string": True},
            },
        },
        "status": {"type": "object", "properties": {"replicas": {"type": "integer"}}},
    },
}


#: A PKCS#10 request of no one in particular.
_REQUEST = (
    "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIVE1Ib0NBUUF3R0RFS01BZ0dBMVVFQXd3QllURUtNQWdHQTFV"
    "RUNnd0JZakJaTUJNR0J5cUdTTTQ5QWdFRwpDQ3FHU000OUF3RUhBMElBQkdWcUFRYk9UaitkN1FmQjYrZkxBRmcyTTk0NmhWZy9T"
    "VCtuYVVSYXIwNm1QWFJ6CmUvemkxSGVudDFEYXlISmpFR0ZFRzBJdEJGZ1N3ZEJYQ0tuNk5kYWdBREFLQmdncWhrak9QUVFEQWdO"
    "SkFEQkcKQWlFQTI3UVhSN2w3V0I5VTFTMTZYMnVLcFFqOVhpWUphVjZqQWNoTGNiYU53Nk1DSVFENW5YWWRCTXJtUWhQbApzUzR1"
    "Qmt2b0EwSkhNT0RzVmdEc3lwVTdIdWw3dWc9PQotLS0tLUVORCBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0K"
)


def _object(api_version: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "a", "labels": _LABELS}, **more}


def _workload(api_version: str, kind: str, **spec: Any) -> dict[str, Any]:
    return _object(api_version, kind, spec={"selector": _SELECTOR, "template": _TEMPLATE, **spec})


SAMPLES = [
    _object("v1", "ReplicationController", spec={"replicas": 1, "selector": _LABELS, "template": _TEMPLATE}),
    _object(
        "v1",
        "ResourceQuota",
        spec={
            "hard": {"pods": "3", "requests.cpu": "1", "count/jobs.batch": "2"},
            "scopes": ["NotTerminating"],
            "scopeSelector": {
                "matchExpressions": [{"scopeName": "PriorityClass", "operator": "In", "values": ["high"]}]
            },
        },
    ),
    _object(
        "v1",
        "PersistentVolume",
        spec={
            "capacity": {"storage": "1Gi"},
            "accessModes": ["ReadWriteOnce"],
            "hostPath": {"path": "/tmp/a"},
            "persistentVolumeReclaimPolicy": "Retain",
            "storageClassName": "fast",
            "claimRef": {"namespace": "default", "name": "a"},
            "nodeAffinity": {
                "required": {
                    "nodeSelectorTerms": [{"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]}]
                }
            },
        },
    ),
    _object("v1", "PersistentVolumeClaim", spec=_CLAIM),
    _workload(
        "apps/v1",
        "StatefulSet",
        serviceName="web",
        replicas=2,
        podManagementPolicy="Parallel",
        volumeClaimTemplates=[{"metadata": {"name": "data"}, "spec": _CLAIM}],
        ordinals={"start": 1},
        updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"partition": 1, "maxUnavailable": "50%"}},
        persistentVolumeClaimRetentionPolicy={"whenDeleted": "Delete", "whenScaled": "Retain"},
    ),
    _workload(
        "apps/v1",
        "DaemonSet",
        minReadySeconds=1,
        revisionHistoryLimit=2,
        updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}},
    ),
    _object(
        "batch/v1",
        "Job",
        spec={
            "template": _ONCE,
            "parallelism": 2,
            "completions": 4,
            "completionMode": "Indexed",
            "backoffLimitPerIndex": 1,
            "maxFailedIndexes": 2,
            "ttlSecondsAfterFinished": 5,
            "suspend": True,
            "podReplacementPolicy": "Failed",
            "podFailurePolicy": {
                "rules": [{"action": "FailIndex", "onExitCodes": {"operator": "In", "values": [1, 2]}}]
            },
            "successPolicy": {"rules": [{"succeededIndexes": "0-1", "succeededCount": 1}]},
        },
    ),
    _object(
        "batch/v1",
        "CronJob",
        spec={
            "schedule": "*/5 * * * ?",
            "timeZone": "Europe/Berlin",
            "concurrencyPolicy": "Forbid",
            "startingDeadlineSeconds": 9,
            "jobTemplate": {"spec": {"template": _ONCE}},
            "successfulJobsHistoryLimit": 1,
            "suspend": False,
        },
    ),
    _object(
        "policy/v1",
        "PodDisruptionBudget",
        spec={"selector": _SELECTOR, "minAvailable": "50%", "unhealthyPodEvictionPolicy": "AlwaysAllow"},
    ),
    _object(
        "storage.k8s.io/v1",
        "StorageClass",
        provisioner="example.com/disk",
        parameters={"a": "b"},
        reclaimPolicy="Delete",
        volumeBindingMode="WaitForFirstConsumer",
        allowVolumeExpansion=True,
        mountOptions=["ro"],
        allowedTopologies=[{"matchLabelExpressions": [{"key": "zone", "values": ["a"]}]}],
    ),
    _object(
        "storage.k8s.io/v1",
        "VolumeAttachment",
        spec={"attacher": "example.com", "nodeName": "n", "source": {"persistentVolumeName": "a"}},
    ),
    _object(
        "storage.k8s.io/v1",
        "CSIDriver",
        spec={
            "attachRequired": True,
            "podInfoOnMount": True,
            "volumeLifecycleModes": ["Persistent", "Ephemeral"],
            "tokenRequests": [{"audience": "a", "expirationSeconds": 3600}],
            "fsGroupPolicy": "File",
        },
    ),
    _object(
        "storage.k8s.io/v1",
        "CSINode",
        spec={"drivers": [{"name": "example.com", "nodeID": "n", "topologyKeys": ["zone"]}]},
    ),
    _object("storage.k8s.io/v1", "CSIStorageCapacity", storageClassName="fast", capacity="1Gi", nodeTopology=_SELECTOR),
    _object("storage.k8s.io/v1", "VolumeAttributesClass", driverName="example.com", parameters={"iops": "3"}),
    _object(
        "resource.k8s.io/v1",
        "DeviceClass",
        spec={"selectors": [{"cel": {"expression": "device.driver == 'example.com'"}}]},
    ),
    _object(
        "resource.k8s.io/v1",
        "ResourceClaim",
        spec={
            "devices": {
                "requests": [
                    {"name": "gpu", "exactly": {"deviceClassName": "a", "count": 1, "allocationMode": "ExactCount"}}
                ]
            }
        },
    ),
    _object(
        "resource.k8s.io/v1",
        "ResourceClaimTemplate",
        spec={"spec": {"devices": {"requests": [{"name": "gpu", "exactly": {"deviceClassName": "a"}}]}}},
    ),
    _object(
        "resource.k8s.io/v1",
        "ResourceSlice",
        spec={
            "driver": "example.com",
            "nodeName": "n",
            "pool": {"name": "p", "generation": 1, "resourceSliceCount": 1},
            "devices": [
                {"name": "d", "attributes": {"model": {"string": "x"}}, "capacity": {"memory": {"value": "1Gi"}}}
            ],
        },
    ),
    _object("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", webhooks=[_HOOK]),
    _object(
        "admissionregistration.k8s.io/v1",
        "MutatingWebhookConfiguration",
        webhooks=[{**_HOOK, "reinvocationPolicy": "IfNeeded"}],
    ),
    _object(
        "admissionregistration.k8s.io/v1",
        "ValidatingAdmissionPolicy",
        spec={
            "matchConstraints": _MATCHED,
            "failurePolicy": "Fail",
            "paramKind": {"apiVersion": "v1", "kind": "ConfigMap"},
            "variables": [{"name": "size", "expression": "size(object.metadata.name)"}],
            "validations": [
                {"expression": "variables.size < 9", "messageExpression": "'too long: ' + object.metadata.name"}
            ],
            "auditAnnotations": [{"key": "k", "valueExpression": "string(variables.size)"}],
        },
    ),
    _object(
        "admissionregistration.k8s.io/v1",
        "ValidatingAdmissionPolicyBinding",
        spec={
            "policyName": "a",
            "validationActions": ["Deny"],
            "paramRef": {"name": "x", "parameterNotFoundAction": "Allow"},
        },
    ),
    _object(
        "admissionregistration.k8s.io/v1",
        "MutatingAdmissionPolicy",
        spec={
            "matchConstraints": _MATCHED,
            "reinvocationPolicy": "Never",
            "failurePolicy": "Ignore",
            "mutations": [
                {
                    "patchType": "ApplyConfiguration",
                    "applyConfiguration": {"expression": "Object{metadata: Object.metadata{labels: {'a': 'b'}}}"},
                }
            ],
        },
    ),
    _object("admissionregistration.k8s.io/v1", "MutatingAdmissionPolicyBinding", spec={"policyName": "a"}),
    {
        **_object(
            "apiextensions.k8s.io/v1",
            "CustomResourceDefinition",
            spec={
                "group": "example.com",
                "scope": "Namespaced",
                "names": {"plural": "widgets", "kind": "Widget", "shortNames": ["wd"]},
                "versions": [
                    {
                        "name": "v1",
                        "served": True,
                        "storage": True,
                        "schema": {"openAPIV3Schema": _SCHEMA},
                        "subresources": {
                            "status": {},
                            "scale": {"specReplicasPath": ".spec.size", "statusReplicasPath": ".status.replicas"},
                        },
                        "additionalPrinterColumns": [{"name": "Size", "type": "integer", "jsonPath": ".spec.size"}],
                        "selectableFields": [{"jsonPath": ".spec.mode"}],
                    }
                ],
            },
        ),
        "metadata": {"name": "widgets.example.com"},
    },
    _object(
        "certificates.k8s.io/v1",
        "CertificateSigningRequest",
        spec={
            "request": _REQUEST,
            "signerName": "example.com/sign",
            "usages": ["client auth"],
            "expirationSeconds": 3600,
        },
    ),
    _object(
        "flowcontrol.apiserver.k8s.io/v1",
        "FlowSchema",
        spec={
            "matchingPrecedence": 900,
            "priorityLevelConfiguration": {"name": "a"},
            "distinguisherMethod": {"type": "ByUser"},
            "rules": [
                {
                    "subjects": [{"kind": "User", "user": {"name": "other"}}],
                    "nonResourceRules": [{"verbs": ["get"], "nonResourceURLs": ["/x"]}],
                }
            ],
        },
    ),
    _object(
        "flowcontrol.apiserver.k8s.io/v1",
        "PriorityLevelConfiguration",
        spec={
            "type": "Limited",
            "limited": {
                "nominalConcurrencyShares": 2,
                "lendablePercent": 50,
                "limitResponse": {"type": "Queue", "queuing": {"queues": 8, "handSize": 2, "queueLengthLimit": 5}},
            },
        },
    ),
]
