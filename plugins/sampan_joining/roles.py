"""What a machine that joins may do before and after it has a certificate. Names are kubeadm's where it has them."""

from __future__ import annotations

from sampan.contracts.kinds import Object
from sampan_machinery.bootstrap_tokens import INFO_NAME, INFO_NAMESPACE, NODES_GROUP

API = "rbac.authorization.k8s.io"
COMPONENTS_ROLE = "sampan:node-components"
#: Users and groups of the components that run beside a node's agent: those for which a node gets certificates.
COMPONENTS = (
    "sampan:csi", "sampan:localpath", "sampan:podnetwork", "system:kube-proxy", "system:load-balancer",
    "system:network-policy", "system:node-proxier",
)  # fmt: skip
_REQUESTS = "certificatesigningrequests"
_CSR_ROLE = f"system:certificates.k8s.io:{_REQUESTS}"


def objects() -> list[Object]:
    joining, nodes = _group(NODES_GROUP), _group("system:nodes")
    return [
        # only who knows a token can check what this says; the rest of it is no secret
        _role("kubeadm:bootstrap-signer-clusterinfo", _rule("get", "", "configmaps", INFO_NAME), INFO_NAMESPACE),
        _binding(
            "kubeadm:bootstrap-signer-clusterinfo", "kubeadm:bootstrap-signer-clusterinfo", INFO_NAMESPACE,
            {"kind": "User", "apiGroup": API, "name": "system:anonymous"},
        ),
        _binding("kubeadm:kubelet-bootstrap", "system:node-bootstrapper", "", joining),
        _binding("kubeadm:node-autoapprove-bootstrap", f"{_CSR_ROLE}:nodeclient", "", joining),
        _binding("kubeadm:node-autoapprove-certificate-rotation", f"{_CSR_ROLE}:selfnodeclient", "", nodes),
        _role("kubeadm:get-nodes", _rule("get", "", "nodes")),
        _binding("kubeadm:get-nodes", "kubeadm:get-nodes", "", joining),
        _role(COMPONENTS_ROLE, _rule("create", "certificates.k8s.io", f"{_REQUESTS}/nodecomponent", *COMPONENTS)),
        _binding(COMPONENTS_ROLE, COMPONENTS_ROLE, "", nodes),
    ]  # fmt: skip


def _group(name: str) -> Object:
    return {"kind": "Group", "apiGroup": API, "name": name}


def _rule(verb: str, group: str, resource: str, *names: str) -> Object:
    made: Object = {"apiGroups": [group], "resources": [resource], "verbs": [verb]}
    return {**made, "resourceNames": list(names)} if names else made


def _role(name: str, rule: Object, namespace: str = "") -> Object:
    kind = "Role" if namespace else "ClusterRole"
    return {"apiVersion": f"{API}/v1", "kind": kind, "metadata": _metadata(name, namespace), "rules": [rule]}


def _binding(name: str, role: str, namespace: str, subject: Object) -> Object:
    kind = "Role" if namespace else "ClusterRole"
    return {
        "apiVersion": f"{API}/v1", "kind": f"{kind}Binding", "metadata": _metadata(name, namespace),
        "roleRef": {"apiGroup": API, "kind": kind, "name": role}, "subjects": [subject],
    }  # fmt: skip


def _metadata(name: str, namespace: str) -> Object:
    made: Object = {
        "name": name, "labels": {"kubernetes.io/bootstrapping": "rbac-defaults"},
        "annotations": {"rbac.authorization.kubernetes.io/autoupdate": "true"},
    }  # fmt: skip
    return {**made, "namespace": namespace} if namespace else made
