"""Small real objects of every kind that sampan serves, from which the generated ones are made. Names are places.
Here the kinds of pods, services, access and scale; the others are in further.py."""

from __future__ import annotations

import copy
from typing import Any

import further
from sampling import NAMESPACE, Sample
from sampling import sample as _sample

_LABELS = {"app": "web"}
_CONTAINER = {"name": "main", "image": "nginx:1.27", "ports": [{"containerPort": 80}]}
_TEMPLATE = {"metadata": {"labels": _LABELS}, "spec": {"containers": [_CONTAINER]}}
_FULL_CONTAINER = {
    "name": "main", "image": "busybox", "command": ["sh", "-c"], "args": ["sleep 1"], "workingDir": "/srv",
    "env": [{"name": "A", "value": "1"}, {"name": "B", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            {"name": "C", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k", "optional": True}}}],
    "envFrom": [{"prefix": "P_", "secretRef": {"name": "s"}}],
    "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
    "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"cpu": "1", "memory": "128Mi"}},
    "livenessProbe": {"httpGet": {"path": "/", "port": "http"}, "periodSeconds": 5},
    "readinessProbe": {"exec": {"command": ["true"]}},
    "startupProbe": {"tcpSocket": {"port": 8080}},
    "lifecycle": {"preStop": {"exec": {"command": ["true"]}}},
    "volumeMounts": [{"name": "scratch", "mountPath": "/scratch"}, {"name": "conf", "mountPath": "/c", "subPath": "a"}],
    "securityContext": {"runAsUser": 1000, "capabilities": {"drop": ["ALL"]}, "allowPrivilegeEscalation": False},
}  # fmt: skip
_FULL_POD_SPEC = {
    "containers": [_FULL_CONTAINER],
    "initContainers": [{"name": "first", "image": "busybox:1"}],
    "volumes": [{"name": "scratch", "emptyDir": {"sizeLimit": "1Gi"}},
                {"name": "conf", "configMap": {"name": "c", "items": [{"key": "a", "path": "a"}], "optional": True}},
                {"name": "all", "projected": {"sources": [{"secret": {"name": "s"}}, {"downwardAPI": {"items": [
                    {"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]}}]}}],
    "nodeSelector": {"disk": "ssd"},
    "affinity": {
        "nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
            {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a", "b"]}]}]}},
        "podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 5, "podAffinityTerm": {
            "topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": _LABELS}}}]},
    },
    "tolerations": [{"key": "a", "operator": "Exists", "effect": "NoSchedule"}],
    "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway",
                                   "labelSelector": {"matchLabels": _LABELS}}],
    "hostAliases": [{"ip": "10.0.0.1", "hostnames": ["a.b"]}],
    "dnsConfig": {"nameservers": ["10.0.0.2"], "searches": ["a.b"], "options": [{"name": "ndots", "value": "2"}]},
    "securityContext": {"fsGroup": 10, "sysctls": []},
    "terminationGracePeriodSeconds": 5,
    "automountServiceAccountToken": False,
}  # fmt: skip


def samples() -> list[Sample]:
    return copy.deepcopy(_SAMPLES + further.SAMPLES)


def _workload(kind: str, plural: str, template: dict[str, Any] = _TEMPLATE, **more: Any) -> Sample:
    spec = {"replicas": 2, "selector": {"matchLabels": _LABELS}, "template": template, **more}
    return _sample("apps/v1", kind, plural, {"spec": spec}, subs=("status", "scale"))


_RULES = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}]
_ROLE = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}
_SUBJECTS = [{"kind": "User", "name": "jane", "apiGroup": "rbac.authorization.k8s.io"},
             {"kind": "ServiceAccount", "name": "default", "namespace": NAMESPACE}]  # fmt: skip
_REGARDING = {"kind": "Pod", "namespace": NAMESPACE, "name": "p", "apiVersion": "v1"}
_RBAC, _NET, _AUTHZ = "rbac.authorization.k8s.io/v1", "networking.k8s.io/v1", "authorization.k8s.io/v1"
_ATTRIBUTES = {"resourceAttributes": {"namespace": NAMESPACE, "verb": "get", "resource": "pods"}}
_METRIC = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}}
_SCALED = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}

_HPAS = "horizontalpodautoscalers"

_SAMPLES = [
    _sample("v1", "ConfigMap", "configmaps", {"data": {"a": "1"}, "binaryData": {"b": "aGk="}}),
    _sample("v1", "Secret", "secrets", {"type": "Opaque", "data": {"a": "aGk="}}),
    _sample("v1", "Secret", "secrets", {"stringData": {"a": "text"}, "immutable": False}),
    _sample("v1", "ServiceAccount", "serviceaccounts", {"imagePullSecrets": [{"name": "r"}]}),
    _sample("v1", "Namespace", "namespaces", cluster=True, subs=("status",)),
    _sample("v1", "Pod", "pods", {"spec": {"containers": [_CONTAINER]}}, subs=("status",)),
    _sample("v1", "Pod", "pods", {"spec": _FULL_POD_SPEC}, subs=("status",)),
    _sample("v1", "PodTemplate", "podtemplates", {"template": _TEMPLATE}),
    _sample("v1", "Node", "nodes", {"spec": {"podCIDR": "10.244.1.0/24", "taints": [{"key": "a", "value": "b", "effect":
            "NoSchedule"}]}, "status": {"capacity": {"cpu": "4", "memory": "8Gi"}}}, cluster=True, subs=("status",)),
    _sample("v1", "Service", "services", {"spec": {"selector": _LABELS, "ports": [
            {"name": "http", "port": 80, "targetPort": "http"}]}}, subs=("status",)),
    _sample("v1", "Service", "services", {"spec": {"type": "NodePort", "selector": _LABELS, "ports": [
            {"port": 80, "protocol": "TCP"}]}}, subs=("status",)),
    _sample("v1", "Service", "services", {"spec": {"type": "ExternalName", "externalName": "a.example"}}),
    _sample("v1", "Service", "services", {"spec": {"clusterIP": "None", "selector": _LABELS}}),
    _sample("v1", "Endpoints", "endpoints", {"subsets": [{"addresses": [{"ip": "10.1.2.3"}], "ports": [
            {"name": "http", "port": 80}]}]}),
    _sample("v1", "Event", "events", {"involvedObject": _REGARDING, "reason": "Started", "message": "it runs",
            "type": "Normal", "count": 1, "source": {"component": "me"}}),
    _sample("events.k8s.io/v1", "Event", "events", {"regarding": _REGARDING, "reason": "Started", "note": "it runs",
            "type": "Normal", "action": "Start", "reportingController": "a.b/c", "reportingInstance": "i",
            "eventTime": "2025-01-02T03:04:05.000006Z"}),
    _sample("coordination.k8s.io/v1", "Lease", "leases", {"spec": {"holderIdentity": "me", "leaseDurationSeconds": 15,
            "acquireTime": "2025-01-02T03:04:05.000006Z", "leaseTransitions": 1}}),
    _sample("discovery.k8s.io/v1", "EndpointSlice", "endpointslices", {"addressType": "IPv4", "endpoints": [
            {"addresses": ["10.1.2.3"], "conditions": {"ready": True}, "nodeName": "node-a"}],
            "ports": [{"name": "http", "port": 80}]}),
    _sample(_NET, "IPAddress", "ipaddresses", {"spec": {"parentRef": {"resource": "services", "name": "s",
            "namespace": NAMESPACE}}}, cluster=True),
    _sample(_NET, "ServiceCIDR", "servicecidrs", {"spec": {"cidrs": ["10.97.0.0/24"]}}, cluster=True, subs=("status",)),
    _sample(_NET, "Ingress", "ingresses", {"spec": {"ingressClassName": "c", "rules": [{"host": "a.example", "http": {
            "paths": [{"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "s", "port": {
                "number": 80}}}}]}}], "tls": [{"hosts": ["a.example"], "secretName": "t"}]}}, subs=("status",)),
    _sample(_NET, "IngressClass", "ingressclasses", {"spec": {"controller": "example.com/c"}}, cluster=True),
    _sample(_NET, "NetworkPolicy", "networkpolicies", {"spec": {"podSelector": {"matchLabels": _LABELS}, "ingress": [
            {"from": [{"podSelector": {}}, {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}],
             "ports": [{"port": 80, "endPort": 90}]}], "egress": [{"to": [{"namespaceSelector": {}}]}]}}),
    _workload("ReplicaSet", "replicasets", minReadySeconds=1),
    _workload("Deployment", "deployments", strategy={"rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 0}}),
    _workload("Deployment", "deployments", {"metadata": {"labels": _LABELS}, "spec": _FULL_POD_SPEC}),
    _sample("apps/v1", "ControllerRevision", "controllerrevisions", {"data": {"a": {"b": 1}}, "revision": 1}),
    _sample("apiregistration.k8s.io/v1", "APIService", "apiservices", {"metadata": {"name": "v1.@NAME@.example",
            "labels": {"story": "@NAME@"}}, "spec": {"group": "@NAME@.example", "version": "v1", "service": {
            "name": "s", "namespace": NAMESPACE}, "groupPriorityMinimum": 100, "versionPriority": 10,
            "insecureSkipTLSVerify": True}}, cluster=True, subs=("status",)),
    _sample("autoscaling/v2", "HorizontalPodAutoscaler", _HPAS, {"spec": {"scaleTargetRef": _SCALED,
            "minReplicas": 1, "maxReplicas": 5, "metrics": [_METRIC], "behavior": {"scaleDown": {
                "stabilizationWindowSeconds": 60, "policies": [{"type": "Pods", "value": 1, "periodSeconds": 15}]}}}},
            subs=("status",)),
    _sample("autoscaling/v1", "HorizontalPodAutoscaler", _HPAS, {"spec": {"scaleTargetRef": _SCALED,
            "maxReplicas": 5, "targetCPUUtilizationPercentage": 50}}, subs=("status",)),
    _sample("scheduling.k8s.io/v1", "PriorityClass", "priorityclasses", {"value": 7, "description": "d"}, cluster=True),
    _sample(_RBAC, "Role", "roles", {"rules": _RULES}),
    _sample(_RBAC, "ClusterRole", "clusterroles", {"rules": [*_RULES, {"nonResourceURLs": ["/x"], "verbs": ["get"]}]},
            cluster=True),
    _sample(_RBAC, "RoleBinding", "rolebindings", {"roleRef": _ROLE, "subjects": _SUBJECTS}),
    _sample(_RBAC, "ClusterRoleBinding", "clusterrolebindings", {"roleRef": _ROLE, "subjects": _SUBJECTS},
            cluster=True),
    _sample("authentication.k8s.io/v1", "TokenReview", "tokenreviews", {"spec": {"token": "none"}}, cluster=True,
            named=False),
    _sample("authentication.k8s.io/v1", "SelfSubjectReview", "selfsubjectreviews", cluster=True, named=False),
    _sample(_AUTHZ, "SubjectAccessReview", "subjectaccessreviews", {"spec": {"user": "jane", **_ATTRIBUTES}},
            cluster=True, named=False),
    _sample(_AUTHZ, "LocalSubjectAccessReview", "localsubjectaccessreviews", {"metadata": {"namespace": NAMESPACE},
            "spec": {"user": "jane", **_ATTRIBUTES}}, named=False),
    _sample(_AUTHZ, "SelfSubjectAccessReview", "selfsubjectaccessreviews", {"spec": _ATTRIBUTES}, cluster=True,
            named=False),
]  # fmt: skip
