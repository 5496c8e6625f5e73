"""Hooks that bring types of volumes to the node agent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sampan.hookspecs.markers import hookspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sampan.contracts.reconciling import ReconcilerContext
    from sampan_client import Client
    from sampan_volumes.contracts import VolumeMounter


@hookspec
def contribute_volume_mounters(
    context: ReconcilerContext, client: Client, home: str, node: str
) -> Sequence[VolumeMounter]:
    """Mount types of volumes for the pods of a node.

    Called: once in the node agent's process, before its first pod. ``client`` has the node's identity, ``home`` is the
    agent's directory, ``node`` the node's name.
    Answer: mounters, each for one type; of two for one type the first by the plugins' names is used.
    Failure: raise; the plugin's mounters are left out and named.
    """


def wrong_with(mounter: Any) -> str:
    """Why it is no mounter, "" where it is one."""
    if not isinstance(getattr(mounter, "kind", None), str) or not mounter.kind:
        return f"{repr(mounter)[:60]} ({type(mounter).__name__}) has no kind"
    missing = [name for name in ("mount", "unmount", "close") if not callable(getattr(mounter, name, None))]
    return f"{mounter.kind} has no method {missing[0]}" if missing else ""


#: What each element of an answer has to be.
CHECKS = {"contribute_volume_mounters": wrong_with}
