"""Values by type and field: what a fuzzer of Kubernetes objects needs, good and bad. Hypothesis strategies only."""

from __future__ import annotations

import copy
from typing import Any

import widgets
from hypothesis import strategies as st

from sampan_machinery.schema import load
from sampan_machinery.schema.nodes import TypeNode

#: What is known of the fields of a kind.
Fields = TypeNode | widgets.SchemaNode
#: Words that mean something in a field of that name; one bad one beside them.
WORDS = {
    "protocol": ["TCP", "UDP", "SCTP", "tcp", ""],
    "type": ["ClusterIP", "NodePort", "LoadBalancer", "ExternalName", "Opaque", "Normal", "Warning", "RollingUpdate",
             "Recreate", "Pods", "Percent", "Resource", "Utilization", "AverageValue", "RuntimeDefault", "Localhost",
             "kubernetes.io/tls", "kubernetes.io/basic-auth", "kubernetes.io/dockerconfigjson", "Ready", "OnDelete",
             "Container", "Pod", "PersistentVolumeClaim", "Limited", "Exempt", "Queue", "Reject", "ByUser",
             "ByNamespace", "Approved", "Denied", "Failed", "Foo"],
    "restartPolicy": ["Always", "OnFailure", "Never", "always", ""],
    "imagePullPolicy": ["Always", "IfNotPresent", "Never", "Foo", ""],
    "dnsPolicy": ["ClusterFirst", "Default", "None", "ClusterFirstWithHostNet", "Foo"],
    "operator": ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt", "Equal", "Foo", ""],
    "effect": ["NoSchedule", "PreferNoSchedule", "NoExecute", "Foo", ""],
    "pathType": ["Exact", "Prefix", "ImplementationSpecific", "Foo", ""],
    "policyTypes": ["Ingress", "Egress", "Foo"],
    "sessionAffinity": ["None", "ClientIP", "Foo", ""],
    "externalTrafficPolicy": ["Cluster", "Local", "Foo", ""],
    "internalTrafficPolicy": ["Cluster", "Local", "Foo"],
    "ipFamilyPolicy": ["SingleStack", "PreferDualStack", "RequireDualStack", "Foo"],
    "ipFamilies": ["IPv4", "IPv6", "Foo"],
    "clusterIP": ["None", "", "10.96.77.7", "1.2.3.4", "foo", "010.1.1.1", "fd00::1"],
    "clusterIPs": ["None", "10.96.77.8", "foo"],
    "trafficDistribution": ["PreferClose", "PreferSameZone", "PreferSameNode", "Foo"],
    "addressType": ["IPv4", "IPv6", "FQDN", "Foo", ""],
    "whenUnsatisfiable": ["DoNotSchedule", "ScheduleAnyway", "Foo", ""],
    "preemptionPolicy": ["Never", "PreemptLowerPriority", "Foo"],
    "kind": ["ClusterRole", "Role", "User", "Group", "ServiceAccount", "Deployment", "Pod", "Foo", ""],
    "apiGroup": ["rbac.authorization.k8s.io", "", "apps", "foo"],
    "apiVersion": ["v1", "apps/v1", "a/b/c", ""],
    "medium": ["Memory", "HugePages", "HugePages-2Mi", "Foo", ""],
    "verbs": ["get", "*", ""],
    "status": ["True", "False", "Unknown", "Foo", ""],
    "phase": ["Pending", "Running", "Failed", "Active", "Foo"],
    "mountPropagation": ["None", "HostToContainer", "Bidirectional", "Foo"],
    "scheme": ["HTTP", "HTTPS", "Foo"],
    "finalizers": ["example.com/x", "foregroundDeletion", "orphan", "foo", "kubernetes", "a b"],
    "policy": ["ExactlyOne", "Foo"],
    "selectPolicy": ["Max", "Min", "Disabled", "Foo"],
    "terminationMessagePolicy": ["File", "FallbackToLogsOnError", "Foo"],
    "fieldPath": ["metadata.name", "metadata.labels", "metadata.labels['a']", "status.podIP", "spec.foo", ""],
    "nodeAffinityPolicy": ["Honor", "Ignore", "Foo"],
    "nodeTaintsPolicy": ["Honor", "Ignore", "Foo"],
    "nodeInclusionPolicy": ["Honor", "Foo"],
    "procMount": ["Default", "Unmasked", "Foo"],
    "fsGroupChangePolicy": ["Always", "OnRootMismatch", "Foo"],
    "ip": ["10.0.0.5", "foo", "fd00::5", "127.0.0.1", "010.1.1.1", ""],
    "addresses": ["10.0.0.6", "foo", "fd00::6", "169.254.1.1"],
    "cidr": ["10.0.0.0/8", "10.0.0.1/8", "foo", "fd00::/8", ""],
    "cidrs": ["10.98.0.0/24", "foo"],
    "podCIDR": ["10.244.9.0/24", "foo"],
    "podCIDRs": ["10.244.9.0/24", "foo"],
    "host": ["a.example", "*.example", "A.b", "10.0.0.1", ""],
    "path": ["/", "/a", "a", "../a", "", "/a//b"],
    "mountPath": ["/a", "a", "/scratch", "", "/a:b"],
    "subPath": ["a", "/a", "../a", ""],
    "hostNetwork": ["true"],
    "name": ["main", "http", "scratch", "x", "Bad_Name", "a.b", "a-b", "", "a" * 64],
    "key": ["a", "a/b", "a b", "node.kubernetes.io/not-ready", ""],
    "topologyKey": ["zone", "kubernetes.io/hostname", "a b", ""],
    "runtimeClassName": ["none"],
    "priorityClassName": ["system-node-critical", "none"],
    "serviceAccountName": ["default", "none"],
    "nodeName": ["n", "Bad_Node", ""],
    "hostname": ["h", "Bad_Host", "a.b"],
    "subdomain": ["s", "Bad_Sub"],
    "generateName": ["@NAME@-", "Bad_"],
    "namespace": ["differential", "other", "", "Bad_Ns"],
    "appProtocol": ["http", "kubernetes.io/h2c", "a b"],
    "token": ["none", ""],
    "accessModes": ["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod", "Foo"],
    "volumeMode": ["Filesystem", "Block", "Foo", ""],
    "persistentVolumeReclaimPolicy": ["Retain", "Delete", "Recycle", "Foo"],
    "reclaimPolicy": ["Retain", "Delete", "Recycle", "Foo"],
    "volumeBindingMode": ["Immediate", "WaitForFirstConsumer", "Foo"],
    "completionMode": ["NonIndexed", "Indexed", "Foo"],
    "podReplacementPolicy": ["TerminatingOrFailed", "Failed", "Foo"],
    "concurrencyPolicy": ["Allow", "Forbid", "Replace", "Foo"],
    "schedule": ["* * * * *", "@hourly", "TZ=UTC * * * * *", "0 0 31 2 *", "60 * * * *", "foo", ""],
    "timeZone": ["UTC", "Asia/Shanghai", "Local", "Foo/Bar", ""],
    "action": ["FailJob", "Ignore", "Count", "FailIndex", "Foo"],
    "succeededIndexes": ["0", "0-2", "1,0", "a", "0-9"],
    "managedBy": ["example.com/c", "kubernetes.io/job-controller", "foo"],
    "unhealthyPodEvictionPolicy": ["IfHealthyBudget", "AlwaysAllow", "Foo"],
    "podManagementPolicy": ["OrderedReady", "Parallel", "Foo"],
    "whenDeleted": ["Delete", "Retain", "Foo"],
    "whenScaled": ["Delete", "Retain", "Foo"],
    "scopes": ["Terminating", "NotTerminating", "BestEffort", "NotBestEffort", "CrossNamespacePodAffinity", "Foo"],
    "scopeName": ["PriorityClass", "Terminating", "BestEffort", "VolumeAttributesClass", "Foo"],
    "fsGroupPolicy": ["File", "None", "ReadWriteOnceWithFSType", "Foo"],
    "volumeLifecycleModes": ["Persistent", "Ephemeral", "Foo"],
    "failurePolicy": ["Fail", "Ignore", "Foo", ""],
    "matchPolicy": ["Exact", "Equivalent", "Foo"],
    "sideEffects": ["None", "NoneOnDryRun", "Some", "Unknown", "Foo"],
    "reinvocationPolicy": ["Never", "IfNeeded", "Foo"],
    "operations": ["CREATE", "UPDATE", "DELETE", "CONNECT", "*", "Foo", ""],
    "admissionReviewVersions": ["v1", "v1beta1", "v2", ""],
    "apiVersions": ["v1", "*", ""],
    "apiGroups": ["differential.example", "", "a.b"],
    "url": ["https://a.example/x", "http://a.example", "https://a.example/x?a=b", "https://u@a.example", "foo", ""],
    "expression": ["true", "1", "object.spec.replicas > 1", "foo", "1 +", "", "object.metadata.name == 'a'",
                   "device.driver == 'a'", "variables.n > 1", "params.data.a == 'b'", "Object{}", "authorizer"],
    "messageExpression": ["'a'", "1", "foo", ""],
    "valueExpression": ["'a'", "1", "null", "foo", ""],
    "reason": ["Invalid", "Forbidden", "Unauthorized", "Foo"],
    "validationActions": ["Deny", "Warn", "Audit", "Foo"],
    "parameterNotFoundAction": ["Allow", "Deny", "Foo"],
    "patchType": ["ApplyConfiguration", "JSONPatch", "Foo", ""],
    "scope": ["Namespaced", "Cluster", "*", "Foo", ""],
    "rule": ["self.replicas > 0", "self", "foo", "oldSelf == self", ""],
    "signerName": ["example.com/signer", "kubernetes.io/kube-apiserver-client", "foo", "a/b/c", ""],
    "usages": ["client auth", "server auth", "digital signature", "Foo", ""],
    "allocationMode": ["ExactCount", "All", "Foo", ""],
    "deviceClassName": ["gpu.example.com", "Bad_Class", ""],
    "driver": ["gpu.example.com", "Bad_Driver", ""],
    "matchAttribute": ["gpu.example.com/numa", "numa", "a/b/c", ""],
    "provisioner": ["csi.example.com", "Bad Provisioner", ""],
    "attacher": ["csi.example.com", "Bad Attacher", ""],
    "plural": ["gadgets", "Gadgets", ""],
    "format": ["date-time", "int32", "foo"],
    "x-kubernetes-list-type": ["atomic", "set", "map", "Foo"],
    "colour": ["red", "green", "blue", "pink", ""],
    "divisor": ["1", "1Mi", "3"],
}  # fmt: skip
_STRINGS = st.sampled_from(["a", "web", "a-b", "a.b", "", "A_b", "a b", "-a", "é", "1", "true", "x" * 64, "y" * 254])
_INTEGERS = st.sampled_from([0, 1, 2, 3, 5, 10, 30, 80, 100, 101, 443, 8080, 30080, 65535, 65536, -1, -5, 2**31 - 1])
_QUANTITIES = st.sampled_from(["1", "100m", "1Gi", "0", "-1", "1.5", "0.5Gi", "1e3", "1000m", "1024", 2, "1500m", "x"])
_SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "string": _STRINGS,
    "boolean": st.booleans(),
    "integer": _INTEGERS,
    "int32": _INTEGERS,
    "number": st.sampled_from([0, 1, 0.5]),
    "bytes": st.sampled_from(["aGk=", "", "!", "aGk"]),
    "quantity": _QUANTITIES,
    "int-or-string": st.sampled_from([0, 1, 80, -1, 70000, "25%", "http", "101%", "-1", "", "Bad_Port", "50"]),
    "time": st.sampled_from(["2025-01-02T03:04:05Z", "2025-01-02T03:04:05+02:00", "", "foo"]),
    "microtime": st.sampled_from(["2025-01-02T03:04:05.000006Z", "2025-01-02T03:04:05Z", "foo"]),
}
_WRONG = st.sampled_from([None, "text", 7, True, [], {}, 1.5, ["a"], {"a": "b"}]).map(copy.deepcopy)  # it is changed
_FREE = st.sampled_from([{"a": 1}, None, [1], "a"]).map(copy.deepcopy)


def node_of(api_version: str, kind: str) -> Fields | None:
    group, _, version = api_version.rpartition("/")
    return widgets.NODE if group == widgets.GROUP else load().node(group, version, kind)


def of(node: Fields, name: str, *, depth: int = 0) -> st.SearchStrategy[Any]:
    """Values for a field called ``name`` of this type; rarely of a wrong one."""
    return st.integers(0, 39).flatmap(lambda pick: _WRONG if pick == 0 else _right(node, name, depth))


def _right(node: Fields, name: str, depth: int) -> st.SearchStrategy[Any]:
    if node.shape == "struct":
        return _struct(node, depth)
    if node.shape == "list":
        return st.lists(of(node.item(), name, depth=depth + 1), max_size=2)
    if node.shape == "map":
        keys = st.sampled_from(["a", "cpu", "memory", "example.com/x", "a b", "", "ephemeral-storage"])
        return st.dictionaries(keys, of(node.item(), "", depth=depth + 1), max_size=2)
    if node.shape == "any":
        return _FREE
    if node.scalar == "string" and name in WORDS:
        return st.sampled_from(WORDS[name])
    return _SCALARS.get(node.scalar, _STRINGS)


@st.composite
def _struct(draw: Any, node: Fields, depth: int) -> dict[str, Any]:
    """What is required, and a few of the rest."""
    required = [name for name in node.required() if draw(st.integers(0, 9))]
    names = list(node.fields())
    if names and depth < 4:
        required += draw(st.lists(st.sampled_from(names), max_size=2))
    found = {}
    for name in dict.fromkeys(required):
        child = node.field(name)
        if child is not None and depth < 6:
            found[name] = draw(of(child, name, depth=depth + 1))
    return found
