"""Where sampan_workloads meets the platform."""

from __future__ import annotations

from sampan.contracts.kinds import Kind
from sampan.contracts.reconciling import Reconciler, Watching
from sampan.hookspecs import hookimpl
from sampan_workloads import deployments, replicasets
from sampan_workloads.adoption import concerned
from sampan_workloads.kinds import CONTROLLER_REVISION, DEPLOYMENT, REPLICA_SET
from sampan_workloads.resources import DEPLOYMENTS, PODS, REPLICA_SETS


@hookimpl
def contribute_kinds() -> list[Kind]:
    return [REPLICA_SET, DEPLOYMENT, CONTROLLER_REVISION]


@hookimpl
def contribute_reconcilers() -> list[Reconciler]:
    return [
        Reconciler(
            name="replicaset-controller",
            primary=REPLICA_SETS,
            watches=(Watching(PODS, concerned(REPLICA_SETS)),),
            decide=replicasets.decide,
        ),
        Reconciler(
            name="deployment-controller",
            primary=DEPLOYMENTS,
            watches=(Watching(REPLICA_SETS, concerned(DEPLOYMENTS)), Watching(PODS, deployments.keys_of_pods)),
            decide=deployments.decide,
        ),
    ]
