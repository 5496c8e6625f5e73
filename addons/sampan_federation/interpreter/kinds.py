"""The kinds that have rules of their own, as (apiVersion, kind)."""

from __future__ import annotations

from typing import NamedTuple

from sampan.contracts.kinds import Object


class KindName(NamedTuple):
    """A kind in one version, as an object names it."""

    api_version: str
    kind: str

    @property
    def group(self) -> str:
        return self.api_version.rpartition("/")[0]


def kind_of(obj: Object) -> KindName:
    return KindName(str(obj.get("apiVersion") or ""), str(obj.get("kind") or ""))


DEPLOYMENT = KindName("apps/v1", "Deployment")
REPLICA_SET = KindName("apps/v1", "ReplicaSet")
STATEFUL_SET = KindName("apps/v1", "StatefulSet")
DAEMON_SET = KindName("apps/v1", "DaemonSet")
JOB = KindName("batch/v1", "Job")
CRON_JOB = KindName("batch/v1", "CronJob")
POD = KindName("v1", "Pod")
SERVICE = KindName("v1", "Service")
SERVICE_ACCOUNT = KindName("v1", "ServiceAccount")
SECRET = KindName("v1", "Secret")
INGRESS = KindName("networking.k8s.io/v1", "Ingress")
CLAIM = KindName("v1", "PersistentVolumeClaim")
VOLUME = KindName("v1", "PersistentVolume")
BUDGET = KindName("policy/v1", "PodDisruptionBudget")
AUTOSCALER = KindName("autoscaling/v2", "HorizontalPodAutoscaler")
SERVICE_IMPORT = KindName("multicluster.x-k8s.io/v1alpha1", "ServiceImport")

#: Kinds with a pod template, and where it is; a Pod is its own template.
TEMPLATES: dict[KindName, tuple[str, ...]] = {
    DEPLOYMENT: ("spec", "template"),
    REPLICA_SET: ("spec", "template"),
    STATEFUL_SET: ("spec", "template"),
    DAEMON_SET: ("spec", "template"),
    JOB: ("spec", "template"),
    CRON_JOB: ("spec", "jobTemplate", "spec", "template"),
    POD: (),
}
