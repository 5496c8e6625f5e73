"""Hooks that make the cluster converge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sampan.hookspecs.markers import hookspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sampan.contracts.reconciling import ClientReconciler, Reconciler, ReconcilerContext, Standing
    from sampan.contracts.scheduling import SchedulingPlugin


@hookspec
def contribute_reconcilers(context: ReconcilerContext) -> Sequence[Reconciler | ClientReconciler | Standing]:
    """Bring reconcilers.

    Called: once in each reconciler process, before leader election.
    Answer: reconcilers with names unique in the cluster.
    Failure: raise; the plugin's reconcilers are left out and named, the others run.
    """


@hookspec
def contribute_scheduling_plugins(context: ReconcilerContext) -> Sequence[SchedulingPlugin]:
    """Bring plugins for the scheduler's extension points.

    Called: once in each scheduler process, before it schedules.
    Answer: plugins; each is asked at every extension point whose Protocol it satisfies.
    Failure: raise; the plugin is left out and named.
    """
