"""Hooks that bring container runtimes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sampan.hookspecs.markers import hookspec
from sampan_runtime.contracts import RuntimeOffer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sampan.contracts.options import ClusterOptions
    from sampan.contracts.reconciling import ReconcilerContext
    from sampan_client import Client
    from sampan_runtime.contracts import ClaimedDevices, Runtime, SandboxGuard


@hookspec(firstresult=True)
def provide_runtime(name: str, home: str, options: ClusterOptions, context: ReconcilerContext) -> Runtime | None:
    """Open the container runtime called ``name``.

    Called: once in the node agent's process. ``home`` is a directory for the runtime's state, ``options`` holds the
    cluster-wide options and the node's name, ``context`` the plugin's settings (None where what an earlier run left is
    removed: a runtime that needs them keeps them in ``home``).
    Answer: a Runtime if the name is yours, else None.
    Failure: raise with a sentence for the user; the node does not start.
    """


@hookspec
def contribute_runtimes() -> Sequence[RuntimeOffer]:
    """Say which runtimes ``provide_runtime`` opens, so that ``node.runtime: auto`` can choose among them.

    Called: when a cluster starts, by the node agent where ``node.runtime`` is auto, and by ``sampan doctor``. Must be
    cheap. A plugin with ``provide_runtime`` alone is used where ``node.runtime`` names its runtime.
    Answer: a sequence of RuntimeOffer.
    Failure: raise; the plugin's offers are left out and named.
    """


@hookspec
def contribute_sandbox_guards(options: ClusterOptions) -> Sequence[SandboxGuard]:
    """Name what must be in place before the containers of a pod start.

    Called: once in the node agent's process, when it starts.
    Answer: a sequence of SandboxGuard; each is asked for every new sandbox, one after the other.
    Failure: raise; the plugin's guards are left out and named.
    """


@hookspec
def contribute_claimed_devices(
    context: ReconcilerContext, client: Client, home: str, node: str
) -> Sequence[ClaimedDevices]:
    """Prepare devices that were allocated to pods of a node.

    Called: once in the node agent's process, before its first pod. ``client`` has the node's identity, ``home`` is the
    agent's directory, ``node`` the node's name.
    Answer: a sequence of ClaimedDevices; each is asked for every pod, one after the other. It may have the methods of
    EditsContainers (variables, mounts and devices for containers), AdmitsPods and OffersResources (extended resources
    of the node) besides.
    Failure: raise; the plugin's devices are left out and named.
    """


def wrong_with(offer: Any) -> str:
    """Why it is no offer, "" where it is one."""
    if isinstance(offer, RuntimeOffer):
        return ""
    return f"a RuntimeOffer is wanted, not {repr(offer)[:60]} ({type(offer).__name__})"


#: What each element of an answer has to be.
CHECKS = {"contribute_runtimes": wrong_with}
