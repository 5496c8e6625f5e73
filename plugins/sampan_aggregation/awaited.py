"""Kinds that extension API servers list before they accept a write, and of which no object exists here.

A server built on upstream's library asks for the flow schemas, and waits for the answers: with a 404 it is never ready
and refuses every write ("not yet ready to handle request"). sampan has no flow control, so lists are empty, watches
send nothing, and a create is refused: an object that is stored and has no effect would be worse."""

from __future__ import annotations

from sampan.contracts.kinds import Kind
from sampan_machinery.columns import NAME

READS = ("get", "list", "watch")
FLOW = "flowcontrol.apiserver.k8s.io"


def _kind(group: str, kind: str) -> Kind:
    plural = f"{kind.lower()}s"
    if plural.endswith("ys"):
        plural = f"{plural[:-2]}ies"
    return Kind(
        group=group, version="v1", kind=kind, plural=plural, namespaced=False, verbs=READS,
        columns=(NAME,),
    )  # fmt: skip


AWAITED = [_kind(FLOW, kind) for kind in ("FlowSchema", "PriorityLevelConfiguration")]
