"""Where sampan_workloads meets the platform."""

from __future__ import annotations

from sampan.contracts.kinds import Kind
from sampan.contracts.reconciling import Reconciler, Watching
from sampan.hookspecs import hookimpl
from sampan_machinery.resources import DEPLOYMENTS, PODS, REPLICA_SETS, REPLICATION_CONTROLLERS


@hookimpl
def contribute_kinds() -> list[Kind]:
    from sampan_workloads.kinds import CONTROLLER_REVISION, DEPLOYMENT, REPLICA_SET
    from sampan_workloads.replication import REPLICATION_CONTROLLER

    return [REPLICA_SET, REPLICATION_CONTROLLER, DEPLOYMENT, CONTROLLER_REVISION]


@hookimpl
def contribute_reconcilers() -> list[Reconciler]:
    from sampan_podspec.adoption import concerned
    from sampan_workloads import deployments, replicasets
    from sampan_workloads.replication import selector_of

    return [
        Reconciler(
            name="replicaset-controller",
            primary=REPLICA_SETS,
            watches=(Watching(PODS, concerned(REPLICA_SETS)),),
            decide=replicasets.decide,
        ),
        Reconciler(
            name="replication-controller",
            primary=REPLICATION_CONTROLLERS,
            watches=(Watching(PODS, concerned(REPLICATION_CONTROLLERS, selector_of)),),
            decide=replicasets.ReplicaController(REPLICATION_CONTROLLERS, selector_of, terminating=False).decide,
        ),
        Reconciler(
            name="deployment-controller",
            primary=DEPLOYMENTS,
            watches=(Watching(REPLICA_SETS, concerned(DEPLOYMENTS)), Watching(PODS, deployments.keys_of_pods)),
            decide=deployments.decide,
        ),
    ]
