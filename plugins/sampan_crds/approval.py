"""Definitions in groups of Kubernetes' community need its approval, in an annotation. Source: KEP-1111."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit

from sampan.contracts.kinds import Object
from sampan_crds.definitions import APPROVED, group_of

ANNOTATION = "api-approved.kubernetes.io"
_SEE = "see https://github.com/kubernetes/enhancements/pull/1111"


class Approval(NamedTuple):
    state: str  # Missing, Invalid, Unapproved, Approved
    why: str


def is_protected(group: str) -> bool:
    return group in ("k8s.io", "kubernetes.io") or group.endswith((".k8s.io", ".kubernetes.io"))


def approval_of(crd: Object) -> Approval:
    text = (crd["metadata"].get("annotations") or {}).get(ANNOTATION) or ""
    needed = f'protected groups must have approval annotation "{ANNOTATION}"'
    if not text:
        return Approval("Missing", f"{needed}, {_SEE}")
    if text.startswith("unapproved"):
        return Approval("Unapproved", f'not approved: "{text}"')
    try:
        url = urlsplit(text)
    except ValueError:
        url = urlsplit("")
    if url.scheme and url.netloc:
        return Approval("Approved", f"approved in {text}")
    return Approval("Invalid", f'{needed} with either a URL or a reason starting with "unapproved", {_SEE}')


def condition_of(crd: Object) -> Object | None:
    """The condition that tells it; None for a group of anyone else."""
    if not is_protected(group_of(crd)):
        return None
    state, why = approval_of(crd)
    status = "True" if state == "Approved" else "False"
    return {"type": APPROVED, "status": status, "reason": f"{state}Annotation", "message": why}
