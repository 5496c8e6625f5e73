"""Where sampan_daemonsets meets the platform."""

from __future__ import annotations

from sampan.contracts.kinds import Kind
from sampan.contracts.reconciling import Reconciler, Watching
from sampan.hookspecs import hookimpl
from sampan_machinery.resources import CONTROLLER_REVISIONS, DAEMON_SETS, NODES, PODS


@hookimpl
def contribute_kinds() -> list[Kind]:
    from sampan_daemonsets.kind import DAEMON_SET

    return [DAEMON_SET]


@hookimpl
def contribute_reconcilers() -> list[Reconciler]:
    from sampan_daemonsets.decisions import Controller
    from sampan_daemonsets.waking import concerned_by_node, concerned_by_revision
    from sampan_podspec.adoption import concerned

    return [
        Reconciler(
            name="daemonset-controller",
            primary=DAEMON_SETS,
            watches=(
                Watching(PODS, concerned(DAEMON_SETS)),
                Watching(NODES, concerned_by_node),
                Watching(CONTROLLER_REVISIONS, concerned_by_revision),
            ),
            decide=Controller().decide,
        )
    ]
