"""The request of an AdmissionReview without its objects, as JSON. Pure, and without CEL, which most servers never load.

Source: admission.k8s.io/v1 AdmissionRequest; apiserver's plugin/cel (CreateAdmissionRequest).
"""

from __future__ import annotations

from typing import Any

from sampan.contracts.kinds import Resource
from sampan_admission.subjects import ObjectKind, Subject
from sampan_machinery.users import user_info


def request_of(subject: Subject, matched: Resource) -> dict[str, Any]:
    """The request as JSON, in the version ``matched`` of the resource. Empty texts are left out, as in Go's JSON."""
    found: dict[str, Any] = {
        "kind": _kind(_kind_in(subject, matched)),
        "resource": _resource(matched),
        "requestKind": _kind(subject.kind),
        "requestResource": _resource(subject.resource),
        "operation": subject.operation,
        "userInfo": user_info(subject.user),
        "dryRun": subject.dry_run,
        "options": subject.options or None,
    }
    if subject.subresource:
        found["subResource"] = found["requestSubResource"] = subject.subresource
    if subject.name:
        found["name"] = subject.name
    if subject.namespace:
        found["namespace"] = subject.namespace
    return found


def _kind_in(subject: Subject, matched: Resource) -> ObjectKind:
    """Objects of subresources such as Scale and Eviction have one version in all versions of their parent."""
    if subject.kind[:2] != subject.resource[:2] or subject.kind.kind != subject.resource.kind:
        return subject.kind
    return ObjectKind(matched.group, matched.version, matched.kind)


def _kind(found: ObjectKind) -> dict[str, str]:
    return {"group": found.group, "version": found.version, "kind": found.kind}


def _resource(found: Resource) -> dict[str, str]:
    return {"group": found.group, "version": found.version, "resource": found.plural}
