"""The resources of the federation's kinds: their addresses, written once. Source: Karmada's API reference."""

from __future__ import annotations

from sampan.contracts.kinds import Resource

_POLICY, _WORK, _NETWORKING = "policy.karmada.io", "work.karmada.io", "networking.karmada.io"
_MULTICLUSTER = "multicluster.x-k8s.io"

CLUSTERS = Resource("cluster.karmada.io", "v1alpha1", "clusters", "Cluster", False)
PROPAGATION_POLICIES = Resource(_POLICY, "v1alpha1", "propagationpolicies", "PropagationPolicy")
CLUSTER_PROPAGATION_POLICIES = Resource(
    _POLICY, "v1alpha1", "clusterpropagationpolicies", "ClusterPropagationPolicy", False
)
OVERRIDE_POLICIES = Resource(_POLICY, "v1alpha1", "overridepolicies", "OverridePolicy")
CLUSTER_OVERRIDE_POLICIES = Resource(_POLICY, "v1alpha1", "clusteroverridepolicies", "ClusterOverridePolicy", False)
FEDERATED_RESOURCE_QUOTAS = Resource(_POLICY, "v1alpha1", "federatedresourcequotas", "FederatedResourceQuota")
RESOURCE_BINDINGS = Resource(_WORK, "v1alpha2", "resourcebindings", "ResourceBinding")
CLUSTER_RESOURCE_BINDINGS = Resource(_WORK, "v1alpha2", "clusterresourcebindings", "ClusterResourceBinding", False)
WORKS = Resource(_WORK, "v1alpha1", "works", "Work")
INTERPRETER_CUSTOMIZATIONS = Resource(
    "config.karmada.io", "v1alpha1", "resourceinterpretercustomizations", "ResourceInterpreterCustomization", False
)
FEDERATED_HPAS = Resource("autoscaling.karmada.io", "v1alpha1", "federatedhpas", "FederatedHPA")
CRON_FEDERATED_HPAS = Resource("autoscaling.karmada.io", "v1alpha1", "cronfederatedhpas", "CronFederatedHPA")
WORKLOAD_REBALANCERS = Resource("apps.karmada.io", "v1alpha1", "workloadrebalancers", "WorkloadRebalancer", False)
MULTI_CLUSTER_INGRESSES = Resource(_NETWORKING, "v1alpha1", "multiclusteringresses", "MultiClusterIngress")
MULTI_CLUSTER_SERVICES = Resource(_NETWORKING, "v1alpha1", "multiclusterservices", "MultiClusterService")
SERVICE_EXPORTS = Resource(_MULTICLUSTER, "v1alpha1", "serviceexports", "ServiceExport")
SERVICE_IMPORTS = Resource(_MULTICLUSTER, "v1alpha1", "serviceimports", "ServiceImport")
