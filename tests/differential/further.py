"""Samples of storage, batch, extension, policy, quota, flow control, certificates and devices. Names are places."""

from __future__ import annotations

from typing import Any

from sampling import LIMITED, NAMESPACE, sample
from widgets import OLDER_WIDGET, WIDGET

_LABELS = {"app": "web"}
_CONTAINER = {"name": "main", "image": "busybox:1", "command": ["true"]}
_TEMPLATE = {"metadata": {"labels": _LABELS}, "spec": {"containers": [_CONTAINER]}}
_ONCE = {"metadata": {"labels": _LABELS}, "spec": {"containers": [_CONTAINER], "restartPolicy": "Never"}}
_ADMISSION, _STORAGE, _DEVICES = "admissionregistration.k8s.io/v1", "storage.k8s.io/v1", "resource.k8s.io/v1"
_FLOW, _BATCH, _POLICY = "flowcontrol.apiserver.k8s.io/v1", "batch/v1", "policy/v1"
_CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
_ZONE = {"nodeSelectorTerms": [{"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]}]}
_CHOSEN = {"matchLabels": _LABELS}
#: a request for a certificate for "jane", made by openssl; only read, never signed
_REQUEST = (
    "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlISk1IRUNBUUF3RHpFTk1Bc0dBMVVFQXd3RWFtRnVaVEJaTUJN"
    "R0J5cUdTTTQ5QWdFR0NDcUdTTTQ5QXdFSApBMElBQk83aHRlaDhPdXNIZ2kwbTl3cFQvOTRYc1hpTFJGTzdTSWQ5d2t5dHd3bXA3"
    "MHREOE5aNDFIRnp1d0thCmw0WTk3alhDdjB0UnRuWHJXNUxKOXpLbmx4dWdBREFLQmdncWhrak9QUVFEQWdOSUFEQkZBaUFWaXBP"
    "dWd5Y1oKbjNIZHQ3OFJoZDJ6NWhvT2srS2pXam5LdnNjQUdpa0FHZ0loQUxCK0hXdFVwbzdIV1hxenZiQU5pZGg5dFBOOApITU1p"
    "WGtzenkrY1kxTzlVCi0tLS0tRU5EIENFUlRJRklDQVRFIFJFUVVFU1QtLS0tLQo="
)


def _claims(**more: Any) -> dict[str, Any]:
    return {"spec": {**_CLAIM, **more}}


def _webhook() -> dict[str, Any]:
    rule = {"apiGroups": ["differential.example"], "apiVersions": ["v1"], "operations": ["CREATE"],
            "resources": ["gadgets"]}  # fmt: skip
    service = {"name": "s", "namespace": NAMESPACE, "path": "/hook"}
    return {
        "name": "a.differential.example", "rules": [rule], "sideEffects": "None", "admissionReviewVersions": ["v1"],
        "clientConfig": {"service": service}, "timeoutSeconds": 5,
        "matchConditions": [{"name": "some", "expression": "object.metadata.name == 'a'"}],
        "namespaceSelector": {"matchLabels": {"none": "such"}},
    }  # fmt: skip


_MATCHED = {"resourceRules": [{"apiGroups": ["differential.example"], "apiVersions": ["v1"], "operations": ["CREATE"],
                               "resources": ["gadgets"]}]}  # fmt: skip
_POLICY_SPEC = {
    "failurePolicy": "Fail", "matchConstraints": _MATCHED,
    "validations": [{"expression": "object.spec.replicas <= 5", "message": "too many", "reason": "Invalid"}],
    "auditAnnotations": [{"key": "high", "valueExpression": "string(object.spec.replicas)"}],
    "matchConditions": [{"name": "some", "expression": "request.userInfo.username != 'a'"}],
    "variables": [{"name": "n", "expression": "object.spec.replicas"}],
    "paramKind": {"apiVersion": "v1", "kind": "ConfigMap"},
}  # fmt: skip
_MUTATION_SPEC = {
    "failurePolicy": "Fail", "matchConstraints": _MATCHED, "reinvocationPolicy": "Never",
    "mutations": [
        {"patchType": "ApplyConfiguration",
         "applyConfiguration": {"expression": "Object{spec: Object.spec{replicas: 3}}"}},
        {"patchType": "JSONPatch",
         "jsonPatch": {"expression": '[JSONPatch{op: "add", path: "/metadata/labels/a", value: "b"}]'}},
    ],
}  # fmt: skip
_DEVICE_REQUEST = {
    "name": "gpu",
    "exactly": {"deviceClassName": "gpu.example.com", "count": 2, "allocationMode": "ExactCount", "selectors": [
        {"cel": {"expression": "device.driver == 'gpu.example.com'"}}]},
}  # fmt: skip
_CLAIM_SPEC = {"devices": {"requests": [_DEVICE_REQUEST], "constraints": [
    {"requests": ["gpu"], "matchAttribute": "gpu.example.com/numa"}], "config": [
    {"requests": ["gpu"], "opaque": {"driver": "gpu.example.com", "parameters": {"a": 1}}}]}}  # fmt: skip

_DEFINITION = {
    "metadata": {"name": "@NAME@s.differential.example", "labels": {"story": "@NAME@"}},
    "spec": {
        "group": "differential.example", "scope": "Namespaced",
        "names": {"plural": "@NAME@s", "singular": "@NAME@", "kind": "K@NAME@", "listKind": "K@NAME@List"},
        "versions": [{
            "name": "v1", "served": True, "storage": True, "subresources": {"status": {}, "scale": {
                "specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"}},
            "additionalPrinterColumns": [{"name": "Replicas", "type": "integer", "jsonPath": ".spec.replicas"}],
            "selectableFields": [{"jsonPath": ".spec.colour"}],
            "schema": {"openAPIV3Schema": {"type": "object", "properties": {
                "spec": {"type": "object", "required": ["colour"], "properties": {
                    "colour": {"type": "string", "enum": ["red", "green"], "default": "red"},
                    "replicas": {"type": "integer", "minimum": 0, "maximum": 10},
                    "list": {"type": "array", "maxItems": 5, "items": {"type": "string", "maxLength": 10}}},
                    "x-kubernetes-validations": [{"rule": "self.colour != 'blue'", "message": "not blue"}]},
                "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}}},
        }],
    },
}  # fmt: skip

SAMPLES = [
    sample("v1", "PersistentVolume", "persistentvolumes", {"spec": {"capacity": {"storage": "1Gi"}, "accessModes": [
           "ReadWriteOnce"], "hostPath": {"path": "/data"}, "storageClassName": "slow", "mountOptions": ["ro"],
           "persistentVolumeReclaimPolicy": "Retain"}}, cluster=True, subs=("status",)),
    sample("v1", "PersistentVolume", "persistentvolumes", {"spec": {"capacity": {"storage": "1Gi"}, "accessModes": [
           "ReadWriteMany"], "csi": {"driver": "csi.example.com", "volumeHandle": "h", "fsType": "ext4"},
           "nodeAffinity": {"required": _ZONE}, "claimRef": {"name": "c", "namespace": NAMESPACE}}}, cluster=True,
           subs=("status",)),
    sample("v1", "PersistentVolumeClaim", "persistentvolumeclaims", _claims(storageClassName="slow", volumeMode="Block",
           selector=_CHOSEN), subs=("status",)),
    sample("v1", "PersistentVolumeClaim", "persistentvolumeclaims", _claims(dataSource={"kind":
           "PersistentVolumeClaim", "name": "other"}), subs=("status",)),
    sample("v1", "ReplicationController", "replicationcontrollers", {"spec": {"replicas": 2, "selector": _LABELS,
           "template": _TEMPLATE}}, subs=("status", "scale")),
    sample("v1", "ResourceQuota", "resourcequotas", {"spec": {"hard": {"pods": "4", "requests.cpu": "2",
           "count/widgets.differential.example": "3"}, "scopes": ["NotTerminating"]}}, subs=("status",),
           namespace=LIMITED),
    sample("v1", "ResourceQuota", "resourcequotas", {"spec": {"hard": {"pods": "4"}, "scopeSelector": {
           "matchExpressions": [{"scopeName": "PriorityClass", "operator": "In", "values": ["high"]}]}}},
           subs=("status",), namespace=LIMITED),
    sample("v1", "LimitRange", "limitranges", {"spec": {"limits": [{"type": "Container", "max": {"cpu": "2"}, "min": {
           "cpu": "10m"}, "default": {"cpu": "500m"}, "defaultRequest": {"cpu": "100m"}}, {"type":
           "PersistentVolumeClaim", "max": {"storage": "2Gi"}, "min": {"storage": "1Gi"}}]}}, namespace=LIMITED),
    sample("apps/v1", "StatefulSet", "statefulsets", {"spec": {"replicas": 2, "serviceName": "web", "selector": _CHOSEN,
           "template": _TEMPLATE, "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": _CLAIM}],
           "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}, "minReadySeconds": 3,
           "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete", "whenScaled": "Retain"}}},
           subs=("status", "scale")),
    sample("apps/v1", "DaemonSet", "daemonsets", {"spec": {"selector": _CHOSEN, "template": _TEMPLATE,
           "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}}},
           subs=("status",)),
    sample(_BATCH, "Job", "jobs", {"spec": {"template": _ONCE, "completions": 3, "parallelism": 2, "backoffLimit": 4,
           "completionMode": "Indexed", "backoffLimitPerIndex": 1, "ttlSecondsAfterFinished": 60, "podFailurePolicy": {
           "rules": [{"action": "FailJob", "onExitCodes": {"containerName": "main", "operator": "In", "values": [3]}}]},
           "successPolicy": {"rules": [{"succeededIndexes": "0-1", "succeededCount": 1}]}}}, subs=("status",)),
    sample(_BATCH, "Job", "jobs", {"spec": {"template": _ONCE, "suspend": True, "activeDeadlineSeconds": 30}},
           subs=("status",)),
    sample(_BATCH, "CronJob", "cronjobs", {"spec": {"schedule": "*/5 * * * *", "timeZone": "Europe/Berlin",
           "concurrencyPolicy": "Forbid", "startingDeadlineSeconds": 10, "successfulJobsHistoryLimit": 2, "jobTemplate":
           {"metadata": {"labels": _LABELS}, "spec": {"template": _ONCE}}}}, subs=("status",)),
    sample(_POLICY, "PodDisruptionBudget", "poddisruptionbudgets", {"spec": {"minAvailable": "50%", "selector": _CHOSEN,
           "unhealthyPodEvictionPolicy": "AlwaysAllow"}}, subs=("status",)),
    sample(_STORAGE, "StorageClass", "storageclasses", {"provisioner": "csi.example.com", "parameters": {"type": "ssd"},
           "reclaimPolicy": "Retain", "volumeBindingMode": "WaitForFirstConsumer", "allowVolumeExpansion": True,
           "mountOptions": ["discard"], "allowedTopologies": [{"matchLabelExpressions": [{"key": "zone", "values": [
           "a"]}]}]}, cluster=True),
    sample(_STORAGE, "CSIDriver", "csidrivers", {"spec": {"attachRequired": False, "podInfoOnMount": True,
           "fsGroupPolicy": "File", "volumeLifecycleModes": ["Persistent", "Ephemeral"], "storageCapacity": True,
           "tokenRequests": [{"audience": "a", "expirationSeconds": 3600}]}}, cluster=True),
    sample(_STORAGE, "CSINode", "csinodes", {"spec": {"drivers": [{"name": "csi.example.com", "nodeID": "n",
           "topologyKeys": ["zone"], "allocatable": {"count": 5}}]}}, cluster=True),
    sample(_STORAGE, "CSIStorageCapacity", "csistoragecapacities", {"storageClassName": "slow", "capacity": "10Gi",
           "maximumVolumeSize": "1Gi", "nodeTopology": _CHOSEN}),
    sample(_STORAGE, "VolumeAttachment", "volumeattachments", {"spec": {"attacher": "csi.example.com", "nodeName": "n",
           "source": {"persistentVolumeName": "v"}}}, cluster=True, subs=("status",)),
    sample(_STORAGE, "VolumeAttributesClass", "volumeattributesclasses", {"driverName": "csi.example.com", "parameters":
           {"iops": "100"}}, cluster=True),
    sample("node.k8s.io/v1", "RuntimeClass", "runtimeclasses", {"handler": "runsc", "overhead": {"podFixed": {"cpu":
           "10m"}}, "scheduling": {"nodeSelector": {"a": "b"}, "tolerations": [{"key": "a", "operator": "Exists"}]}},
           cluster=True),
    sample("apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions", _DEFINITION,
           cluster=True, subs=("status",)),
    WIDGET,
    OLDER_WIDGET,
    sample(_ADMISSION, "ValidatingWebhookConfiguration", "validatingwebhookconfigurations", {"webhooks": [_webhook()]},
           cluster=True),
    sample(_ADMISSION, "MutatingWebhookConfiguration", "mutatingwebhookconfigurations", {"webhooks": [
           {**_webhook(), "reinvocationPolicy": "IfNeeded"}]}, cluster=True),
    sample(_ADMISSION, "ValidatingAdmissionPolicy", "validatingadmissionpolicies", {"spec": _POLICY_SPEC}, cluster=True,
           subs=("status",)),
    sample(_ADMISSION, "ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings", {"spec": {"policyName":
           "none.such", "validationActions": ["Deny", "Audit"], "paramRef": {"name": "p", "namespace": NAMESPACE,
           "parameterNotFoundAction": "Deny"}, "matchResources": _MATCHED}}, cluster=True),
    sample(_ADMISSION, "MutatingAdmissionPolicy", "mutatingadmissionpolicies", {"spec": _MUTATION_SPEC}, cluster=True),
    sample(_ADMISSION, "MutatingAdmissionPolicyBinding", "mutatingadmissionpolicybindings", {"spec": {"policyName":
           "none.such", "matchResources": _MATCHED}}, cluster=True),
    sample(_FLOW, "FlowSchema", "flowschemas", {"spec": {"priorityLevelConfiguration": {"name": "global-default"},
           "matchingPrecedence": 900, "distinguisherMethod": {"type": "ByUser"}, "rules": [{"subjects": [{"kind":
           "User", "user": {"name": "jane"}}], "resourceRules": [{"verbs": ["get"], "apiGroups": [""], "resources": [
           "pods"], "namespaces": ["a"]}], "nonResourceRules": [{"verbs": ["get"], "nonResourceURLs": ["/x"]}]}]}},
           cluster=True, subs=("status",)),
    sample(_FLOW, "PriorityLevelConfiguration", "prioritylevelconfigurations", {"spec": {"type": "Limited", "limited": {
           "nominalConcurrencyShares": 5, "lendablePercent": 10, "limitResponse": {"type": "Queue", "queuing": {
           "queues": 8, "handSize": 4, "queueLengthLimit": 10}}}}}, cluster=True, subs=("status",)),
    sample("certificates.k8s.io/v1", "CertificateSigningRequest", "certificatesigningrequests", {"spec": {"request":
           _REQUEST, "signerName": "example.com/signer", "usages": ["client auth", "digital signature"],
           "expirationSeconds": 3600}}, cluster=True, subs=("status", "approval")),
    sample(_DEVICES, "DeviceClass", "deviceclasses", {"spec": {"selectors": [{"cel": {"expression":
           "device.driver == 'gpu.example.com' && device.attributes['gpu.example.com'].numa == 1"}}], "config": [{
           "opaque": {"driver": "gpu.example.com", "parameters": {"a": 1}}}]}}, cluster=True),
    sample(_DEVICES, "ResourceClaim", "resourceclaims", {"spec": _CLAIM_SPEC}, subs=("status",)),
    sample(_DEVICES, "ResourceClaimTemplate", "resourceclaimtemplates", {"spec": {"metadata": {"labels": _LABELS},
           "spec": _CLAIM_SPEC}}),
    sample(_DEVICES, "ResourceSlice", "resourceslices", {"spec": {"driver": "gpu.example.com", "nodeName": "n", "pool":
           {"name": "p", "generation": 1, "resourceSliceCount": 1}, "devices": [{"name": "d0", "attributes": {"numa": {
           "int": 1}, "model": {"string": "x"}}, "capacity": {"memory": {"value": "1Gi"}}}]}}, cluster=True),
]  # fmt: skip
