"""Where sampan_statefulsets meets the platform."""

from __future__ import annotations

from sampan.contracts.kinds import Kind
from sampan.contracts.reconciling import Reconciler, Watching
from sampan.hookspecs import hookimpl
from sampan_machinery.resources import CONTROLLER_REVISIONS, PERSISTENT_VOLUME_CLAIMS, PODS, STATEFUL_SETS


@hookimpl
def contribute_kinds() -> list[Kind]:
    from sampan_statefulsets.kind import STATEFUL_SET

    return [STATEFUL_SET]


@hookimpl
def contribute_reconcilers() -> list[Reconciler]:
    from sampan_podspec.adoption import concerned
    from sampan_statefulsets.claims import no_keys
    from sampan_statefulsets.decisions import decide

    return [
        Reconciler(
            name="statefulset-controller",
            primary=STATEFUL_SETS,
            watches=(
                Watching(PODS, concerned(STATEFUL_SETS)),
                Watching(CONTROLLER_REVISIONS, concerned(STATEFUL_SETS)),
                Watching(PERSISTENT_VOLUME_CLAIMS, no_keys, optional=True),
            ),
            decide=decide,
        )
    ]
