"""Hooks that make the cluster converge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sampan.hookspecs.markers import hookspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sampan.contracts.reconciling import ClientReconciler, Reconciler, ReconcilerContext, Standing


@hookspec
def contribute_reconcilers(context: ReconcilerContext) -> Sequence[Reconciler | ClientReconciler | Standing]:
    """Bring reconcilers.

    Called: once in each reconciler process, before leader election.
    Answer: reconcilers with names unique in the cluster.
    Failure: raise; the plugin's reconcilers are left out and named, the others run.
    """
